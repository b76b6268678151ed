"""Whether two models raise the same alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.metrics._figure import Figure, share_figure
from ensemble_kd.metrics._ranking import rank_correlation
from ensemble_kd.model import SURE

Array = NDArray[np.float64]
# A rank correlation of 1 has no noise.
MOST_CERTAIN = 1 - 1e-15


@dataclass(frozen=True)
class AlertOverlap(Figure):
    """Rows that both models alert, of those that one of them does.

    Parameters
    ----------
    value, low, high, n_rows : float or int
        The share in [0, 1], its interval, and the rows that one of them alerts.
    ceiling : float, default=1.0
        The most that it could be. As rows that score alike are all alerts or none, one model may
        have more alerts than the other; this is the share if the smaller set were within the
        larger.
    """

    ceiling: float = 1.0

    def __str__(self) -> str:
        """Return the share with its interval and its ceiling."""
        return f"{super().__str__()} of at most {self.ceiling:.3g}"


def alert_overlap(first: Any, second: Any, share: float) -> AlertOverlap:
    """Return the overlap of the alerts of two scores of the same rows, at the same alert rate.

    Parameters
    ----------
    first, second : array of shape (n_rows,)
        High for what is an alert; scores that are low for what is abnormal with a minus.
    share : float
        In (0, 1): of the rows, rounded up. Ties with the last of them are alerts, too.

    Returns
    -------
    AlertOverlap
        The index of Jaccard.

    Raises
    ------
    InputError
        If the scores are not of as many rows, or the share is out of range.

    Examples
    --------
    >>> print(alert_overlap([1, 2, 3, 4], [1, 2, 4, 4], share=0.25))
    0.5 (0.0945 to 0.905) of at most 0.5
    """
    scores = [np.asarray(score, dtype=np.float64) for score in (first, second)]
    if scores[0].ndim != 1 or scores[0].shape != scores[1].shape or not len(scores[0]):
        raise InputError(
            f"scores must be of the same rows, got the shapes {scores[0].shape} and "
            f"{scores[1].shape}."
        )
    if not 0 < share < 1:
        raise InputError(f"share must be in (0, 1), got {share!r}.")
    n_top = int(np.ceil(share * len(scores[0])))
    ours, theirs = (score >= np.sort(score)[len(score) - n_top] for score in scores)
    n_both, n_either = int((ours & theirs).sum()), int((ours | theirs).sum())
    sizes = sorted((int(ours.sum()), int(theirs.sum())))
    found = share_figure(n_both / n_either, n_either)
    return AlertOverlap(**vars(found), ceiling=sizes[0] / sizes[1])


def rank_agreement(first: Any, second: Any) -> Figure:
    """Return Spearman's rank correlation of two scores, with its interval.

    Parameters
    ----------
    first, second : array of shape (n_rows,)
        Scores of the same rows.

    Returns
    -------
    Figure
        In [-1, 1]; NaN where one of them is constant.

    References
    ----------
    .. [1] Bonett, Wright (2000). Sample Size Requirements for Estimating Pearson, Kendall and
       Spearman Correlations: its standard error of Fisher's z.
    """
    ours, theirs = (np.asarray(score, dtype=np.float64) for score in (first, second))
    found = rank_correlation(ours, theirs)
    if found is None or len(ours) < 4:
        return Figure(np.nan if found is None else found, np.nan, np.nan, len(ours))
    half = SURE * np.sqrt((1 + found**2 / 2) / (len(ours) - 3))
    middle = np.arctanh(np.clip(found, -MOST_CERTAIN, MOST_CERTAIN))
    return Figure(found, float(np.tanh(middle - half)), float(np.tanh(middle + half)), len(ours))
