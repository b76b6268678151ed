"""Race and gate by a score: what counts is told apart from what the loss of each row says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.errors import InputError
from ensemble_kd.flow import distill
from ensemble_kd.flow.judging import Judge, Standard
from ensemble_kd.metrics import RowScoring
from ensemble_kd.rows import SYNTHETIC, read_rows
from ensemble_kd.students import GBDTStudent, Student
from ensemble_kd.tasks import Classification

RNG = np.random.default_rng(0)
N_ROWS = 1200
X = RNG.normal(size=(N_ROWS, 3))
Y = (X[:, 0] + X[:, 1] + RNG.normal(size=N_ROWS) > 2.9).astype(int)  # some 5 %
TASK, HARD = Classification().read_target(Y)
STUDENT = GBDTStudent(n_estimators=60, num_leaves=8, learning_rate=0.2, n_jobs=1)


class Timid(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A teacher of the right order, whose probabilities are far too high."""

    def fit(self, X: Any, y: Any) -> Timid:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        positive = 1 / (1 + np.exp(-(X[:, 0] + X[:, 1])))
        return np.column_stack([1 - positive, positive])


def two_columns(positive: Any) -> np.ndarray:
    return np.column_stack([1 - positive, positive])


def standard(scoring: str | None, group: Any = None) -> Standard:
    score = None if scoring is None else RowScoring(scoring)
    return Standard(TASK, HARD, np.ones(N_ROWS), 0, group, score)


ORDER = X[:, 0] + X[:, 1]
RIGHT_ORDER = two_columns(1 / (1 + np.exp(-ORDER)))
# Of much the lower log-loss, as its probabilities are near the rate, and of an order by chance.
RIGHT_RATE = two_columns(1 / (1 + np.exp(3.0 - 0.1 * X[:, 2])))


def test_loss_and_average_precision_prefer_different_models():
    by_loss, by_score = (
        standard(scoring).compare("a", RIGHT_ORDER, "b", RIGHT_RATE)
        for scoring in (None, "average_precision")
    )
    assert by_loss.rival_wins
    assert by_score.probability > 0.99
    assert by_loss.scoring is None
    assert "average_precision" in str(by_score) and "higher in" in str(by_score)


@pytest.mark.parametrize("scoring", ["average_precision", "recall_at_fpr_0.05", "precision_at_30"])
def test_score_asks_for_the_order_alone(scoring):
    other = two_columns(1 / (1 + np.exp(4 - 0.5 * ORDER)))
    found = standard(scoring).compare("a", RIGHT_ORDER, "b", other)
    assert (found.probability, found.loss) == (0.5, found.rival_loss)


def test_resamples_draw_groups_whole(monkeypatch):
    one = standard("average_precision", np.arange(N_ROWS) // 4)
    at_once = np.vstack(list(one._weightings(5)))
    np.testing.assert_array_equal(at_once[:, ::4], at_once[:, 3::4])
    assert (at_once.sum(axis=1) == N_ROWS).all()
    assert (at_once[0] == 1).all() and not np.array_equal(at_once[1], at_once[2])
    monkeypatch.setattr("ensemble_kd.flow.judging._comparison.MOST_CELLS", 2 * N_ROWS)
    np.testing.assert_array_equal(np.vstack(list(one._weightings(5))), at_once)


def test_copies_of_rows_in_one_group_make_nobody_surer():
    # By rows, the same evidence four times over would look like four times as much.
    half = two_columns(1 / (1 + np.exp(-(X[:, 0] + 0.75 * X[:, 1]))))
    copies = np.repeat(np.arange(N_ROWS), 4)
    fourfold = Standard(
        TASK, HARD[copies], np.ones(4 * N_ROWS), 0, copies, RowScoring("average_precision")
    )
    once = standard("average_precision").compare("a", RIGHT_ORDER, "b", half)
    again = fourfold.compare("a", RIGHT_ORDER[copies], "b", half[copies])
    assert again.loss == pytest.approx(once.loss)
    assert again.probability == pytest.approx(once.probability, abs=0.02)


class Fixed(Student):
    """A student that says what it was given."""

    def __init__(self, response: np.ndarray) -> None:
        self.response = response

    def respond(self, codes: np.ndarray) -> np.ndarray:
        return self.response


def test_lead_is_in_standard_errors_of_the_score():
    rows = read_rows(X, Y, None, TASK.name, 5, 0)
    judge = Judge(rows, RIGHT_ORDER, RowScoring("average_precision"))

    def answer(response: np.ndarray) -> Any:
        return judge(Fixed(response[rows.held_out]), rows.as_transfer_set(rows.truth))

    good, bad = answer(RIGHT_ORDER), answer(RIGHT_RATE)
    lead = judge.lead(good, bad, by_truth=False)
    assert lead > 1
    assert judge.lead(bad, good, by_truth=False) == pytest.approx(-lead)
    assert judge.lead(good, good, by_truth=True) == 0.0
    assert judge.shortfall(good) < judge.shortfall(bad)


@pytest.mark.parametrize("scoring", [None, RowScoring("average_precision")])
def test_true_target_speaks_for_a_row_that_the_teacher_did_not_answer(scoring):
    # Else one such row would leave every lead unknown, and the race kept the default in silence.
    rows = read_rows(X, Y, None, TASK.name, 5, 0)
    asked, soft = np.flatnonzero(rows.held_out)[::2], rows.truth.copy()
    soft[asked] = RIGHT_ORDER[asked]
    with_gaps = np.full_like(soft, np.nan)
    with_gaps[asked] = soft[asked]
    leads = []
    for labels in (soft, with_gaps):
        judge = Judge(rows, labels, scoring)
        good, bad = (
            judge(Fixed(r[rows.held_out]), rows.as_transfer_set(rows.truth))
            for r in (RIGHT_ORDER, RIGHT_RATE)
        )
        leads.append(judge.lead(good, bad, by_truth=False))
    assert np.isfinite(leads).all()
    assert leads[1] == leads[0]


@pytest.mark.filterwarnings("ignore:the distilled student is worse")
def test_gate_keeps_by_score_the_student_that_it_would_throw_away_by_loss(monkeypatch):
    monkeypatch.setattr("ensemble_kd.flow._gate.FEW", 2)
    kept = {
        scoring: distill(
            X, Y, teacher=Timid(), student=STUDENT, n_synthetic=900, alpha=1.0, scoring=scoring,
            synthesizer="munge",
        )
        for scoring in ("neg_expected_cost_1_1", "average_precision")
    }  # fmt: skip
    assert kept["neg_expected_cost_1_1"].recipe.name == "plain"
    assert kept["average_precision"].recipe.name != "plain"
    table = kept["average_precision"].race
    assert all(0 <= record["average_precision"] <= 1 for record in table)


def test_scoring_is_for_two_classes():
    three = np.digitize(X[:, 0], [-0.5, 0.5])
    with pytest.raises(InputError, match="scoring='average_precision' is for two classes, got 3"):
        distill(X, three, teacher=DummyClassifier(), scoring="average_precision")
    with pytest.raises(InputError, match="loss='ranking' is for two classes, got 3"):
        distill(X, three, teacher=DummyClassifier(), loss="ranking")
    with pytest.raises(InputError, match="scoring must be None without classes"):
        DistilledRegressor(scoring="average_precision").fit(X, X[:, 0])


def test_scoring_is_refused_by_its_name_and_by_the_rows():
    with pytest.raises(InputError, match="scoring must be None or one of"):
        DistilledClassifier(scoring="accuracy").fit(X, Y)
    with pytest.raises(InputError, match="is of more rows than the 119 that are held out"):
        DistilledClassifier(scoring="precision_at_500").fit(X, Y)


# --- probabilities after drawing from the tail ----------------------------------------------------


def test_weights_of_the_tail_reach_the_transfer_set():
    rows = distill(
        X, Y, teacher=LogisticRegression(), student=STUDENT, recipe="fast", synthesizer="tail",
        n_synthetic=20_000,
    ).transfer_set  # fmt: skip
    made = rows.take(rows.origin == SYNTHETIC)
    assert made.sample_weight.max() <= 2.0
    assert made.sample_weight.mean() == pytest.approx(1.0, abs=0.02)
    real = rows.take((rows.origin != SYNTHETIC) & ~rows.held_out)
    rate = real.response[:, 1].mean()
    assert made.response[:, 1].mean() > 2 * rate  # there are more of them
    weighted = np.average(made.response[:, 1], weights=made.sample_weight)
    plain = distill(
        X, Y, teacher=LogisticRegression(), student=STUDENT, recipe="fast", synthesizer="munge",
        n_synthetic=20_000,
    ).transfer_set  # fmt: skip
    expected = plain.response[plain.origin == SYNTHETIC, 1].mean()
    assert weighted == pytest.approx(expected, rel=0.06)


def test_student_of_the_tail_is_as_calibrated_as_its_teacher():
    fresh = np.random.default_rng(5).normal(size=(20_000, 3))
    truth = np.random.default_rng(6).normal(size=20_000) + fresh[:, 0] + fresh[:, 1] > 2.9
    teacher = LogisticRegression()
    slopes = []
    student = DistilledClassifier(
        teacher, student=STUDENT, recipe="fast", synthesizer="tail", n_synthetic=20_000,
        alpha=1.0,
    ).fit(X, Y)  # fmt: skip
    for model in (student.teacher_, student):
        chance = np.clip(model.predict_proba(fresh)[:, 1], 1e-9, 1 - 1e-9)
        odds = np.log(chance / (1 - chance))
        fitted = LogisticRegression(C=1e6).fit(odds[:, None], truth)
        slopes.append((fitted.coef_[0, 0], fitted.intercept_[0], chance.mean()))
    (slope, intercept, mean), (own_slope, own_intercept, own_mean) = slopes
    assert own_mean == pytest.approx(mean, rel=0.15)
    assert own_slope == pytest.approx(slope, abs=0.2)
    assert own_intercept == pytest.approx(intercept, abs=0.4)
