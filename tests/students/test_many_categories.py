"""Columns of many rare categories cost next to nothing, and help where they tell something."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import GBDTStudent, Student, TreeStudent
from ensemble_kd.tasks import task_with

STUDENTS = {
    "gbdt": GBDTStudent(num_leaves=15, random_state=0),
    "tree": TreeStudent(max_leaf_nodes=24, min_samples_leaf=40, random_state=0),
}
N_ROWS, N_LEVELS = 6000, 500


def fresh_loss(student: Student, *, has_classes: bool, effect: float, shown: bool) -> float:
    """Return the loss on fresh rows of a student trained without a teacher.

    A column of six training rows a category has an effect on the target, and is shown or not.
    """
    rng = np.random.default_rng(0)
    x, level = rng.normal(size=N_ROWS), rng.integers(0, N_LEVELS, N_ROWS)
    score = 1.5 * x + effect * rng.normal(size=N_LEVELS)[level] + rng.logistic(size=N_ROWS)
    y = (score > 0).astype(int) if has_classes else score
    frame = pd.DataFrame({"x": x})
    if shown:
        frame["level"] = pd.Categorical([f"c{k}" for k in level])
    task = task_with(np.array([0, 1]) if has_classes else None)
    index = np.arange(N_ROWS)
    schema = TableSchema.infer(frame[index < N_ROWS // 2])
    rows = TransferSet(
        schema,
        schema.encode(frame),
        task.truth(y),
        y,
        np.ones(N_ROWS),
        np.full(N_ROWS, REAL, dtype=np.int8),
        index % 10 == 0,
        task,
    )
    student.fit_transfer(rows.take(index < N_ROWS // 2), task.plain_loss())
    fresh = rows.take(index >= N_ROWS // 2)
    return task.mean_loss(student.respond(fresh.X), fresh.response, fresh.sample_weight)


@pytest.mark.parametrize("has_classes", [True, False])
@pytest.mark.parametrize("name", STUDENTS)
def test_plain_student_loses_next_to_nothing_by_a_useless_column_of_many_categories(
    name, has_classes
):
    without, beside = (
        fresh_loss(STUDENTS[name], has_classes=has_classes, effect=0.0, shown=shown)
        for shown in (False, True)
    )
    assert beside < 1.03 * without


@pytest.mark.parametrize("has_classes", [True, False])
@pytest.mark.parametrize("name", STUDENTS)
def test_plain_student_gains_by_a_useful_column_of_many_categories(name, has_classes):
    without, beside = (
        fresh_loss(STUDENTS[name], has_classes=has_classes, effect=2.0, shown=shown)
        for shown in (False, True)
    )
    assert beside < 0.85 * without
