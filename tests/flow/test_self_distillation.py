"""Students that teach students: generations, refined labels, and a chain of assistants."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.flow._clock import Deadlines
from ensemble_kd.flow.lessons import (
    Assistant,
    AssistantChain,
    BornAgain,
    Desk,
    EasyToHard,
    Lesson,
    Refinement,
)
from ensemble_kd.flow.lessons._generations import raise_generations
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.rows import SYNTHETIC, TransferSet
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent

TREES = GBDTStudent(n_estimators=6, num_leaves=4, learning_rate=0.3, random_state=0)


def desk_of(rows: TransferSet, student: Any = TREES, clock: Any = None) -> Desk:
    """Return a desk without a source of more rows."""
    loss = SoftTargetLoss(alpha=0.5) if rows.task.has_classes else SquaredErrorLoss(0.5)
    n_synthetic = int((rows.origin == SYNTHETIC).sum())
    clock = clock or Deadlines(None, trains_last=False)

    def none(*_: Any) -> Any:
        raise AssertionError("no more rows are needed")

    return Desk(student, loss, n_synthetic, 0, clock, none, none, none)


@pytest.fixture(scope="module")
def rows(make_transfer_set):
    return make_transfer_set("multiclass")


@pytest.fixture(scope="module")
def raised(rows):
    """Three generations after the first, whatever they are good for."""
    return raise_generations(rows, desk_of(rows), 3, 99, lambda _, answers: answers)


@pytest.mark.parametrize(
    "lesson", [BornAgain(generations=0), Refinement(rounds=0), EasyToHard(start=1.0)], ids=repr
)
def test_lesson_of_no_extent_changes_nothing(rows, lesson):
    assert lesson.teach(rows, desk_of(rows)) is rows


@pytest.mark.parametrize("lesson", [BornAgain(), Refinement()], ids=repr)
def test_lesson_changes_nothing_where_no_row_judges(rows, lesson):
    unjudged = replace(rows, held_out=np.zeros(len(rows), dtype=bool))
    assert lesson.teach(unjudged, desk_of(rows)) is unjudged


# --- generations ----------------------------------------------------------------------------------


def test_generation_learns_what_the_one_before_says_and_the_truth(rows, raised):
    assert raised.taught[0] is rows
    for before, taught, answers in zip(
        raised.answers, raised.taught[1:], raised.answers[1:], strict=False
    ):
        learned = ~rows.held_out
        np.testing.assert_array_equal(taught.response[learned], before[learned])
        np.testing.assert_array_equal(taught.response[~learned], rows.response[~learned])
        np.testing.assert_array_equal(taught.hard, rows.hard)
        assert (answers != before).any()


def test_generation_is_the_student_of_its_labels(rows, raised):
    again = TREES.__class__(**TREES.get_params() | {"random_state": 2})
    again.fit_transfer(raised.taught[2], desk_of(rows).loss)
    np.testing.assert_array_equal(again.respond(rows.X), raised.answers[2])


def test_generations_are_judged_by_the_truth_of_held_out_rows(rows, raised):
    held = rows.held_out
    chosen = raised.answers[1][held, rows.hard[held]]
    expected = np.average(-np.log(chosen), weights=rows.sample_weight[held])
    assert raised.losses[1] == pytest.approx(expected)
    assert raised.best == int(np.argmin(raised.losses))


def test_born_again_teaches_as_its_best_generation_was_taught(rows, raised):
    taught = BornAgain(generations=3, patience=99).teach(rows, desk_of(rows))
    np.testing.assert_array_equal(taught.response, raised.taught[raised.best].response)
    np.testing.assert_array_equal(taught.X, rows.X)


def test_born_again_ends_where_generations_do_not_get_better(rows):
    # Small trees fall behind their teachers with each generation: labels get worse.
    stumps = TREES.__class__(**TREES.get_params() | {"n_estimators": 2, "num_leaves": 2})
    desk = desk_of(rows, stumps)
    worse = raise_generations(rows, desk, 5, 1, lambda _, answers: answers[::-1])
    assert len(worse.losses) == 2
    assert worse.losses[1] > worse.losses[0]
    assert worse.best == 0
    patient = raise_generations(rows, desk, 5, 2, lambda _, answers: answers[::-1])
    assert len(patient.losses) >= 3


def answering(rows: TransferSet, answers: Any) -> Any:
    """Return a student that answers all rows by its seed."""

    class Answering(GBDTStudent):
        def respond(self, X: Any) -> Any:
            return answers(self.random_state)

    return Answering(**TREES.get_params())


def test_born_again_ensemble_teaches_the_mean_where_that_is_better(rows):
    # Generations that err independently: their mean errs less than any of them.
    truth = rows.task.truth(np.maximum(rows.hard, 0)) + 0.3
    noise = np.exp(np.random.default_rng(0).normal(size=(3, *truth.shape)))
    answers = truth * noise / (truth * noise).sum(axis=2, keepdims=True)
    desk = desk_of(rows, answering(rows, lambda seed: answers[seed]))
    taught = BornAgain(generations=2, patience=9, ensemble=True).teach(rows, desk)
    learned = ~rows.held_out
    np.testing.assert_allclose(taught.response[learned], answers.mean(axis=0)[learned])
    np.testing.assert_array_equal(taught.response[~learned], rows.response[~learned])
    alone = BornAgain(generations=2, patience=9).teach(rows, desk)
    assert (alone.response[learned] != taught.response[learned]).any()


def test_born_again_ensemble_gives_way_to_a_better_generation(rows):
    # The second one knows, the others know nothing.
    truth = rows.task.truth(np.maximum(rows.hard, 0))
    told = {0: np.full_like(truth, 1 / 3), 1: 0.9 * truth + 0.1 / 3, 2: np.full_like(truth, 1 / 3)}
    desk = desk_of(rows, answering(rows, told.__getitem__))
    taught = BornAgain(generations=2, patience=9, ensemble=True).teach(rows, desk)
    learned = ~rows.held_out
    np.testing.assert_allclose(taught.response[learned], told[0][learned])


def test_born_again_gives_the_same_by_its_seed(rows):
    one, other = (BornAgain(generations=1).teach(rows, desk_of(rows)) for _ in range(2))
    np.testing.assert_array_equal(one.response, other.response)


def test_born_again_raises_generations_of_values(make_transfer_set):
    rows = make_transfer_set("regression")
    found = raise_generations(rows, desk_of(rows), 1, 1, lambda _, answers: answers)
    held = rows.held_out
    gap = found.answers[0][held, 0] - rows.hard[held]
    expected = np.average(gap**2, weights=rows.sample_weight[held])
    assert found.losses[0] == pytest.approx(expected)


# --- refinement -----------------------------------------------------------------------------------


def test_refinement_moves_labels_by_degrees_towards_the_student(rows):
    seen = []

    class Spy(GBDTStudent):
        def fit_transfer(self, transfer_set: Any, *given: Any, **options: Any) -> Any:
            seen.append(transfer_set.response)
            return super().fit_transfer(transfer_set, *given, **options)

        def respond(self, X: Any) -> Any:
            return np.full((len(X), 3), 1 / 3)

    spy = Spy(**TREES.get_params())
    Refinement(rounds=2, share=0.5, effort=1.0, patience=9).teach(rows, desk_of(rows, spy))
    learned = ~rows.held_out
    for response, share in zip(seen, (0.0, 0.25, 0.5), strict=True):
        expected = (1 - share) * rows.response + share / 3
        np.testing.assert_allclose(response[learned], expected[learned])
        np.testing.assert_array_equal(response[~learned], rows.response[~learned])


def test_refinement_of_no_share_keeps_the_teachers_labels(rows):
    taught = Refinement(rounds=1, share=0.0).teach(rows, desk_of(rows))
    np.testing.assert_array_equal(taught.response, rows.response)


# --- assistants -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fast_networks():
    """Let assistants take few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MLPStudent.__init__.__kwdefaults__, "n_updates", 30)
        yield


def test_chain_of_one_link_is_an_assistant(rows, fast_networks):
    desk = desk_of(rows)
    chain = AssistantChain([(12, 8)]).teach(rows, desk)
    np.testing.assert_array_equal(chain.response, Assistant((12, 8)).teach(rows, desk).response)


def test_chain_is_taught_link_by_link(rows, fast_networks):
    desk = desk_of(rows)
    chain = AssistantChain([(12, 8), (6,)]).teach(rows, desk)
    by_hand = Assistant((6,)).teach(Assistant((12, 8)).teach(rows, desk), desk)
    np.testing.assert_array_equal(chain.response, by_hand.response)
    real = rows.origin != SYNTHETIC
    np.testing.assert_array_equal(chain.response[real], rows.response[real])


# --- the clock ------------------------------------------------------------------------------------


class At(Deadlines):
    """A clock whose time for lessons ends in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(1000.0, trains_last=False)
        self.assistant = time.monotonic() + seconds


def test_lessons_share_their_time_evenly():
    now, clock = time.monotonic(), At(100.0)
    assert clock.of_lesson(4) - now == pytest.approx(25, abs=1)
    assert clock.of_lesson(1) - now == pytest.approx(100, abs=1)
    assert Deadlines(None, trains_last=False).of_lesson(3) is None
    assert not clock.is_too_late and At(-1.0).is_too_late


@pytest.mark.parametrize("lesson", [BornAgain(), Refinement()], ids=repr)
def test_lesson_leaves_the_labels_where_its_time_is_used_up(rows, lesson):
    assert lesson.teach(rows, desk_of(rows, clock=At(-1.0))) is rows


def test_generations_end_by_the_deadline_of_each(rows):
    deadlines = []

    class Timed(GBDTStudent):
        def fit_transfer(self, *given: Any, deadline: Any = None, **options: Any) -> Any:
            deadlines.append(deadline - time.monotonic())
            return super().fit_transfer(*given, deadline=deadline, **options)

    desk = desk_of(rows, Timed(**TREES.get_params()), At(60.0))
    raise_generations(rows, desk, 2, 9, lambda _, answers: answers)
    np.testing.assert_allclose(deadlines, [20, 30, 60], rtol=0.1)


def test_chain_has_one_link_however_late(rows, fast_networks):
    taught = AssistantChain([(8,), (6,)]).teach(rows, desk_of(rows, clock=At(-1.0)))
    synthetic = rows.origin == SYNTHETIC
    assert (taught.response[synthetic] != rows.response[synthetic]).all()


# --- easy rows first ------------------------------------------------------------------------------


def test_easy_rows_enter_first(rows):
    taught = EasyToHard(start=0.25, full=0.6).teach(rows, desk_of(rows, MLPStudent()))
    learned = ~rows.held_out
    entropy = -(rows.response * np.log(rows.response)).sum(axis=1)[learned]
    enters = taught.enters[learned]
    order = np.lexsort((enters, np.round(entropy, 9)))  # those that are as easy, in any order
    assert (np.diff(enters[order]) >= 0).all()
    assert enters.max() > enters.min() == 0
    np.testing.assert_array_equal(taught.response, rows.response)


def test_rows_enter_evenly_until_all_are_in(rows):
    enters = EasyToHard(start=0.25, full=0.6).teach(rows, desk_of(rows, MLPStudent())).enters
    enters = enters[~rows.held_out]
    shares = [np.mean(enters <= at) for at in (0.0, 0.3, 0.6)]
    np.testing.assert_allclose(shares, [0.25, 0.625, 1.0], atol=2 / len(enters))


def test_hard_values_are_those_that_a_first_student_misses(make_transfer_set):
    rows = make_transfer_set("regression")
    student = MLPStudent(hidden=(6,), n_updates=200, random_state=0)
    taught = EasyToHard().teach(rows, desk_of(rows, student))
    first = student.with_effort(0.15).fit_transfer(rows, SquaredErrorLoss(0.5))
    gap = np.abs(first.respond(rows.X) - rows.response)[:, 0]
    learned = ~rows.held_out
    assert np.argmax(taught.enters[learned]) == np.argmax(gap[learned])


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lesson", "message"),
    [
        (BornAgain(generations=1.5), "generations must be a whole number >= 0, got 1.5"),
        (BornAgain(patience=0), "patience must be a whole number >= 1, got 0"),
        (Refinement(rounds=-1), "rounds must be a whole number >= 0, got -1"),
        (Refinement(share=2), r"share must be in \[0, 1\], got 2"),
        (Refinement(effort=0), "effort must be > 0, got 0"),
        (AssistantChain(()), r"widths must be the hidden layers of at least one .* got \(\)"),
        (AssistantChain((64, 32)), r"widths must be the hidden layers .* got \(64, 32\)"),
        (EasyToHard(start=0), r"start must be in \(0, 1\], got 0"),
        (EasyToHard(full=1), r"full must be in \(0, 1\), got 1"),
    ],
    ids=repr,
)
def test_lesson_refuses_what_is_out_of_range(lesson: Lesson, message: str):
    with pytest.raises(InputError, match=message):
        lesson.check(MLPStudent())


@pytest.mark.parametrize("student", [TREES, TreeStudent()], ids=["gbdt", "tree"])
def test_trees_cannot_learn_easy_rows_first(student):
    with pytest.raises(InputError, match="EasyToHard teaches networks, which learn step by step"):
        EasyToHard().check(student)
