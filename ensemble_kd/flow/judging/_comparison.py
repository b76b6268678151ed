"""Which of two models is better on the same real rows, by a paired bootstrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.metrics import RowScoring
from ensemble_kd.tasks import BaseTask

N_RESAMPLES = 1000
# With this much certainty the simpler model takes the place of the distilled one; with more of it
# where the rarest class has few rows, of which a handful then decides.
CERTAIN, CERTAIN_OF_FEW = 0.9, 0.99
FEW = 100
# Cells of a table of resamples that are held at once.
MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows.

    Parameters
    ----------
    model, rival : str
        Their names.
    loss, rival_loss : float
        Mean log-loss, or mean squared error, against the true targets; by a score what is missing
        to the best one, or the cost of a row.
    probability : float
        Share of the bootstrap resamples of the rows in which `model` has the lower loss, in [0, 1].
    n_rows : int
        Rows that were compared.
    certain : float, default=0.9
        Probability from which on one of them is called better, in (0.5, 1).
    scoring : str or None, default=None
        Name of the score that they were compared by; None compares losses.
    """

    model: str
    rival: str
    loss: float
    rival_loss: float
    probability: float
    n_rows: int
    certain: float = CERTAIN
    scoring: str | None = None

    @property
    def rival_wins(self) -> bool:
        """Whether the rival is surely better."""
        return self.probability <= 1 - self.certain

    def __str__(self) -> str:
        """Return one sentence."""
        word = "beats" if self.probability >= self.certain else "does not clearly beat"
        word = "is worse than" if self.rival_wins else word
        which, values, better = "loss", [self.loss, self.rival_loss], "lower"
        if self.scoring is not None:
            which, better = self.scoring, "higher"
            values = [RowScoring(self.scoring).value(value) for value in values]
        return (
            f"{self.model} {word} {self.rival} on {self.n_rows:,} real rows: {which} "
            f"{values[0]:.5g} and {values[1]:.5g}, {better} in {self.probability:.0%} of the "
            "resamples."
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


@dataclass(frozen=True)
class Standard:
    """What two models are compared by, on some real rows.

    Parameters
    ----------
    task : BaseTask
        What is predicted.
    hard : ndarray of shape (n_rows,)
        Index of the true class, or the true value.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    seed : int
        Of the resamples.
    group : ndarray of shape (n_rows,) or None
        Group of each row: groups are drawn whole.
    scoring : RowScoring or None, default=None
        A score of all rows in place of the loss of each. It is no sum over rows, so both models are
        scored on each resample.
    """

    task: BaseTask
    hard: NDArray[Any]
    weight: NDArray[np.float64]
    seed: int
    group: NDArray[np.int64] | None
    scoring: RowScoring | None = None

    def compare(
        self,
        model: str,
        response: NDArray[np.float64],
        rival: str,
        rival_response: NDArray[np.float64],
    ) -> Comparison:
        """Return two responses of shape (n_rows, n_outputs) beside each other."""
        truth, strata = self.task.truth(self.hard), self.task.strata(self.hard)
        if self.scoring is None:
            losses, rival_losses = (
                self.task.row_losses(one, truth) for one in (response, rival_response)
            )
            return compare(
                model, losses, rival, rival_losses, self.weight, self.seed, strata, self.group
            )
        losses, rival_losses = self.shortfalls(
            self.scoring, [(truth, response), (truth, rival_response)], N_RESAMPLES
        )
        worse = (losses - rival_losses)[1:]
        worse = worse[~np.isnan(worse)]
        lower = np.where(worse < 0, 1.0, np.where(worse == 0, 0.5, 0.0))
        return Comparison(
            model, rival, float(losses[0]), float(rival_losses[0]),
            float(lower.mean()) if len(lower) else 0.5, len(truth),
            CERTAIN if rarest(strata) >= FEW else CERTAIN_OF_FEW, self.scoring.name,
        )  # fmt: skip

    def shortfalls(
        self,
        scoring: RowScoring,
        answers: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
        n_resamples: int,
    ) -> NDArray[np.float64]:
        """Return how far answers fall short, of the rows as they are and of each resample of them.

        Parameters
        ----------
        scoring : RowScoring
            The score.
        answers : sequence of (ndarray, ndarray) of shape (n_rows, 2)
            What is true, or how likely, and the response to it.
        n_resamples : int
            Resamples, the same for all answers.

        Returns
        -------
        ndarray of shape (n_answers, 1 + n_resamples)
        """
        blocks = [
            [
                scoring.shortfall(target[:, 1], response[:, 1], weight)
                for target, response in answers
            ]
            for weight in self._weightings(n_resamples)
        ]
        return np.concatenate(blocks, axis=1)

    def _weightings(self, n_resamples: int) -> Iterator[NDArray[np.float64]]:
        """Yield what each row counts: as it is, then as rows, or groups, are drawn again."""
        yield self.weight[None]
        rng = np.random.default_rng(self.seed)
        group = np.arange(len(self.weight)) if self.group is None else self.group
        number = np.unique(group, return_inverse=True)[1]
        n_groups = int(number.max()) + 1
        size = max(1, MOST_CELLS // len(number))
        for start in range(0, n_resamples, size):
            counts = [
                np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
                for _ in range(min(size, n_resamples - start))
            ]
            yield np.array(counts, dtype=np.float64)[:, number] * self.weight


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
