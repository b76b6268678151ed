"""Weights of an ensemble by greedy selection (Caruana, Niculescu-Mizil, Crew, Ksikes 2004)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.tasks import BaseTask

# Bounds a log-loss that a member's zero would make infinite.
SMALLEST_PROBABILITY = 1e-6


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
