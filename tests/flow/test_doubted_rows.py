"""Doubted rows: a wrong label counts for less, and a right one for what it did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import HuberRegressor, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import distill
from ensemble_kd.flow.lessons import Desk, DoubtedRows
from ensemble_kd.flow.lessons._doubted_rows import contradicts
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import UNLABELLED, TransferSet, read_rows
from ensemble_kd.students import GBDTStudent
from ensemble_kd.teachers import TeacherEnsemble

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 3))
CLEAN = (X[:, 0] + X[:, 1] > 0).astype(int)
FLIPPED = RNG.random(500) < 0.2
NOISY = np.where(FLIPPED, 1 - CLEAN, CLEAN)
FAST = GBDTStudent(n_estimators=20, num_leaves=6, learning_rate=0.3)
TEACHERS = [
    ("nb", GaussianNB()),
    ("lr", LogisticRegression()),
    ("tree", DecisionTreeClassifier(max_depth=4, random_state=0)),
]


def run(y: Any, **options: Any) -> Any:
    chosen = {"student": FAST, "n_synthetic": 100, "recipe": "fast", "lessons": "doubted_rows"}
    teacher = TeacherEnsemble(TEACHERS, weights="equal", cv=3)
    return distill(X, y, **chosen | {"teacher": teacher} | options)


@pytest.fixture(scope="module")
def noisy() -> Any:
    """Taught with a fifth of the labels flipped."""
    return run(NOISY)


def truth_weight(rows: TransferSet) -> np.ndarray:
    """Return the weight with which each real row's own target is learned."""
    real = rows.take(np.arange(len(X)))
    return np.where(real.task.has_target(real.hard), real.sample_weight, 0.0)


def taught(responses: Any, hard: Any, held_out: Any = None) -> tuple[TransferSet, TransferSet]:
    """Return rows before and after the lesson, for what teachers said of them."""
    responses = np.array(responses, dtype=float)
    rows = read_rows(X, hard, None, "classification", 5, 0)
    before = rows.as_transfer_set(responses.mean(axis=0))
    desk = Desk(FAST, SoftTargetLoss(), 0, 0, *[None] * 4, out_of_fold=responses)  # type: ignore
    return before, DoubtedRows().teach(before, desk)


def certain(*classes: Any) -> list[np.ndarray]:
    """Return teachers that are nearly sure of a class for each row."""
    return [np.where(np.eye(2)[c] > 0, 0.99, 0.01) for c in classes]


def test_flipped_labels_weigh_less_than_clean_ones(noisy):
    learned = ~noisy.transfer_set.held_out[: len(X)]
    weight = truth_weight(noisy.transfer_set)
    assert weight[learned & FLIPPED].mean() < 0.35
    assert weight[learned & ~FLIPPED].mean() > 0.85


def test_weight_of_a_row_is_split_and_not_lost(noisy):
    plain = run(NOISY, lessons=())
    parts = noisy.transfer_set.origin == UNLABELLED
    assert parts.any()
    # What is taken from the truth the teachers teach, but for where they are at odds themselves.
    responses = noisy.teacher.member_responses_
    learned = ~noisy.transfer_set.held_out[: len(X)]
    share = contradicts(responses, NOISY, learned, noisy.transfer_set.task).mean(axis=0) * learned
    pairs = [np.abs(responses[i, :, 0] - responses[j, :, 0]) for i, j in [(0, 1), (0, 2), (1, 2)]]
    lost = plain.transfer_set.sample_weight.sum() - noisy.transfer_set.sample_weight.sum()
    assert lost == pytest.approx((share * np.mean(pairs, axis=0)).sum())


def test_held_out_rows_stay_as_they_are(noisy):
    plain = run(NOISY, lessons=()).transfer_set
    held = plain.held_out
    assert held.any()
    np.testing.assert_array_equal(plain.hard[held], noisy.transfer_set.hard[: len(plain)][held])
    np.testing.assert_array_equal(
        plain.sample_weight[held], noisy.transfer_set.sample_weight[: len(plain)][held]
    )


def test_teachers_who_agree_with_the_labels_change_nothing():
    before, after = taught(certain(CLEAN, CLEAN), CLEAN)
    np.testing.assert_array_equal(before.sample_weight, after.sample_weight)
    np.testing.assert_array_equal(before.hard, after.hard)


def test_target_that_all_contradict_is_dropped_and_the_row_kept():
    wrong = CLEAN.copy()
    wrong[3] = 1 - wrong[3]
    before, after = taught(certain(CLEAN, CLEAN, CLEAN), wrong)
    assert not before.held_out[3]
    np.testing.assert_array_equal(np.flatnonzero(before.hard != after.hard), [3])
    assert after.hard[3] == -1
    np.testing.assert_array_equal(before.sample_weight, after.sample_weight)


def test_target_that_one_of_three_contradicts_keeps_two_thirds_less_for_their_conflict():
    before, after = taught(
        certain(CLEAN, CLEAN, np.where(np.arange(500) == 3, 1 - CLEAN, CLEAN)), CLEAN
    )
    # Two of three pairs differ by 0.98, and a third contradict.
    whole = 1 - (1 / 3) * (0.98 * 2 / 3)
    assert len(after) == len(before) + 1
    assert after.sample_weight[3] == pytest.approx(whole * 2 / 3)
    assert after.sample_weight[-1] == pytest.approx(whole / 3)
    assert (after.hard[3], after.hard[-1]) == (CLEAN[3], -1)
    others = np.arange(len(before)) != 3
    np.testing.assert_array_equal(before.sample_weight[others], after.sample_weight[:500][others])


def test_teacher_without_an_answer_has_no_say():
    silent = certain(1 - CLEAN)[0]
    silent[:] = np.nan
    before, after = taught([*certain(CLEAN), silent], CLEAN)
    np.testing.assert_array_equal(before.sample_weight, after.sample_weight)


def test_values_that_are_far_off_are_doubted():
    values = X @ [1.0, 2.0, 0.0] + 0.1 * RNG.normal(size=500)
    values[FLIPPED] += 5.0
    result = run(values, task="regression", teacher=HuberRegressor())
    weight = truth_weight(result.transfer_set)
    learned = ~result.transfer_set.held_out[: len(X)]
    assert weight[learned & FLIPPED].max() == 0.0
    assert weight[learned & ~FLIPPED].mean() > 0.95


def test_student_of_truth_alone_is_better_for_doubting_it():
    # With hardly a teacher and no synthetic rows the truth is nearly all that is learned.
    options = {"alpha": 0.05, "n_synthetic": 0, "synthesizer": None}
    losses = []
    for lessons in ((), "doubted_rows"):
        student = run(NOISY, lessons=lessons, **options).student
        losses.append(student._task.mean_loss(student.respond(X), np.eye(2)[CLEAN], np.ones(500)))
    assert losses[1] < losses[0]


@pytest.mark.filterwarnings("ignore:the teacher is frozen:UserWarning")
@pytest.mark.parametrize("n_fitted", [200, 500])
def test_what_a_frozen_ensemble_said_of_other_rows_casts_no_doubt(n_fitted):
    others = RNG.permutation(500)[:n_fitted]
    ensemble = TeacherEnsemble(TEACHERS, weights="equal", cv=3).fit(X[others], CLEAN[others])
    found = run(CLEAN, teacher=FrozenEstimator(ensemble))
    rows = found.transfer_set
    assert (rows.hard[: len(X)] == CLEAN).mean() > 0.9
