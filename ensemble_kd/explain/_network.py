"""Contributions of columns to a network: Shapley values of each layer, passed down.

What the columns add to the first layer is a sum of one term a column, so between a row x and one b
of the background the difference of each hidden number is a sum over columns. A ReLU passes
differences on by the factor

    (relu(h(x)) - relu(h(b))) / (h(x) - h(b))

and a layer by its weights, so that the product of all of them, from the output down, turns the
difference of each column's term into a share of the difference of the outputs. The shares sum to
it whatever the rounding of the factors is, but for that of float64. This is the rescale rule of
DeepLIFT [1]_, averaged over a background as DeepSHAP does [2]_. Without a hidden layer the values
are the Shapley values; with hidden layers they are near them, and cost a pass through the
network for each row of the background in place of one for each coalition.

References
----------
.. [1] Shrikumar, A., Greenside, P. and Kundaje, A. (2017). Learning important features through
   propagating activation differences. ICML, Eq. 2 and 3.
.. [2] Chen, H., Lundberg, S. M. and Lee, S.-I. (2022). Explaining a series of models by
   propagating Shapley values. Nature Communications 13.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain._outside import outside_shares
from ensemble_kd.model import MLPRecord
from ensemble_kd.runtime import MLPRuntime

# Numbers held at once.
CHUNK_NUMBERS = 2_000_000
# Differences of hidden numbers up to this are none: the factor is then the slope, and what it
# leaves out of the sum is as small.
SMALLEST_DIFFERENCE = 1e-11

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class NetworkValues:
    """Contributions of players to the output of a network.

    Parameters
    ----------
    record : MLPRecord
        The network.
    background : ndarray of shape (n_background, n_columns)
        Encoded rows.
    player : ndarray of shape (n_columns,), int
        Which player each column belongs to.
    n_players : int
        How many there are.
    weight : ndarray of shape (n_outputs,)
        What each output is multiplied by.
    offset : float
        Added to the number that is explained.

    Attributes
    ----------
    base : float
        Mean of the number that is explained over the background.
    """

    def __init__(
        self,
        record: MLPRecord,
        background: Floats,
        player: Ints,
        n_players: int,
        weight: Floats,
        offset: float,
    ) -> None:
        self._record = record
        self._runtime = runtime = MLPRuntime(record)
        self._weight = record.output_scale * weight
        self._player, self._n_players = player, n_players
        columns = np.concatenate([record.numeric_columns, record.category_columns]).astype(np.int64)
        self._n_numeric = len(record.numeric_columns)
        n_columns = len(player)
        self._of_outside = np.flatnonzero(columns >= n_columns)
        self._outside_number = columns[self._of_outside] - n_columns
        # From terms to players; those of the numbers that tell how far outside come to all columns.
        self._to_player = np.zeros((len(columns), n_players))
        own = np.flatnonzero(columns < n_columns)
        self._to_player[own, player[columns[own]]] = 1.0
        n_pieces = np.bincount(runtime.column_of_piece, minlength=self._n_numeric)
        self._piece_start = np.concatenate([[0], np.cumsum(n_pieces)[:-1]]).astype(np.int64)
        self._hidden = self._forward(background)
        last = self._hidden[-1].mean(axis=0)
        self.base = float(offset + record.output_mean * weight.sum() + self._weight @ last)
        # (n_background, n_hidden, n_terms), as it is multiplied.
        self._terms = self._background_terms(background)

    def _forward(self, X: Floats) -> list[Floats]:
        """Return the hidden numbers before each ReLU, and last the outputs."""
        runtime = self._runtime
        missing, pieces, rows = runtime.encode(X)
        h = runtime.first_bias + missing @ runtime.missing_weight + pieces @ runtime.numeric_weight
        h += runtime.category_weight[rows].sum(axis=1)
        out = [h]
        for weight, bias in runtime.layers:
            out.append(np.maximum(out[-1], 0.0) @ weight + bias)
        return out

    def _background_terms(self, background: Floats) -> Floats:
        runtime = self._runtime
        missing, pieces, rows = runtime.encode(background)
        n_terms = self._to_player.shape[0]
        out = np.zeros((len(background), len(runtime.first_bias), n_terms))
        for k in range(self._n_numeric):
            mine = runtime.column_of_piece == k
            out[:, :, k] = pieces[:, mine] @ runtime.numeric_weight[mine]
            out[:, :, k] += missing[:, [k]] * runtime.missing_weight[k]
        out[:, :, self._n_numeric :] = runtime.category_weight[rows].transpose(0, 2, 1)
        return out

    def contributions(self, X: Floats) -> Floats:
        """Return the contribution of each player.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_rows, n_players)
            They and `base` sum to the number that is explained.
        """
        n_background, n_hidden, n_terms = self._terms.shape
        widest = max(h.shape[1] for h in self._hidden)
        n_pieces = len(self._runtime.column_of_piece)
        step = max(1, CHUNK_NUMBERS // (n_background * widest + n_pieces + n_terms * n_hidden))
        out = np.zeros((len(X), self._n_players))
        for i in range(0, len(X), step):
            part = X[i : i + step]
            of_terms = self._of_terms(part)
            out[i : i + step] = of_terms @ self._to_player
            if len(self._of_outside):
                out[i : i + step] += self._of_columns_outside(part, of_terms[:, self._of_outside])
        return out

    def _of_terms(self, X: Floats) -> Floats:
        runtime = self._runtime
        factors = self._factors(self._forward(X))
        n_background = factors.shape[1]
        mean = factors.mean(axis=1)
        missing, pieces, rows = runtime.encode(X)
        out = np.empty((len(X), self._terms.shape[2]))
        numeric = out[:, : self._n_numeric]
        if self._n_numeric:
            of_pieces = pieces * (mean @ runtime.numeric_weight.T)
            numeric[:] = np.add.reduceat(of_pieces, self._piece_start, axis=1)
            numeric += missing * (mean @ runtime.missing_weight.T)
        categories = runtime.category_weight[rows]
        out[:, self._n_numeric :] = np.einsum("nch,nh->nc", categories, mean)
        flat = self._terms.reshape(-1, self._terms.shape[2])
        return np.asarray(out - factors.reshape(len(X), -1) @ flat / n_background)

    def _factors(self, hidden: list[Floats]) -> Floats:
        """Return what a difference in the first layer is multiplied by, beside each row."""
        n_rows, n_background = len(hidden[0]), len(self._hidden[0])
        out = np.broadcast_to(self._weight, (n_rows, n_background, len(self._weight)))
        layers = list(zip(hidden, self._hidden, self._runtime.layers, strict=False))
        for mine, other, (weight, _) in reversed(layers):
            difference = mine[:, None] - other
            passed = np.maximum(mine, 0.0)[:, None] - np.maximum(other, 0.0)
            is_none = np.abs(difference) <= SMALLEST_DIFFERENCE
            slope = (mine > 0).astype(np.float64)[:, None]
            share = np.where(is_none, slope, passed / np.where(is_none, 1.0, difference))
            out = (out @ weight.T) * share
        return out

    def _of_columns_outside(self, X: Floats, of_numbers: Floats) -> Floats:
        assert self._record.outside is not None
        shares = outside_shares(self._record.outside, X)[:, self._outside_number]
        of_columns = np.einsum("nk,nkc->nc", of_numbers, shares)
        out = np.zeros((len(X), self._n_players))
        for i, column in enumerate(self._record.outside.columns.tolist()):
            out[:, self._player[column]] += of_columns[:, i]
        return out
