"""Weights of an ensemble by greedy selection (Caruana et al. 2004), and its temperature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._weighted_mean import tempered

# Bounds a log-loss that a member's zero would make infinite.
SMALLEST_PROBABILITY = 1e-6
# Parts of the rows: each is answered by what the others chose.
N_PARTS = 5


def greedy_weights(
    responses: NDArray[np.float64],
    truth: NDArray[np.float64],
    sample_weight: NDArray[np.float64],
    task: BaseTask,
    *,
    n_rounds: int = 50,
) -> NDArray[np.float64]:
    """Choose members with replacement, each time the one that lowers the loss of the mean most.

    Parameters
    ----------
    responses : ndarray of shape (n_members, n_samples, n_outputs)
        Out-of-fold responses of the members.
    truth : ndarray of shape (n_samples, n_outputs)
        One-hot true classes, or true values.
    sample_weight : ndarray of shape (n_samples,)
        Weight of each row in the loss.
    task : BaseTask
        Whose loss is lowered.
    n_rounds : int, default=50
        Members to choose; the best prefix of the choices counts.

    Returns
    -------
    ndarray of shape (n_members,)
        Weights that sum to 1.

    References
    ----------
    .. [1] Caruana et al. (2004). Ensemble Selection from Libraries of Models, section 2.
    """
    n_members = len(responses)
    counts = np.zeros(n_members)
    total = np.zeros_like(responses[0])
    best_loss, best_counts = np.inf, counts
    for size in range(1, n_rounds + 1):
        losses = [
            task.mean_loss(
                (total + response) / size, truth, sample_weight, floor=SMALLEST_PROBABILITY
            )
            for response in responses
        ]
        chosen = int(np.argmin(losses))
        counts[chosen] += 1
        total += responses[chosen]
        if losses[chosen] < best_loss:
            best_loss, best_counts = losses[chosen], counts.copy()
    return np.asarray(best_counts / best_counts.sum())


def best_temperature(
    response: NDArray[np.float64],
    truth: NDArray[np.float64],
    sample_weight: NDArray[np.float64],
    task: BaseTask,
    *,
    seed: int,
) -> float:
    """Return the temperature at which probabilities have the least loss (Guo et al. 2017).

    It is 1 where the temperatures that were found on some of the rows do not help the others, and
    for values.

    Parameters
    ----------
    response : ndarray of shape (n_samples, n_outputs)
        Out-of-fold responses of the ensemble.
    truth : ndarray of shape (n_samples, n_outputs)
        One-hot true classes, or true values.
    sample_weight : ndarray of shape (n_samples,)
        Weight of each row.
    task : BaseTask
        Whose loss is lowered.
    seed : int
        Of the parts of the rows.

    Returns
    -------
    float
        Between 1/2 and 2.
    """
    if not task.has_classes:
        return 1.0

    def found(rows: NDArray[np.bool_]) -> float:
        def loss(log_temperature: float) -> float:
            own = tempered(response[rows], float(np.exp(log_temperature)))
            return task.mean_loss(own, truth[rows], sample_weight[rows], floor=SMALLEST_PROBABILITY)

        best = minimize_scalar(loss, bounds=(-np.log(2), np.log(2)), method="bounded")
        return float(np.exp(best.x))

    parts = np.random.default_rng(seed).integers(N_PARTS, size=len(truth))
    others = np.empty_like(response)
    for part in range(N_PARTS):
        rows = parts == part
        if not sample_weight[~rows].sum() > 0:
            return 1.0
        others[rows] = tempered(response[rows], found(~rows))
    losses = [
        task.mean_loss(r, truth, sample_weight, floor=SMALLEST_PROBABILITY)
        for r in (others, response)
    ]
    return found(np.ones(len(truth), dtype=bool)) if losses[0] < losses[1] else 1.0


def cross_fitted_responses(
    responses: NDArray[np.float64],
    truth: NDArray[np.float64],
    sample_weight: NDArray[np.float64],
    task: BaseTask,
    *,
    weights: NDArray[np.float64] | None,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return the ensemble and its best member, each chosen without the rows that it answers.

    Greedy selection begins with the best member, so that on the rows that chose the weights the
    ensemble is never worse than it, and a comparison could not fail.

    Parameters
    ----------
    responses : ndarray of shape (n_members, n_samples, n_outputs)
        Out-of-fold responses of the members.
    truth : ndarray of shape (n_samples, n_outputs)
        One-hot true classes, or true values.
    sample_weight : ndarray of shape (n_samples,)
        Weight of each row.
    task : BaseTask
        Whose loss chooses.
    weights : ndarray of shape (n_members,) or None
        Weights that no row has chosen; None selects them greedily on the other rows.
    seed : int
        Of the parts.

    Returns
    -------
    ensemble, member : ndarray of shape (n_samples, n_outputs)
        Response of the weighted mean, and of the single best member.
    best : int
        Index of the member that is best on all rows.
    """
    ensemble, member = np.empty_like(responses[0]), np.empty_like(responses[0])
    parts = np.random.default_rng(seed).integers(N_PARTS, size=len(truth))

    def best_of(rows: NDArray[np.bool_]) -> int:
        losses = [task.mean_loss(r[rows], truth[rows], sample_weight[rows]) for r in responses]
        return int(np.argmin(losses))

    for part in range(N_PARTS):
        rows, others = parts == part, parts != part
        if not rows.any() or not sample_weight[others].sum() > 0:
            others = np.ones(len(truth), dtype=bool)
        found = weights
        if found is None:
            found = greedy_weights(responses[:, others], truth[others], sample_weight[others], task)
        ensemble[rows] = np.tensordot(found, responses[:, rows], axes=1)
        member[rows] = responses[best_of(others)][rows]
    return ensemble, member, best_of(np.ones(len(truth), dtype=bool))
