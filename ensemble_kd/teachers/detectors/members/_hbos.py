"""HBOS with frozen histograms, without steps, and growing outside."""

from __future__ import annotations

import numpy as np

from ensemble_kd.teachers.detectors.members._base import Detector, Matrix

MOST_BINS = 50


class HBOS(Detector):
    """Histogram-based scores (Goldstein & Dengel 2012): how thin each column is where a row lies.

    The density is drawn from the middle of a bin to that of the next, as steps make most rows tie.
    Outside the bins it falls with the distance.

    Parameters
    ----------
    n_bins : int or "auto", default="auto"
        Bins of each column between the training rows' least and greatest 1 %; "auto" takes the
        root of the number of rows, at most 50.
    """

    def __init__(self, *, n_bins: int | str = "auto") -> None:
        self.n_bins = n_bins

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        n_bins = min(MOST_BINS, max(4, int(np.sqrt(len(X)))))
        if self.n_bins != "auto":
            n_bins = int(self.n_bins)
        self.middles_, self.surprise_, self.width_ = [], [], []
        for column in X.T:
            low, high = np.quantile(column, [0.005, 0.995])
            if not high > low:
                low, high = column.min(), column.max()
            if not high > low:
                low, high = low - 0.5, low + 0.5
            counts, edges = np.histogram(
                np.clip(column, low, high), n_bins, (low, high), weights=weight
            )
            total = counts.sum()
            self.middles_.append((edges[1:] + edges[:-1]) / 2)
            self.surprise_.append(-np.log((counts + 0.5) / (total + 0.5 * n_bins)))
            self.width_.append(edges[1] - edges[0])

    def _score(self, X: Matrix) -> Matrix:
        out = np.zeros(len(X))
        for values, middles, surprise, width in zip(
            X.T, self.middles_, self.surprise_, self.width_, strict=True
        ):
            outside = np.maximum(middles[0] - values, values - middles[-1])
            out -= np.interp(values, middles, surprise)
            out -= np.log1p(np.maximum(outside, 0) / width)
        return out
