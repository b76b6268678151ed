"""With a limit of time every training of a student is told when to end."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.flow import distill
from ensemble_kd.flow.logged import Surrogate
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import read_rows
from ensemble_kd.students import TreeStudent
from ensemble_kd.teachers import QueriedTeacher

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
Y = (X[:, 0] > 0).astype(int)
DEADLINES: list[float | None] = []


def answer(rows):
    """Answer as a model does that nobody knows."""
    return 1 / (1 + np.exp(-3 * np.asarray(rows)[:, 0]))


class Timed(TreeStudent):
    """A student that notes when it has to end."""

    def _fit(self, transfer_set, loss):
        DEADLINES.append(self._deadline)
        super()._fit(transfer_set, loss)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "choices",
    [
        {"teacher": DecisionTreeClassifier(max_depth=3), "lessons": lesson}
        for lesson in ("hard_rows", "born_again", "refinement")
    ]
    + [{"soft_labels": answer(X)}, {"teacher": QueriedTeacher(answer, budget=200)}],
    ids=["hard_rows", "born_again", "refinement", "log", "queries"],
)
def test_every_training_has_a_deadline(choices):
    DEADLINES.clear()
    limit, start = 1000.0, time.monotonic()
    distill(X, Y, student=Timed(), n_synthetic=300, time_limit=limit, cv=2, **choices)
    assert DEADLINES
    assert all(end is not None and start < end < start + limit for end in DEADLINES)


def test_surrogate_is_of_one_fold_where_there_is_no_time_for_more():
    rows = read_rows(X, Y, None, "classification", 2, 0)
    scores = np.column_stack([1 - answer(X), answer(X)])
    found = Surrogate(
        rows, rows.as_transfer_set(scores), SoftTargetLoss(), None, deadline=time.monotonic()
    )
    assert len(found._pairs) == 1
    assert np.isfinite(found.predict_proba(X)).all()
