"""Lessons: methods of teaching that change what the student learns from, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ensemble_kd import DistilledClassifier, distill, load
from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons import LESSONS, Assistant, Desk, HardRows, Lesson, as_lessons
from ensemble_kd.rows import REAL, SYNTHETIC, TransferSet
from ensemble_kd.students import MLPStudent

from .test_race import FAST, Oracle, X, Y


def run(**options: Any) -> Any:
    chosen = {"teacher": Oracle(), "student": FAST, "n_synthetic": 900, "recipe": "fast"}
    return distill(X, Y, **chosen | options)


@pytest.fixture(scope="module")
def plain() -> Any:
    """A distillation without lessons."""
    return run()


class Note(Lesson):
    """A lesson that changes nothing."""

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        assert (desk.n_synthetic, len(desk.new_rows(30)[0])) == (900, 30)
        return transfer_set


def test_lessons_that_change_nothing_change_nothing(plain):
    noted = run(lessons=[Note()])
    np.testing.assert_array_equal(plain.student.respond(X), noted.student.respond(X))


def test_hard_rows_are_added_where_the_first_student_differs():
    plain, added = run(recipe="auto"), run(recipe="auto", lessons=["hard_rows"])
    counts = [(r.transfer_set.origin == SYNTHETIC).sum() for r in (plain, added)]
    assert counts[1] == counts[0] + 450
    # The boundary is where the two differ: there the oracle is uncertain.
    certainty = np.abs(added.transfer_set.response[:, 0] - 0.5)
    assert certainty[-450:].mean() < certainty[len(X) : -450].mean()


def test_hard_rows_are_as_many_as_asked_for(plain):
    added = run(lessons=HardRows(share=0.2)).transfer_set
    assert len(added) == len(plain.transfer_set) + 180


def test_assistant_labels_the_synthetic_rows_and_no_others(plain):
    helped = run(lessons=[Assistant(hidden=(64, 32))])
    rows = [result.transfer_set for result in (plain, helped)]
    differs = (rows[0].response != rows[1].response).any(axis=1)
    np.testing.assert_array_equal(rows[0].X, rows[1].X)
    assert not differs[rows[0].origin == REAL].any()
    assert differs[rows[0].origin == SYNTHETIC].all()
    # It learned the teacher's answers, so its own are near them.
    assert np.abs(rows[0].response - rows[1].response).mean() < 0.1


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_lessons_leave_a_table_without_synthetic_rows_as_it_is(name):
    of_networks = name in ("easy_to_hard", "hints", "residual")
    student = MLPStudent(hidden=(8,), n_updates=20) if of_networks else FAST
    result = run(lessons=name, synthesizer=None, student=student)
    assert set(result.transfer_set.origin) == {REAL}


def test_former_parameter_teaches_the_same_lesson():
    with pytest.warns(FutureWarning, match="is now lessons="):
        old = run(active=True)
    new = run(lessons="hard_rows")
    np.testing.assert_array_equal(old.student.respond(X), new.student.respond(X))


def test_lessons_are_cloned_with_their_estimator():
    lesson = HardRows(share=0.3)
    given = DistilledClassifier(lessons=[lesson])
    from sklearn.base import clone

    copied = clone(given).lessons[0]
    assert copied is not lesson
    assert copied.share == 0.3


def test_as_lessons_takes_names_and_objects():
    assert [type(one) for one in as_lessons(["assistant", HardRows()])] == [Assistant, HardRows]
    assert as_lessons(None) == as_lessons(()) == []
    with pytest.raises(InputError, match="lessons must be among"):
        as_lessons(["homework"])


def test_lessons_are_told_in_the_card_and_the_facts_of_a_file(tmp_path):
    fitted = DistilledClassifier(
        Oracle(), student=FAST, n_synthetic=300, recipe="fast", lessons=[HardRows(share=0.1)]
    ).fit(X, Y)
    fitted.save(tmp_path / "model.ekd")
    bundle = load(tmp_path / "model.ekd").bundle
    assert bundle.manifest["training"]["lessons"] == ["HardRows(share=0.1)"]
    assert "- Lesson: HardRows(share=0.1)" in bundle.card
