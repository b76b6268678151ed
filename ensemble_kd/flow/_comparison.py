"""Which of two models is better on the same real rows, by a paired bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_RESAMPLES = 1000
# With this much certainty the simpler model takes the place of the distilled one; with more of it
# where the rarest class has few rows, of which a handful then decides.
CERTAIN, CERTAIN_OF_FEW = 0.9, 0.99
FEW = 100


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows.

    Parameters
    ----------
    model, rival : str
        Their names.
    loss, rival_loss : float
        Mean log-loss, or mean squared error, against the true targets.
    probability : float
        Share of the bootstrap resamples of the rows in which `model` has the lower loss, in [0, 1].
    n_rows : int
        Rows that were compared.
    certain : float, default=0.9
        Probability from which on one of them is called better, in (0.5, 1).
    """

    model: str
    rival: str
    loss: float
    rival_loss: float
    probability: float
    n_rows: int
    certain: float = CERTAIN

    @property
    def rival_wins(self) -> bool:
        """Whether the rival is surely better."""
        return self.probability <= 1 - self.certain

    def __str__(self) -> str:
        """Return one sentence."""
        word = "beats" if self.probability >= self.certain else "does not clearly beat"
        word = "is worse than" if self.rival_wins else word
        return (
            f"{self.model} {word} {self.rival} on {self.n_rows:,} real rows: loss {self.loss:.5g} "
            f"and {self.rival_loss:.5g}, lower in {self.probability:.0%} of the resamples."
        )


def compare(
    model: str,
    losses: NDArray[np.float64],
    rival: str,
    rival_losses: NDArray[np.float64],
    weight: NDArray[np.float64],
    seed: int,
    strata: NDArray[np.int64] | None = None,
    group: NDArray[np.int64] | None = None,
) -> Comparison:
    """Compare the losses of two models on the same rows by a paired bootstrap.

    Parameters
    ----------
    model : str
        Name of the model.
    losses : ndarray of shape (n_rows,)
        Its loss of each row.
    rival : str
        Name of the other model.
    rival_losses : ndarray of shape (n_rows,)
        Its loss of each row.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    seed : int
        Of the resamples.
    strata : ndarray of shape (n_rows,) or None, default=None
        Class of each row: where the rarest has fewer than 100, more certainty is asked for.
    group : ndarray of shape (n_rows,) or None, default=None
        Group of each row: groups are drawn whole, as their rows say much the same.

    Returns
    -------
    Comparison

    References
    ----------
    .. [1] Efron, Tibshirani (1993). An Introduction to the Bootstrap, chapter 16.
    """
    rng = np.random.default_rng(seed)
    worse = (losses - rival_losses) * weight
    if group is not None:
        number = np.unique(group, return_inverse=True)[1]
        worse = np.bincount(number, worse).astype(np.float64)
    lower = 0.0
    for _ in range(N_RESAMPLES):
        difference = worse[rng.integers(len(worse), size=len(worse))].sum()
        lower += 1.0 if difference < 0 else 0.5 if difference == 0 else 0.0
    return Comparison(
        model,
        rival,
        float(np.average(losses, weights=weight)),
        float(np.average(rival_losses, weights=weight)),
        lower / N_RESAMPLES,
        len(losses),
        CERTAIN if strata is None or rarest(strata) >= FEW else CERTAIN_OF_FEW,
    )


def rarest(strata: NDArray[np.int64]) -> int:
    """Return how many rows the rarest class has.

    Parameters
    ----------
    strata : ndarray of shape (n_rows,)
        Class of each row.

    Returns
    -------
    int
    """
    return int(np.unique(strata, return_counts=True)[1].min())
