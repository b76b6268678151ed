"""A search by a score: trials are compared by it, gains are told in losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ensemble_kd.metrics import RowScoring, average_precision
from ensemble_kd.rows import RealRows, read_rows
from ensemble_kd.tuning.trial import Judge

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 2))
Y = (X.sum(axis=1) + 0.5 * RNG.normal(size=600) > 2.2).astype(int)


def response(odds: Any) -> np.ndarray:
    chance = 1 / (1 + np.exp(-odds))
    return np.column_stack([1 - chance, chance])


class Fixed:
    """A student whose order is worse than the teacher's."""

    def respond(self, codes: np.ndarray) -> np.ndarray:
        return response(X[:, 0] - 2.0)


@pytest.fixture(scope="module")
def rows() -> RealRows:
    return read_rows(X, Y, None, "classification", 5, 0)


def judge(rows: RealRows, scoring: str | None) -> Judge:
    score = None if scoring is None else RowScoring(scoring)
    return Judge(rows, response(3 * (X.sum(axis=1) - 2.2)), [Fixed()], score)  # type: ignore[list-item]


ORDERED = response(X.sum(axis=1) + 2.0)  # right order, far too high
RATED = response(0.3 * X[:, 0] - 2.2)  # much the better log-loss


def test_trials_are_ranked_by_the_score(rows):
    by_loss, by_score = judge(rows, None), judge(rows, "average_precision")
    assert by_loss(ORDERED).loss > by_loss(RATED).loss
    assert by_score(ORDERED).loss < by_score(RATED).loss


def test_gains_and_true_losses_stay_what_they_are(rows):
    one, other = judge(rows, None)(ORDERED), judge(rows, "average_precision")(ORDERED)
    assert (one.true_loss, one.gain_kept) == (other.true_loss, other.gain_kept)
    assert (one.no_worse, other.no_worse) == (False, True)


def test_score_is_half_of_the_truth_and_half_of_the_teacher(rows):
    found = judge(rows, "average_precision").loss(ORDERED)
    by_truth = 1 - average_precision(Y, ORDERED[:, 1]).value
    soft = response(3 * (X.sum(axis=1) - 2.2))[:, 1]
    scoring = RowScoring("average_precision")
    by_teacher = scoring.shortfall(soft, ORDERED[:, 1], np.ones((1, 600)))[0]
    assert found == pytest.approx((by_truth + by_teacher) / 2)


def test_a_teacher_worse_than_plain_training_by_the_score_has_no_say(rows):
    worse = Judge(rows, response(-X[:, 0]), [Fixed()], RowScoring("average_precision"))  # type: ignore[list-item]
    assert worse.loss(ORDERED) == pytest.approx(1 - average_precision(Y, ORDERED[:, 1]).value)
