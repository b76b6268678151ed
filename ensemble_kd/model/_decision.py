"""What stands between a student's numbers and its answer: a calibrator, as plain numbers.

The calibrator of a classifier is either of these. With s the outputs before the link,

    LogitScaling      link(scale * s + bias)
    ProbabilityCurve  p = curve(probability of the second class), and 1 - p for the first

That of a score, a ScoreCurve, says what an earlier model would have given.

A threshold, which is a number of the model itself, says from which probability on the second of two
classes is the answer; without one it is the likelier class. Of a score, low for what is abnormal,
it says below which a row is an outlier, and quantiles say how abnormal it is beside real rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LogitScaling:
    """A line on the logits: temperature scaling, or Platt's where there is a bias.

    Parameters
    ----------
    scale : float
        Greater than 0; one over the temperature.
    bias : ndarray of shape (n_sums,), float64
        Added to each logit after that.
    """

    scale: float
    bias: NDArray[np.float64]

    def __str__(self) -> str:
        """Return what it does, in a few words."""
        return f"logits times {self.scale:.4g}" + (", plus a bias" if self.bias.any() else "")


@dataclass(frozen=True)
class ProbabilityCurve:
    """A curve of straight pieces on the probability of the second of two classes.

    Parameters
    ----------
    x : ndarray of shape (n_knots,), float64
        Strictly increasing, in [0, 1]. At least two.
    y : ndarray of shape (n_knots,), float64
        The probability that each stands for: not decreasing, in [0, 1]. Below the first knot and
        above the last the curve is flat.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __str__(self) -> str:
        """Return what it does, in a few words."""
        return f"a rising curve of {len(self.x)} knots on the probability of the second class"


@dataclass(frozen=True)
class ScoreCurve:
    """A curve of straight pieces on a score, such as one to the scores of an earlier model.

    Parameters
    ----------
    x : ndarray of shape (n_knots,), float64
        Strictly increasing. At least two.
    y : ndarray of shape (n_knots,), float64
        The score that each stands for: not decreasing. Below the first knot and above the last the
        curve is flat.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __str__(self) -> str:
        """Return what it does, in a few words."""
        return f"a rising curve of {len(self.x)} knots on the score"


@dataclass(frozen=True)
class ScoreQuantiles:
    """How the scores of real rows, which the student was not trained on, are spread.

    Parameters
    ----------
    score : ndarray of shape (n_knots,), float64
        Strictly increasing. At least one.
    share : ndarray of shape (n_knots,), float64
        Share of the rows whose score is below each: not decreasing, in [0, 1].
    """

    score: NDArray[np.float64]
    share: NDArray[np.float64]


Calibrator = LogitScaling | ProbabilityCurve | ScoreCurve
