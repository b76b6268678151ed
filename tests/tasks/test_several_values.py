"""A regression of several outputs counts the errors of each in its own unit."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import task_named

RNG = np.random.default_rng(0)
Y = RNG.normal(size=(50, 3)) * [1.0, 1e6, 0.0] + [0.0, 5.0, 2.0]
ANSWER = Y + RNG.normal(size=Y.shape) * [0.1, 1e5, 0.1]
TASK, HARD = task_named("regression").read_target(Y)


def test_task_knows_how_many_outputs_there_are():
    assert (TASK.n_outputs, task_named("regression").n_outputs) == (3, 1)
    np.testing.assert_array_equal(TASK.truth(HARD), Y)
    np.testing.assert_array_equal(TASK.decide(ANSWER), ANSWER)


def test_losses_do_not_depend_on_the_units():
    factor = np.array([1e3, 1e-3, 1.0])
    other, hard = task_named("regression").read_target(Y * factor)
    np.testing.assert_allclose(
        other.row_losses(ANSWER * factor, hard), TASK.row_losses(ANSWER, HARD)
    )
    assert other.quality(ANSWER * factor, hard) == pytest.approx(TASK.quality(ANSWER, HARD))


def test_mean_of_all_outputs_is_worth_a_loss_of_one():
    own, hard = task_named("regression").read_target(Y[:, :2])
    mean = np.tile(Y[:, :2].mean(axis=0), (50, 1))
    assert own.row_losses(mean, hard).mean() == pytest.approx(1.0)
    assert own.quality(mean, hard) == pytest.approx({"rmse": 1.0, "r2": 0.0})


def test_row_has_a_target_where_no_output_is_missing():
    hard = HARD.copy()
    hard[3, 1] = np.nan
    assert np.flatnonzero(~TASK.has_target(hard)).tolist() == [3]
    assert not TASK.has_target(TASK.no_target(4)).any()
    assert TASK.no_target(4).shape == (4, 3)


def test_output_that_cannot_be_learned_is_refused_as_a_single_one_is():
    with pytest.raises(InputError, match="NaN or infinity"):
        task_named("regression").read_target(np.vstack([Y, np.full((1, 3), np.inf)]))
