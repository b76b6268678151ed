"""Training ends by the loss on held-out rows, and the best model by that loss is kept."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ensemble_kd.losses import DistillationLoss, SoftTargetLoss, SquaredErrorLoss, log_softmax
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.students import GBDTStudent, MLPStudent, Student

TASKS = ("binary", "multiclass", "regression")


def loss_of(rows: TransferSet, alpha: float = 0.7) -> DistillationLoss:
    return SoftTargetLoss(alpha=alpha) if rows.task.classes else SquaredErrorLoss(alpha)


def held_out_loss(answers: np.ndarray, rows: TransferSet, loss: DistillationLoss) -> float:
    """Return the loss of what is said of held-out rows, by the definition of the loss."""
    rows_ = rows.take(rows.held_out)
    outputs = np.log(np.maximum(answers, 1e-30)) if rows.task.classes else answers
    value, _ = loss(outputs, rows_.response, rows_.hard)
    return float(np.average(value, weights=rows_.sample_weight))


@pytest.fixture(scope="module", params=TASKS)
def rows(request, make_transfer_set) -> TransferSet:
    return make_transfer_set(request.param, n_rows=900)


def unit_of(rows: TransferSet) -> float:
    """Return the unit of losses: students learn values brought to a spread of 1."""
    return 1.0 if rows.task.classes else float(rows.response[rows.origin == REAL].std() ** 2)


@pytest.mark.parametrize("learning_rate", [0.02, 0.2])
@pytest.mark.parametrize(("alpha", "span"), [(0.0, 1), (0.7, 7)])
def test_mlp_student_keeps_the_check_amid_the_least_held_out_losses(
    rows, alpha, span, learning_rate
):
    loss, held_out = loss_of(rows, alpha), rows.take(rows.held_out)
    seen = []
    student = MLPStudent(hidden=(64,), n_updates=800, learning_rate=learning_rate, random_state=0)
    student.fit_transfer(rows, loss, watch=lambda _, respond: seen.append(respond(held_out.X)))
    losses = [held_out_loss(answers, rows, loss) for answers in seen]
    means = [np.mean(losses[max(0, i - span // 2) : i + span // 2 + 1]) for i in range(len(losses))]
    kept = seen[int(np.argmin(means))]
    np.testing.assert_allclose(student.respond(held_out.X), kept, rtol=1e-5, atol=1e-6)


def test_mlp_student_stops_when_the_held_out_loss_rises(rows):
    # Hard labels of noisy rows are soon overfitted.
    student = MLPStudent(
        hidden=(128,), n_updates=20_000, max_epochs=1000, learning_rate=0.02, weight_decay=0.0,
        patience=4, random_state=0,
    )  # fmt: skip
    student.fit_transfer(rows.take(rows.origin == REAL), loss_of(rows, alpha=0.0))
    assert len(student.history_) < 40
    assert np.argmin(student.history_) == len(student.history_) - 5


def outputs_after(student: GBDTStudent, rows: TransferSet, n_rounds: int) -> np.ndarray:
    """Return what the first rounds answer to held-out rows."""
    X = student._ranks.apply(rows.X[rows.held_out])
    assert student.booster_ is not None
    raw = student.booster_.predict(X, raw_score=True, num_iteration=n_rounds)
    sums = student._base + np.asarray(raw).reshape(len(X), -1)
    outputs = student._outputs(sums)
    return np.exp(log_softmax(outputs)) if rows.task.classes else student._scale.put_back(outputs)


def test_gbdt_student_keeps_the_round_with_the_least_held_out_loss(rows):
    loss = loss_of(rows)
    student = GBDTStudent(n_estimators=120, learning_rate=0.4, patience=15, random_state=0)
    student.fit_transfer(rows, loss)
    assert student.booster_ is not None
    best = student.booster_.best_iteration
    assert 1 < best < len(student.history_) < 120  # It did not stop at once, and it did stop.
    losses = [
        held_out_loss(outputs_after(student, rows, n), rows, loss) / unit_of(rows)
        for n in range(1, best + 1)
    ]
    np.testing.assert_allclose(losses, student.history_[:best], rtol=1e-6)
    assert int(np.argmin(student.history_)) + 1 == best
    kept = held_out_loss(student.respond(rows.X[rows.held_out]), rows, loss)
    assert kept / unit_of(rows) == pytest.approx(min(student.history_), rel=1e-6)


@pytest.mark.parametrize(
    "student",
    [
        MLPStudent(hidden=(256, 256), n_updates=10**6, max_epochs=10**6, patience=10**6),
        GBDTStudent(n_estimators=10**6, learning_rate=1e-4, patience=10**6),
    ],
    ids=["mlp", "gbdt"],
)
def test_student_ends_at_its_deadline_with_a_model(
    student: Student, rows: TransferSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(0.0)  # a second passes whenever the time is asked for
    with monkeypatch.context() as patch:
        patch.setattr("time.monotonic", lambda: next(clock))
        student.fit_transfer(rows, loss_of(rows), deadline=30.0)
    assert next(clock) < 40.0  # It would take hours.
    answers = student.respond(rows.X)
    assert np.isfinite(answers).all()
    if rows.task.classes:
        np.testing.assert_allclose(answers.sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("student", [MLPStudent(n_updates=1000), GBDTStudent(n_estimators=500)])
def test_student_with_less_effort_takes_a_share_of_the_effort(student: Any) -> None:
    name = "n_updates" if isinstance(student, MLPStudent) else "n_estimators"
    shorter = student.with_effort(0.1)
    assert getattr(shorter, name) == 0.1 * getattr(student, name)
    assert shorter is not student


class EnoughError(Exception):
    """What a watch raises."""


@pytest.mark.parametrize("student", [MLPStudent(n_updates=200), GBDTStudent(n_estimators=40)])
def test_student_is_ended_by_its_watch(make_transfer_set, student):
    seen = []

    def watch(progress, respond):
        seen.append((progress, respond(transfer_set.X[:3])))
        if progress >= 0.3:
            raise EnoughError

    transfer_set = make_transfer_set("binary")
    with pytest.raises(EnoughError):
        student.fit_transfer(transfer_set, SoftTargetLoss(1.0, 0.7), watch=watch)
    assert [0 < p <= 0.4 for p, _ in seen] == [True] * len(seen)
    assert all(np.allclose(response.sum(axis=1), 1) for _, response in seen)


def test_network_for_all_rows_ends_where_the_first_was_best(make_transfer_set):
    rows = make_transfer_set("binary")
    student = MLPStudent(
        hidden=(16,), n_updates=400, learning_rate=0.05, patience=40, random_state=0
    )
    loss = SoftTargetLoss(alpha=0.0)
    first = student.fit_transfer(rows, loss)
    best = int(np.argmin(first.history_)) + 1
    assert best < len(first.history_)  # it learns too much by then
    everything = replace(rows, held_out=np.zeros_like(rows.held_out))
    again = first.for_all_rows().fit_transfer(everything, loss)
    assert len(again.history_) == best
    assert first.for_all_rows().get_params() == first.get_params()
