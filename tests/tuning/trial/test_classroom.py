"""What a trial's student learns tells nothing of the rows that compare trials."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import TeacherEnsemble
from ensemble_kd.flow import Settings, plain_recipe
from ensemble_kd.rows import REAL, read_rows
from ensemble_kd.tuning import SYNTHESIZERS
from ensemble_kd.tuning.trial import _judge
from ensemble_kd.tuning.trial._classroom import Classroom
from ensemble_kd.tuning.trial._rows import DividedRows, divide
from ensemble_kd.tuning.trial._space import LABELS

# Each teacher knows its rows by heart, and there are three of nearly each.
TREES = {"classification": DecisionTreeClassifier, "regression": DecisionTreeRegressor}
NEIGHBOURS = {"classification": KNeighborsClassifier, "regression": KNeighborsRegressor}
TASKS = ("classification", "regression")
# Not by class: which fold a row is in would depend on the targets of the others.
FOLDS = KFold(3, shuffle=True, random_state=0)


def teachers(task):
    tree, neighbour = TREES[task](random_state=0), NEIGHBOURS[task](n_neighbors=1)
    members = [("tree", tree), ("neighbour", neighbour)]
    return {
        "tree": tree,
        "neighbour": neighbour,
        "ensemble": TeacherEnsemble(members, task=task, cv=FOLDS),
    }


@pytest.fixture(autouse=True)
def brief_rivals(monkeypatch):
    monkeypatch.setattr(_judge, "PLAIN_EFFORTS", (0.001,))


@pytest.fixture(params=TASKS)
def divided(request):
    """Return rows of a noisy target, three of nearly each."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(80, 3)), 3, axis=0) + 1e-3 * rng.normal(size=(240, 3))
    y = rng.integers(0, 3, 240) if request.param == "classification" else rng.normal(size=240)
    return divide(read_rows(X, y, None, request.param, FOLDS, 0), 0.2)


def permuted(divided: DividedRows) -> DividedRows:
    """Return the same with the targets of the validation rows among themselves exchanged."""
    rows, chosen = divided.rows, np.flatnonzero(divided.validation)
    order = np.arange(len(rows.hard))
    order[chosen] = np.random.default_rng(1).permutation(chosen)
    changed = replace(rows, hard=rows.hard[order])
    assert (changed.hard != rows.hard).sum() > len(chosen) / 3
    return replace(divided, rows=changed)


def opened(divided, teacher):
    memory = joblib.Memory(None, verbose=0)
    return Classroom(Settings(teacher=teacher), divided, None, memory, n_rows=200)


@pytest.mark.parametrize("kind", ["tree", "neighbour", "ensemble"])
def test_students_of_trials_learn_nothing_of_validation_targets(divided, kind):
    task = divided.rows.task
    before, after = (opened(d, teachers(task.name)[kind]) for d in (divided, permuted(divided)))
    assert before.judge.teacher_loss != after.judge.teacher_loss
    for labels in LABELS:
        for name in ("none", "munge 0.5"):
            recipe = replace(plain_recipe(task), labels=labels, synthesizers=SYNTHESIZERS[name])
            one, other = before.transfer_set(recipe), after.transfer_set(recipe)
            for part in ("X", "response", "hard", "sample_weight", "origin", "held_out"):
                np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
            for a, b in zip(one.splits, other.splits, strict=True):
                np.testing.assert_array_equal(a, b)


def test_students_of_trials_are_not_trained_on_validation_rows(divided):
    room = opened(divided, teachers(divided.rows.task.name)["tree"])
    for labels in LABELS:
        found = room.transfer_set(replace(plain_recipe(divided.rows.task), labels=labels))
        rows = {row.tobytes() for row in found.X}
        assert not any(row.tobytes() in rows for row in room.codes)
        assert found.held_out.sum() == divided.rows.held_out.sum()
        assert len(found) == (~divided.validation).sum()


def test_labels_of_synthetic_rows_do_not_depend_on_those_of_real_ones(divided):
    room = opened(divided, teachers(divided.rows.task.name)["tree"])
    recipe = replace(plain_recipe(divided.rows.task), synthesizers=SYNTHESIZERS["munge 0.5"])
    one = room.transfer_set(replace(recipe, labels="out_of_fold"))
    other = room.transfer_set(replace(recipe, labels="in_sample"))
    new = one.origin != REAL
    assert new.sum() == 200
    np.testing.assert_array_equal(one.response[new], other.response[new])
    assert (one.response[~new] != other.response[~new]).any()


def test_divide_leaves_rows_of_a_rare_class_to_learn_from():
    y = np.array([0] * 50 + [1] * 50 + [2])
    found = divide(
        read_rows(np.arange(202.0).reshape(101, 2), y, None, "classification", 2, 0), 0.5
    )
    assert found.rows.task.classes == found.certified.task.classes == (0, 1, 2)
    assert 2 not in found.certified.hard and found.certified.hard.max() == 1
