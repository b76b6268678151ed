"""Weights of an ensemble by greedy selection (Caruana, Niculescu-Mizil, Crew, Ksikes 2004)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.weighing._blending import (
    N_PARTS,
    SMALLEST_PROBABILITY,
    member_temperatures,
    sharpen,
)

# Rows that are enough to choose weights by where time is short.
MOST_COMPARED = 20_000


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


def cross_fitted_responses(
    responses: NDArray[np.float64],
    truth: NDArray[np.float64],
    sample_weight: NDArray[np.float64],
    task: BaseTask,
    *,
    weights: NDArray[np.float64] | None,
    is_sharpened: bool = False,
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
    is_sharpened : bool, default=False
        Whether the ensemble's members are each sharpened on their own, as its `blend_` says; the
        other rows say how sharp. The best member is as it is.
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
        known, asked, found = (truth[others], sample_weight[others], task), responses, weights
        if is_sharpened:
            asked = sharpen(responses, member_temperatures(responses[:, others], *known))
        if found is None:
            found = greedy_weights(asked[:, others], *known)
        ensemble[rows] = np.tensordot(found, asked[:, rows], axes=1)
        member[rows] = responses[best_of(others)][rows]
    return ensemble, member, best_of(np.ones(len(truth), dtype=bool))


def some_of(rows: NDArray[np.bool_], most: int, seed: int) -> NDArray[np.bool_]:
    """Return at most so many of some rows, drawn at random.

    Parameters
    ----------
    rows : ndarray of shape (n_samples,), bool
        To draw from.
    most : int
        Rows to keep.
    seed : int
        Of the draw.

    Returns
    -------
    ndarray of shape (n_samples,), bool
    """
    found = np.flatnonzero(rows)
    if len(found) <= most:
        return rows
    kept = np.zeros(len(rows), dtype=bool)
    kept[np.random.default_rng(seed).choice(found, most, replace=False)] = True
    return kept
