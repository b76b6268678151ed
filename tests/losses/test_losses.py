"""Every loss obeys the same laws, and its torch twin says the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import (
    CLASS_LOSSES,
    AnnealedLoss,
    DecoupledLoss,
    DISTLoss,
    LabelLoss,
    LogitMatchingLoss,
    RankingLoss,
    SoftTargetLoss,
    SquaredErrorLoss,
    SquaredProbabilitiesLoss,
    log_softmax,
    sigmoid,
    soft_targets,
    softmax,
    torch_batch_term,
    torch_twin,
)
from ensemble_kd.losses._logit_matching import teacher_logits

N_ROWS, N_CLASSES = 12, 4
SOFT_TARGETS = [
    SoftTargetLoss(temperature, alpha)
    for temperature in (0.5, 1.0, 3.0)
    for alpha in (0.0, 0.3, 1.0)
]
LOGIT_MATCHING = [LogitMatchingLoss(alpha) for alpha in (0.0, 0.3, 1.0)]
SQUARED = [SquaredProbabilitiesLoss(alpha) for alpha in (0.0, 0.3, 1.0)]
DECOUPLED = [
    DecoupledLoss(),
    DecoupledLoss(0.5, 0.3, 0.7, 8.0),
    DecoupledLoss(3.0, 0.3, 2.0, 0.5),
    DecoupledLoss(2.0, 0.0),
]
# Without what relates the rows of a batch.
DIST = [
    DISTLoss(by_class=0.0),
    DISTLoss(0.5, 0.3, 2.0, 0.0, 0.5),
    DISTLoss(3.0, 0.3, 1.0, 0.0, 0.0),
    DISTLoss(2.0, 0.0, by_class=0.0),
]
ANNEALED = [AnnealedLoss(), AnnealedLoss(0.3, phase=1.0)]
CLASSIFICATION = SOFT_TARGETS + LOGIT_MATCHING + SQUARED + DECOUPLED + DIST + ANNEALED
REGRESSION = [SquaredErrorLoss(alpha) for alpha in (0.0, 0.3, 1.0)]
LABELS = [LabelLoss(), LabelLoss(0.5, 0.3), LabelLoss(3.0, 0.3), LabelLoss(2.0, 0.0)]
LOSSES = CLASSIFICATION + REGRESSION + LABELS
# Whose missing targets are NaN.
VALUED = (SquaredErrorLoss, LabelLoss)

each_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)


def example(loss: Any, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outputs, response and hard targets, a third of them absent."""
    rng = np.random.default_rng(seed)
    absent = np.arange(N_ROWS) % 3 == 0
    if isinstance(loss, SquaredErrorLoss):
        outputs, response = rng.normal(size=(2, N_ROWS, 1))
        return outputs, response, np.where(absent, np.nan, rng.normal(size=N_ROWS))
    outputs = 2 * rng.normal(size=(N_ROWS, N_CLASSES))
    if isinstance(loss, LabelLoss):
        response, yes = sigmoid(2 * rng.normal(size=outputs.shape)), rng.random(outputs.shape) < 0.5
        return outputs, response, np.where(absent[:, None], np.nan, yes)
    response = softmax(2 * rng.normal(size=(N_ROWS, N_CLASSES)))
    return outputs, response, np.where(absent, -1, rng.integers(N_CLASSES, size=N_ROWS))


def without_hard(loss: Any, hard: np.ndarray) -> np.ndarray:
    """Return targets of which none is known."""
    return np.full_like(hard, np.nan if isinstance(loss, VALUED) else -1)


def student_like_teacher(loss: Any, response: np.ndarray) -> np.ndarray:
    """Return outputs that give the teacher's response."""
    if isinstance(loss, LabelLoss):
        return np.log(response) - np.log1p(-response)
    return response if isinstance(loss, SquaredErrorLoss) else np.log(response)


def finite_difference(function: Any, outputs: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Return the derivative of the k-th column of a row function with respect to output k."""
    columns = []
    for k in range(outputs.shape[1]):
        up, down = outputs.copy(), outputs.copy()
        up[:, k] += step
        down[:, k] -= step
        columns.append((function(up, k) - function(down, k)) / (2 * step))
    return np.column_stack(columns)


@each_loss
def test_loss_has_no_soft_term_when_student_equals_teacher(loss):
    _, response, hard = example(loss)
    outputs = student_like_teacher(loss, response)
    value, _ = loss(outputs, response, without_hard(loss, hard))
    np.testing.assert_allclose(value, 0.0, atol=1e-12)


@each_loss
def test_loss_is_least_where_student_equals_teacher(loss):
    outputs, response, hard = example(loss)
    value, _ = loss(outputs, response, without_hard(loss, hard))
    assert (value > 1e-6).all()


@each_loss
def test_loss_gradient_is_its_finite_difference(loss):
    outputs, response, hard = example(loss)
    _, gradient = loss(outputs, response, hard)
    expected = finite_difference(lambda z, _: loss(z, response, hard)[0], outputs)
    np.testing.assert_allclose(gradient, expected, atol=1e-7)


@each_loss
def test_loss_curvature_is_the_finite_difference_of_its_gradient(loss):
    outputs, response, hard = example(loss)
    curvature = loss.curvature(outputs, response, hard)
    expected = finite_difference(lambda z, k: loss(z, response, hard)[1][:, k], outputs)
    np.testing.assert_allclose(curvature, expected, atol=1e-7)


@pytest.mark.parametrize("loss", CLASSIFICATION, ids=repr)
def test_loss_ignores_a_shift_of_all_logits(loss):
    outputs, response, hard = example(loss)
    shift = np.linspace(-30, 30, N_ROWS)[:, None]
    for given, shifted in zip(
        loss(outputs, response, hard), loss(outputs + shift, response, hard), strict=True
    ):
        np.testing.assert_allclose(given, shifted, atol=1e-9)


@pytest.mark.parametrize("temperature", [100.0, 1000.0])
def test_soft_targets_keep_the_gradients_scale_as_temperature_grows(temperature):
    # Hinton 2015, section 2: in the limit the gradient is that of centred logits over K.
    outputs, response, hard = example(SOFT_TARGETS[0])
    nowhere = without_hard(SOFT_TARGETS[0], hard)
    _, gradient = SoftTargetLoss(temperature)(outputs, response, nowhere)
    _, limit = LogitMatchingLoss(clip=1e9)(outputs, response, nowhere)
    np.testing.assert_allclose(gradient, limit, atol=10 / temperature)
    assert np.abs(gradient).max() > 0.1


@each_loss
def test_loss_at_alpha_one_does_not_read_the_truth(loss):
    loss = type(loss)(**vars(loss) | {"alpha": 1.0})
    outputs, response, hard = example(loss)
    value, gradient = loss(outputs, response, hard)
    blind_value, blind_gradient = loss(outputs, response, without_hard(loss, hard))
    np.testing.assert_array_equal(value, blind_value)
    np.testing.assert_array_equal(gradient, blind_gradient)


@each_loss
def test_loss_at_alpha_zero_does_not_read_the_teacher_where_truth_is_known(loss):
    loss = type(loss)(**vars(loss) | {"alpha": 0.0})
    outputs, response, hard = example(loss)
    known = ~np.isnan(hard) if isinstance(loss, VALUED) else hard >= 0
    known = known.all(axis=1) if known.ndim == 2 else known
    other = np.roll(response, 1, axis=0)
    for given, changed in zip(
        loss(outputs, response, hard), loss(outputs, other, hard), strict=True
    ):
        np.testing.assert_array_equal(given[known], changed[known])


@pytest.mark.parametrize("loss", CLASSIFICATION, ids=repr)
def test_loss_at_alpha_zero_is_cross_entropy(loss):
    loss = type(loss)(**vars(loss) | {"alpha": 0.0})
    outputs, response, hard = example(loss)
    known = hard >= 0
    expected = -log_softmax(outputs)[np.arange(N_ROWS), hard]
    np.testing.assert_allclose(loss(outputs, response, hard)[0][known], expected[known])


@each_loss
def test_loss_takes_a_row_without_truth_as_alpha_one(loss):
    outputs, response, hard = example(loss)
    nowhere = without_hard(loss, hard)
    soft_only = type(loss)(**vars(loss) | {"alpha": 1.0})
    np.testing.assert_allclose(
        loss(outputs, response, nowhere)[0], soft_only(outputs, response, nowhere)[0]
    )
    np.testing.assert_allclose(
        loss.curvature(outputs, response, nowhere), soft_only.curvature(outputs, response, nowhere)
    )


@each_loss
def test_loss_judges_each_row_alone(loss):
    outputs, response, hard = example(loss)
    together = loss(outputs, response, hard)[0]
    alone = [loss(outputs[i : i + 1], response[i : i + 1], hard[i : i + 1])[0][0] for i in range(5)]
    np.testing.assert_allclose(together[:5], alone)


@pytest.mark.parametrize("loss", CLASSIFICATION, ids=repr)
def test_loss_is_finite_where_the_teacher_is_certain(loss):
    outputs = np.array([[800.0, -800.0, 0.0], [-800.0, 800.0, 0.0]])
    response = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    value, gradient = loss(outputs, response, np.array([0, -1]))
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


@each_loss
def test_torch_twin_gives_the_value_of_the_loss(loss):
    outputs, response, hard = example(loss)
    value = torch_twin(loss)(*map(torch.from_numpy, (outputs, response, hard)))
    np.testing.assert_allclose(value.numpy(), loss(outputs, response, hard)[0], atol=1e-7)


@each_loss
def test_torch_twin_gives_the_gradient_of_the_loss(loss):
    outputs, response, hard = example(loss)
    logits = torch.from_numpy(outputs).requires_grad_()
    torch_twin(loss)(logits, torch.from_numpy(response), torch.from_numpy(hard)).sum().backward()
    expected = loss(outputs, response, hard)[1]
    np.testing.assert_allclose(logits.grad.numpy(), expected, atol=1e-7)


@pytest.mark.parametrize("loss", CLASSIFICATION, ids=repr)
def test_torch_twin_has_a_finite_gradient_where_the_teacher_is_certain(loss):
    logits = torch.tensor([[30.0, -30.0, 0.0], [-30.0, 30.0, 0.0]], requires_grad=True)
    response = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    torch_twin(loss)(logits, response, torch.tensor([0, -1])).sum().backward()
    assert bool(torch.isfinite(logits.grad).all())


@pytest.mark.parametrize("name", sorted(CLASS_LOSSES))
def test_losses_of_a_name_take_a_temperature_where_they_have_one(name):
    loss = CLASS_LOSSES[name](3.0, 0.4)
    assert loss.alpha == 0.4
    assert getattr(loss, "temperature", 3.0) == 3.0


def test_torch_twin_refuses_a_loss_it_does_not_know():
    with pytest.raises(InputError, match="a network cannot learn object, which has no method"):
        torch_twin(object())


@each_loss
def test_rows_of_a_loss_stand_alone(loss):
    assert torch_batch_term(loss) is None


# --- values worked by hand ------------------------------------------------------------------------


def test_soft_target_loss_by_hand():
    # Logits (0, 0) say 1/2, 1/2; the teacher says 3/4, 1/4 and the truth is class 1.
    value, gradient = SoftTargetLoss(alpha=0.5)(
        np.zeros((1, 2)), np.array([[0.75, 0.25]]), np.array([1])
    )
    divergence = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    np.testing.assert_allclose(value, 0.5 * divergence + 0.5 * np.log(2))
    np.testing.assert_allclose(gradient, [[0.125, -0.125]])


def test_soft_target_loss_at_temperature_two_by_hand():
    # The teacher's 9/10, 1/10 becomes 3/4, 1/4 at T = 2, and T^2 = 4.
    value, gradient = SoftTargetLoss(temperature=2.0)(
        np.zeros((1, 2)), np.array([[0.9, 0.1]]), np.array([0])
    )
    np.testing.assert_allclose(value, 4 * (0.75 * np.log(1.5) + 0.25 * np.log(0.5)))
    np.testing.assert_allclose(gradient, [[2 * (0.5 - 0.75), 2 * (0.5 - 0.25)]])


def test_logit_matching_loss_by_hand():
    # Teacher logits ln(3/4), ln(1/4), centred: plus and minus ln(3) / 2.
    value, _ = LogitMatchingLoss()(np.zeros((1, 2)), np.array([[0.75, 0.25]]), np.array([0]))
    np.testing.assert_allclose(value, 0.5 * (np.log(3) / 2) ** 2)


def test_squared_error_loss_by_hand():
    value, gradient = SquaredErrorLoss(0.25)(np.array([[1.0]]), np.array([[3.0]]), np.array([2.0]))
    np.testing.assert_allclose(value, 0.5 * (0.25 * 4 + 0.75 * 1))
    np.testing.assert_allclose(gradient, [[0.25 * -2 + 0.75 * -1]])


# --- parts ----------------------------------------------------------------------------------------


def test_softmax_stays_finite_for_large_logits():
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0], [-1e4, 0.0]])), [[1, 0], [0, 1]])


def test_soft_targets_flatten_as_temperature_grows():
    response = np.array([[0.7, 0.2, 0.1, 0.0]])
    entropies = []
    for temperature in (0.5, 1.0, 2.0, 8.0):
        target = soft_targets(response, temperature)[0, :3]
        entropies.append(-(target * np.log(target)).sum())
    assert np.all(np.diff(entropies) > 0)


def test_soft_targets_keep_zeros():
    assert soft_targets(np.array([[0.8, 0.2, 0.0]]), 4.0)[0, 2] == 0.0


def test_teacher_logits_are_centred():
    np.testing.assert_allclose(
        teacher_logits(example(LOGIT_MATCHING[0])[1], 12.0).sum(axis=1), 0, atol=1e-12
    )


def test_teacher_logits_are_clipped_below_the_likeliest_class():
    logits = teacher_logits(np.array([[1.0, 0.0]]), clip=5.0)
    np.testing.assert_allclose(logits[0, 0] - logits[0, 1], 5.0)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("kind", [SoftTargetLoss, DecoupledLoss, DISTLoss, LabelLoss])
def test_loss_refuses_a_temperature_out_of_range(kind, temperature):
    with pytest.raises(InputError, match="temperature must be > 0 and finite, got"):
        kind(temperature=temperature)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, np.nan])
@pytest.mark.parametrize(
    "kind",
    [
        SoftTargetLoss, LogitMatchingLoss, SquaredErrorLoss, SquaredProbabilitiesLoss,
        DecoupledLoss, DISTLoss, AnnealedLoss, LabelLoss,
    ],
)  # fmt: skip
def test_loss_refuses_an_alpha_out_of_range(kind, alpha):
    with pytest.raises(InputError, match=r"alpha must be in \[0, 1\], got"):
        kind(alpha=alpha)


@pytest.mark.parametrize("clip", [0.0, -3.0, np.nan])
def test_logit_matching_loss_refuses_a_clip_out_of_range(clip):
    with pytest.raises(InputError, match="clip must be > 0, got"):
        LogitMatchingLoss(clip=clip)


# --- a tail of one in a hundred thousand ----------------------------------------------------------


def tail() -> np.ndarray:
    """Return probabilities whose odds are a hundredth apart, down to 1e-5 of either class.

    Below 1 single precision has steps of 6e-8, which is 0.6 % of 1e-5.
    """
    odds = np.arange(np.log(1e-5), -np.log(1e-5), 1e-2)
    chance = 1 / (1 + np.exp(-odds))
    return np.column_stack([1 / (1 + np.exp(odds)), chance]).astype(np.float32)


def test_single_precision_and_the_clip_of_logits_keep_the_ranks_of_the_tail():
    logits = teacher_logits(tail(), LogitMatchingLoss().clip)
    assert (np.diff(logits[:, 1] - logits[:, 0]) > 0).all()


@pytest.mark.parametrize(
    "loss",
    [SoftTargetLoss(), LogitMatchingLoss(), RankingLoss()],
    ids=lambda one: type(one).__name__,
)
def test_loss_in_single_precision_pulls_neighbours_in_the_tail_apart(loss):
    # A student that gives each row what is right for the next one is pulled back, wherever it is.
    response = torch.from_numpy(tail())
    outputs = response[1:].log().requires_grad_()
    hard = torch.full((len(outputs),), -1)
    torch_twin(loss)(outputs, response[:-1], hard).sum().backward()
    # By log-odds: what rounding loses in the one class is there in the other.
    assert bool((outputs.grad[:, 1] > outputs.grad[:, 0]).all())
