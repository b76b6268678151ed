"""How the members' responses become one: a weighted mean, sharpened, or a sum of logarithms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from ensemble_kd.losses import softmax
from ensemble_kd.tasks import BaseTask

# Bounds a logarithm that a member's zero would make infinite.
SMALLEST_PROBABILITY = 1e-6
# Parts of the rows: each says whether what was found on the others is of use.
N_PARTS = 5
# More rows tell no more of so few numbers.
MOST_ROWS = 20_000
# Pulls the weights of logarithms towards those of the mean.
PENALTY = 1e-3

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Blend:
    """What makes one response of those of several members.

    Parameters
    ----------
    weights : ndarray of shape (n_members,)
        Of the mean; they sum to 1.
    temperature : float, default=1.0
        Greater than 0; the logarithms of the mean's probabilities are divided by it.
    log_weights : ndarray of shape (n_members,) or None, default=None
        In place of the mean, weights of the logarithms of the members' probabilities.
    temperatures : ndarray of shape (n_members,) or None, default=None
        Greater than 0; the logarithms of each member's own probabilities are divided by its first.
    """

    weights: Array
    temperature: float = 1.0
    log_weights: Array | None = None
    temperatures: Array | None = None

    def __call__(self, responses: Array) -> Array:
        """Return shape (n_rows, n_outputs) of responses of shape (n_members, n_rows, n_outputs)."""
        if self.temperatures is not None:
            responses = sharpen(responses, self.temperatures)
        if self.log_weights is not None:
            return softmax(np.tensordot(self.log_weights, _logs(responses), axes=1))
        mean = np.tensordot(self.weights, responses, axes=1)
        if self.temperature == 1.0:
            return np.asarray(mean)
        powers = (mean / mean.max(axis=1, keepdims=True)) ** (1 / self.temperature)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def find_blend(
    weights: Array,
    responses: Array,
    truth: Array,
    sample_weight: Array,
    task: BaseTask,
    *,
    seed: int,
    temperatures: Array | None = None,
) -> Blend:
    """Return the mean with given weights, or what is better on rows that had no say in it.

    Beside the mean these are its temperature [1]_, and a logarithmic pool of the members [2]_, the
    weights of which are pulled towards those of the mean.

    Parameters
    ----------
    weights : ndarray of shape (n_members,)
        Of the mean; they sum to 1.
    responses : ndarray of shape (n_members, n_rows, n_outputs)
        Out-of-fold responses.
    truth : ndarray of shape (n_rows, n_outputs)
        One-hot true classes, or true values, which have a mean alone.
    sample_weight : ndarray of shape (n_rows,)
        Weight of each row.
    task : BaseTask
        Whose loss is lowered.
    seed : int
        Of the parts of the rows.
    temperatures : ndarray of shape (n_members,) or None, default=None
        Of the members' own probabilities, which were sharpened before they were weighed.

    Returns
    -------
    Blend

    References
    ----------
    .. [1] Guo et al. (2017). On Calibration of Modern Neural Networks.
    .. [2] Genest & Zidek (1986). Combining Probability Distributions: A Critique and an Annotated
       Bibliography.
    """
    if temperatures is not None:
        sharp = sharpen(responses, temperatures)
        blend = find_blend(weights, sharp, truth, sample_weight, task, seed=seed)
        return replace(blend, temperatures=temperatures)
    mean = Blend(weights)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(sample_weight > 0))[:MOST_ROWS]
    if not task.has_classes or len(weights) < 2 or len(rows) < N_PARTS:
        return mean
    responses, truth, sample_weight = responses[:, rows], truth[rows], sample_weight[rows]

    def loss_of(response: Array, some: NDArray[np.bool_]) -> float:
        return task.mean_loss(
            response, truth[some], sample_weight[some], floor=SMALLEST_PROBABILITY
        )

    def sharpened(some: NDArray[np.bool_]) -> Blend:
        own = mean(responses[:, some])[None]
        of_one = np.ones(1)
        best = minimize_scalar(
            lambda t: loss_of(Blend(of_one, float(np.exp(t)))(own), some),
            bounds=(-np.log(2), np.log(2)), method="bounded",
        )  # fmt: skip
        return Blend(weights, float(np.exp(best.x)))

    def pooled(some: NDArray[np.bool_]) -> Blend:
        found = _log_weights(weights, responses[:, some], truth[some], sample_weight[some])
        return Blend(weights, log_weights=found)

    every, parts = np.ones(len(rows), dtype=bool), np.arange(len(rows)) % N_PARTS
    ways: list[Callable[[NDArray[np.bool_]], Blend]] = [lambda _: mean, sharpened, pooled]
    losses = []
    for way in ways:
        answer = np.empty_like(truth)
        for part in range(N_PARTS):
            answer[parts == part] = way(parts != part)(responses[:, parts == part])
        losses.append(loss_of(answer, every))
    return ways[int(np.argmin(losses))](every)


def sharpen(responses: Array, temperatures: Array) -> Array:
    """Return probabilities with their logarithms divided by each member's temperature.

    Parameters
    ----------
    responses : ndarray of shape (n_members, n_rows, n_classes)
        Probabilities.
    temperatures : ndarray of shape (n_members,)
        Greater than 0.

    Returns
    -------
    ndarray of shape (n_members, n_rows, n_classes)
    """
    pairs = zip(responses, temperatures, strict=True)
    return np.array([softmax(_logs(one) / temperature) for one, temperature in pairs])


def member_temperatures(
    responses: Array, truth: Array, sample_weight: Array, task: BaseTask
) -> Array:
    """Return the temperature of the least loss for each member.

    Parameters
    ----------
    responses : ndarray of shape (n_members, n_rows, n_classes)
        Out-of-fold probabilities.
    truth : ndarray of shape (n_rows, n_classes)
        One-hot true classes.
    sample_weight : ndarray of shape (n_rows,)
        Weight of each row.
    task : BaseTask
        Whose loss is lowered.

    Returns
    -------
    ndarray of shape (n_members,)
        Between a quarter and four.
    """

    def best(response: Array) -> float:
        logs = _logs(response)

        def loss(log_temperature: float) -> float:
            return task.mean_loss(
                softmax(logs / np.exp(log_temperature)), truth, sample_weight,
                floor=SMALLEST_PROBABILITY,
            )  # fmt: skip

        found = minimize_scalar(loss, bounds=(-np.log(4), np.log(4)), method="bounded")
        return float(np.exp(found.x))

    return np.array([best(response) for response in responses])


def _logs(responses: Array) -> Array:
    return np.log(np.maximum(responses, SMALLEST_PROBABILITY))


def _log_weights(weights: Array, responses: Array, truth: Array, sample_weight: Array) -> Array:
    """Return weights of the members' logarithms with the least penalised log-loss."""
    logs, share = _logs(responses), sample_weight / sample_weight.sum()

    def value_and_gradient(found: Array) -> tuple[float, Array]:
        sums = np.tensordot(found, logs, axes=1)
        sums -= sums.max(axis=1, keepdims=True)
        normed = sums - np.log(np.exp(sums).sum(axis=1, keepdims=True))
        excess = (np.exp(normed) - truth) * share[:, None]
        away = found - weights
        loss = -(truth * normed).sum(axis=1) @ share + PENALTY * away @ away
        return float(loss), np.tensordot(logs, excess, axes=2) + 2 * PENALTY * away

    return np.asarray(minimize(value_and_gradient, weights, jac=True, method="L-BFGS-B").x)
