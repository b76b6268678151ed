"""Boosted trees beside detectors: scores of the training rows are as those of new ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.teachers import TeacherEnsemble
from ensemble_kd.teachers.members import DetectorScoresMember, LightGBMMember

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_member_reads_a_mixed_table_and_scores_a_row_without_regard_to_its_batch(
    task, make_frame, make_target
):
    frame = make_frame(150)
    named = "regression" if task == "regression" else "classification"
    member = DetectorScoresMember(named).fit(frame, make_target(frame, task))
    ask = member.predict if task == "regression" else member.predict_proba
    odd = frame.head(8).assign(name="nobody", amount=[1e300] + 7 * [np.nan])
    together = np.asarray(ask(odd))
    assert np.isfinite(together).all()
    alone = np.concatenate([ask(odd.iloc[[i]]) for i in range(8)])
    np.testing.assert_array_equal(alone, together)


def test_member_finds_rows_by_what_is_abnormal_alone():
    # Rows of the class lie anywhere far from the others, where no single column tells them.
    angle = RNG.uniform(0, 2 * np.pi, 600)
    far = np.arange(600) % 20 == 0
    rows = np.where(far, 1.6, 1.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    frame = pd.DataFrame(rows + 0.05 * RNG.normal(size=rows.shape), columns=["a", "b"])
    train, test = np.arange(600) < 400, np.arange(600) >= 400

    def loss(member):
        found = member.fit(frame[train], far[train]).predict_proba(frame[test])[:, 1]
        return np.mean((found - far[test]) ** 2)

    assert loss(DetectorScoresMember()) < loss(LightGBMMember())


def test_member_may_stand_in_a_teacher(make_frame, make_target):
    frame = make_frame(120)
    members = [("plain", LightGBMMember()), ("with scores", DetectorScoresMember())]
    teacher = TeacherEnsemble(members, cv=2, weights="equal").fit(frame, make_target(frame))
    assert [name for name, _ in teacher.members_] == ["plain", "with scores"]
