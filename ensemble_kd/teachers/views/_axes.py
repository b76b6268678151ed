"""Several models' numbers for a row as one view: on one scale, and no more of them than asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Share of the largest variance below which a direction is rounding.
NOTHING = 1e-10


class Axes:
    """The directions in which some models' numbers vary most, each model at its weight.

    Parameters
    ----------
    blocks : list of ndarray of shape (n_rows, n_numbers)
        What each model says of the same real rows.
    weights : list of float
        Of the models; each block is brought to a mean squared length of its weight.
    n_components : int
        Directions at most.
    """

    def __init__(self, blocks: list[Array], weights: list[float], n_components: int) -> None:
        self._means = [block.mean(axis=0) for block in blocks]
        lengths = [
            float(((block - mean) ** 2).sum(axis=1).mean())
            for block, mean in zip(blocks, self._means, strict=True)
        ]
        self._scales = [
            (w / length) ** 0.5 if length > 0 else 0.0
            for w, length in zip(weights, lengths, strict=True)
        ]
        joined = self._join(blocks)
        variance, directions = np.linalg.eigh(joined.T @ joined / len(joined))
        order = np.argsort(variance)[::-1][:n_components]
        order = order[variance[order] > NOTHING * max(float(variance.max()), 1e-300)]
        found = directions[:, order]
        # The sign of a direction is nobody's: its largest entry is positive.
        signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
        self._directions = found * signs

    def __call__(self, blocks: list[Array]) -> Array:
        """Return the coordinates of rows, of shape (n_rows, n_directions)."""
        return np.asarray(self._join(blocks) @ self._directions)

    def _join(self, blocks: list[Array]) -> Array:
        parts = zip(blocks, self._means, self._scales, strict=True)
        return np.hstack([scale * (block - mean) for block, mean, scale in parts])
