"""A figure of some rows, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import share_bounds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A value with its interval of 95 %.

    Parameters
    ----------
    value : float
        What was measured.
    low, high : float
        Its interval; NaN where the rows are too few to tell.
    n_rows : int
        Rows that it rests on: for a recall the positive ones.
    """

    value: float
    low: float
    high: float
    n_rows: int

    def __str__(self) -> str:
        """Return the value with its interval."""
        if np.isnan(self.low):
            return f"{self.value:.3g}"
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def share_figure(share: float, n_rows: int) -> Figure:
    """Return a share of so many rows, with Wilson's interval."""
    low, high = share_bounds(share, n_rows) if n_rows else (np.nan, np.nan)
    return Figure(share, low, high, n_rows)


def checked(is_positive: object, score: object) -> tuple[NDArray[np.bool_], Array]:
    """Return labels and scores as arrays.

    Raises
    ------
    InputError
        If they are of different lengths, a score is no finite number, or rows of one kind are
        absent.
    """
    labels, scores = np.asarray(is_positive), np.asarray(score, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise InputError(
            f"labels and scores must be one of each a row, got the shapes {labels.shape} and "
            f"{scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise InputError("scores must be finite numbers, got others; drop these rows.")
    if labels.dtype != np.bool_ and not np.isin(labels, (0, 1)).all():
        raise InputError("labels must be true or 1 for a positive row and false or 0 for others.")
    labels = labels.astype(bool)
    if labels.all() or not labels.any():
        raise InputError(f"both kinds of rows must be there, got {len(labels):,} of one kind.")
    return labels, scores
