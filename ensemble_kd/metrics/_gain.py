"""The share of the teacher's gain that a student keeps, and how sure the rows are of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from ensemble_kd.metrics._fidelity import gain_kept

if TYPE_CHECKING:
    from ensemble_kd.tasks import BaseTask

Array = NDArray[np.float64]
SURE = 0.95
STEP = 1e-6


@dataclass(frozen=True)
class GainKept:
    """A share with its interval of 95 %.

    Parameters
    ----------
    share : float
        As `gain_kept` gives it; NaN where the teacher gains nothing.
    low, high : float
        Its interval; NaN where the teacher's gain is itself within the noise of the rows, so that
        no share of it means anything.
    """

    share: float
    low: float
    high: float

    @property
    def is_told(self) -> bool:
        """Whether the rows tell a share at all."""
        return not math.isnan(self.low)

    def __str__(self) -> str:
        """Return the share with its interval, or why there is none."""
        if self.is_told:
            shown = short_gain(self)
            return f"{shown} of the teacher's gain over plain training is kept (95 % interval)"
        if math.isnan(self.share):
            return "the teacher gains nothing over plain training, so there is no share to keep"
        return (
            "the teacher's gain over plain training is within the noise of these rows, so no share "
            "of it is told"
        )


def short_gain(kept: GainKept) -> str:
    """Return the share with its interval, such as "87 % (70 to 104)".

    Parameters
    ----------
    kept : GainKept
        The share.

    Returns
    -------
    str
        "-" where none is told.
    """
    if not kept.is_told:
        return "-"
    return f"{100 * kept.share:.0f} % ({100 * kept.low:.0f} to {100 * kept.high:.0f})"


class LossRows:
    """Losses of several models on the same rows, to be compared in pairs.

    Parameters
    ----------
    task : BaseTask
        What is predicted.
    truth : ndarray of shape (n_rows, n_outputs)
        As ``task.truth`` gives it.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    group : ndarray of shape (n_rows,) or None, default=None
        Group of each row, whose rows say much the same and count as one.
    **options : float
        Of ``task.row_losses``.
    """

    def __init__(
        self,
        task: BaseTask,
        truth: Array,
        weight: Array,
        group: NDArray[np.int64] | None = None,
        **options: float,
    ) -> None:
        self._task, self._truth, self._weight = task, truth, weight
        self._options = options
        self._group = None if group is None else np.unique(group, return_inverse=True)[1]

    def excess(self, response: Array, other: Array) -> tuple[float, float, float]:
        """Return by how much one model's loss is above another's, and the interval of 95 %."""
        (one, its), (rival, rivals) = self._score(response), self._score(other)
        apart, n = its - rivals, len(its)
        half = _quantile(n) * math.sqrt(_scale(n) * float((apart**2).sum()))
        return one - rival, one - rival - half, one - rival + half

    def gain_kept(self, plain: Array, student: Array, teacher: Array) -> GainKept:
        """Return the share of the teacher's gain over plain training that the student keeps.

        The interval is Fieller's, of a ratio of two means from the same rows.

        References
        ----------
        .. [1] Fieller (1954). Some Problems in Interval Estimation.
        """
        (a, its), (b, students), (c, teachers) = map(self._score, (plain, student, teacher))
        share, n = gain_kept(a, b, c), len(its)
        if math.isnan(share):
            return GainKept(share, math.nan, math.nan)
        apart = np.stack([its - students, its - teachers])
        (v, cov), (_, w) = (_scale(n) * apart @ apart.T).tolist()
        q, gain = _quantile(n), a - c
        doubt = q**2 * w / gain**2  # of the gain itself; from 1 on it may be nothing
        if not doubt < 1:
            return GainKept(share, math.nan, math.nan)
        # The loss and its share of the gain, with what both have in common taken out.
        spread = v - 2 * share * cov + share**2 * w - (q**2 / gain**2) * (v * w - cov**2)
        half = q / gain * math.sqrt(max(spread, 0.0)) / (1 - doubt)
        middle = (share - q**2 / gain**2 * cov) / (1 - doubt)
        return GainKept(share, middle - half, middle + half)

    def _score(self, response: Array) -> tuple[float, Array]:
        """Return the loss as it is reported, and what each row, or group, adds to its noise."""
        losses = self._task.row_losses(response, self._truth, **self._options)
        weight = self._weight
        mean = float(np.average(losses, weights=weight))
        step = STEP * max(mean, 1e-300)
        slope = (self._task.score_of(mean + step) - self._task.score_of(mean)) / step
        share = weight * (losses - mean) / weight.sum() * slope
        if self._group is not None:
            share = np.bincount(self._group, share).astype(np.float64)
        return self._task.score_of(mean), share


def _scale(n: int) -> float:
    return n / max(n - 1, 1)


def _quantile(n: int) -> float:
    return float(t.ppf((1 + SURE) / 2, max(n - 1, 1)))
