"""A student of two halves answers as their sum, and costs what one student does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.bundle import stored_bytes
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.runtime import respond
from ensemble_kd.students import MLPStudent, ResidualStudent

LOSSES = {
    "binary": SoftTargetLoss(), "multiclass": SoftTargetLoss(), "regression": SquaredErrorLoss()
}  # fmt: skip
FEW = {"hidden": (12, 9), "n_bins": 6, "n_updates": 60, "random_state": 3}


@pytest.fixture(scope="module", params=list(LOSSES))
def halves(request, make_transfer_set):
    """Return rows, a student of two halves, the halves, and what they learned."""
    rows = make_transfer_set(request.param)
    student, made = ResidualStudent(**FEW), []

    class Noted(MLPStudent):
        def _fit(self, *given):
            super()._fit(*given)
            made.append(self)

    student._halves = lambda rows: [
        half.of_kind(Noted) for half in ResidualStudent._halves(student, rows)
    ]
    loss = LOSSES[request.param]
    return rows, student.fit_transfer(rows, loss), made, loss


def test_one_network_answers_as_the_sum_of_the_two(halves):
    rows, student, (first, second), _ = halves
    both = first._network.outputs(rows.X) + second._network.outputs(rows.X)
    np.testing.assert_allclose(student._network.outputs(rows.X), both, atol=1e-5)
    model = student.to_model()
    widths = [len(layer.weight) for layer in model.body.layers]
    assert widths == [12, 8]  # halves of 9 are 4
    np.testing.assert_allclose(
        respond(model, rows.X), student.respond(rows.X), rtol=1e-4, atol=1e-5
    )


def test_second_learns_what_the_first_has_left(halves):
    rows, student, (first, second), loss = halves
    scaled = student._scale.scale_rows(rows)
    nowhere = rows.task.no_target(len(rows))

    def mean_loss(outputs):
        return loss(outputs, scaled.response, nowhere)[0][~rows.held_out].mean()

    alone, rest = (half._network.outputs(rows.X) for half in (first, second))
    assert mean_loss(alone + rest) < 0.95 * mean_loss(alone)
    assert mean_loss(rest) > mean_loss(alone + rest)  # by itself it is no student


def test_on_all_rows_each_half_ends_where_it_was_best(halves):
    rows, student, made, loss = halves
    assert student._kept == tuple(half._network.kept for half in made)
    again = student.for_all_rows().fit_transfer(rows.take(~rows.held_out), loss)
    assert len(again.history_) == sum(student._kept) + 2


def test_same_seed_gives_the_same_student(halves):
    rows, student, _, loss = halves
    again = ResidualStudent(**FEW).fit_transfer(rows, loss)
    np.testing.assert_array_equal(again.respond(rows.X), student.respond(rows.X))


@pytest.mark.parametrize("max_bytes", [20_000, 60_000])
def test_both_halves_together_keep_the_bytes(make_transfer_set, max_bytes):
    rows = make_transfer_set("binary")
    student = ResidualStudent(max_bytes=max_bytes, n_updates=2, random_state=0)
    model = student.fit_transfer(rows, SoftTargetLoss()).to_model()
    assert stored_bytes(model.body) <= max_bytes


def test_halves_begin_with_a_hint_where_the_student_does(make_transfer_set):
    rows = make_transfer_set("binary")
    rows = replace(rows, view=rows.response.astype(np.float32))
    hinted = MLPStudent(**FEW).with_hint(1.0).of_kind(ResidualStudent)
    one, other = (
        student.fit_transfer(rows, SoftTargetLoss()).respond(rows.X)
        for student in (hinted, ResidualStudent(**FEW))
    )
    assert not np.array_equal(one, other)
