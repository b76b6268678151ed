"""Exact interventional Shapley values of trees, leaf by leaf.

Beside one row b of the background, a coalition S of players (columns, or groups of them) sends a
row x to a leaf if x fulfils what the path asks of the players in S, and b what it asks of the
others. Let ``n_x`` players be fulfilled by x alone and ``n_b`` by b alone; a player that neither
fulfils rules the leaf out. Then the Shapley value of the leaf's number v is

    + v (n_x - 1)! n_b! / (n_x + n_b)!    of each player fulfilled by x alone
    - v n_x! (n_b - 1)! / (n_x + n_b)!    of each player fulfilled by b alone

and 0 of the others [1]_. It depends on x only by which players of the path x fulfils, so a table
has, for each leaf and each set of fulfilled players, the values summed over the background.

References
----------
.. [1] Lundberg, S. M. et al. (2020). From local explanations to global understanding with
   explainable AI for trees. Nature Machine Intelligence 2, Algorithm 3 of its supplement.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain._leaves import LeafPath, chances, leaf_paths, node_values
from ensemble_kd.explain._plan import Plan
from ensemble_kd.model import TreesRecord
from ensemble_kd.runtime import TreesRuntime

# Values that are kept for all sets of a leaf's players: of leaves of so many players, and in all.
# The others are found anew for each row.
WIDEST_KEPT = 10
TABLE_NUMBERS = 4_000_000
CHUNK_NUMBERS = 4_000_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class TreesValues:
    """Contributions of players to a sum of trees.

    Parameters
    ----------
    record : TreesRecord
        The trees.
    plan : Plan
        What they are counted from.

    Attributes
    ----------
    base : float
        Mean of the number that is explained over the background.
    """

    def __init__(self, record: TreesRecord, plan: Plan) -> None:
        self._runtime = TreesRuntime(record)
        self._n_players = plan.n_players
        self._lay_out(leaf_paths(record, plan.player))
        self._value = node_values(record, plan.weight)[self._leaf_node]
        self._chances = chances(self._widest)
        self._met = self._masks(plan.background).T  # (n_leaves, n_background)
        reached = (self._met == self._full[:, None]).mean(axis=1)
        self.base = float(plan.offset + plan.weight @ record.base + reached @ self._value)
        self._table: Floats | None = None

    def _lay_out(self, paths: list[LeafPath]) -> None:
        """Lay out what each leaf asks: conditions by slot, a slot being a player of a leaf."""
        self._leaf_node = np.array([path.node for path in paths])
        self._n_slots = np.array([len(path.asked) for path in paths])
        self._widest = int(self._n_slots.max(initial=0))
        self._full = (1 << self._n_slots) - 1
        slots = [
            (leaf, bit, player, conditions)
            for leaf, path in enumerate(paths)
            for bit, (player, conditions) in enumerate(path.asked.items())
        ]
        self._slot_leaf = np.array([slot[0] for slot in slots], dtype=np.int64)
        self._slot_bit = np.array([slot[1] for slot in slots], dtype=np.int64)
        slot_player = np.array([slot[2] for slot in slots], dtype=np.int64)
        self._condition_start = np.cumsum([0, *(len(slot[3]) for slot in slots[:-1])])
        conditions = [condition for slot in slots for condition in slot[3]]
        self._condition_node = np.array([node for node, _ in conditions], dtype=np.int64)
        self._condition_left = np.array([left for _, left in conditions], dtype=bool)
        # The slots of a player side by side, to be summed.
        self._by_player = np.argsort(slot_player, kind="stable")
        self._players, self._player_start = np.unique(
            slot_player[self._by_player], return_index=True
        )

    def _masks(self, X: Floats) -> Ints:
        """Return which players of each leaf's path a row fulfils, a bit each."""
        out = np.zeros((len(X), len(self._n_slots)), dtype=np.int64)
        if not self._widest:
            return out
        left = self._runtime.goes_left(X)
        met = left[:, self._condition_node] == self._condition_left
        met = np.logical_and.reduceat(met, self._condition_start, axis=1)
        bits = met * (1 << self._slot_bit)
        first = np.flatnonzero(self._slot_bit == 0)
        out[:, self._slot_leaf[first]] = np.add.reduceat(bits, first, axis=1)
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
        out = np.zeros((len(X), self._n_players))
        if not self._widest or not len(X):
            return out
        if self._table is None:
            self._table = self._make_table()
        width = len(self._condition_node) + int((~self._is_kept).sum()) * self._widest
        step = max(1, CHUNK_NUMBERS // width)
        for i in range(0, len(X), step):
            masks = self._masks(X[i : i + step])
            found = np.empty((len(masks), len(self._slot_leaf)))
            place = (self._table_start + masks * self._n_slots)[:, self._slot_leaf]
            kept = self._is_kept[self._slot_leaf]
            found[:, kept] = self._table[(place + self._slot_bit)[:, kept]]
            leaf = np.flatnonzero(~self._is_kept)
            if len(leaf):
                anew = self._of_sets(np.tile(leaf, len(masks)), masks[:, leaf].ravel())
                at = np.searchsorted(leaf, self._slot_leaf[~kept]), self._slot_bit[~kept]
                found[:, ~kept] = anew.reshape(len(masks), len(leaf), -1)[:, *at]
            found = found[:, self._by_player]
            out[i : i + step, self._players] = np.add.reduceat(found, self._player_start, axis=1)
        return out

    def _make_table(self) -> Floats:
        """Return the values of all sets, of leaves of few players, as far as there is room."""
        n_sets = 1 << np.minimum(self._n_slots, WIDEST_KEPT)
        numbers = np.where(self._n_slots <= WIDEST_KEPT, n_sets * self._n_slots, 0)
        by_width = np.bincount(self._n_slots, weights=numbers, minlength=WIDEST_KEPT + 1)
        has_room = np.cumsum(by_width[: WIDEST_KEPT + 1]) <= TABLE_NUMBERS
        widest = np.flatnonzero(has_room).max(initial=-1)
        self._is_kept = self._n_slots <= widest
        leaf = np.repeat(np.flatnonzero(self._is_kept), n_sets[self._is_kept])
        first = np.concatenate([[0], np.cumsum(np.where(self._is_kept, n_sets, 0))[:-1]])
        mask = np.arange(len(leaf)) - first[leaf]
        numbers = np.where(self._is_kept, numbers, 0)
        self._table_start = np.concatenate([[0], np.cumsum(numbers)[:-1]])
        table = np.empty(int(numbers.sum()))
        values = self._of_sets(leaf, mask)
        bits = np.arange(values.shape[1])
        is_slot = bits < self._n_slots[leaf][:, None]
        place = (self._table_start[leaf] + mask * self._n_slots[leaf])[:, None] + bits
        table[place[is_slot]] = values[is_slot]
        return table

    def _of_sets(self, leaf: Ints, mask: Ints) -> Floats:
        """Return the value of each slot of a leaf for a row that fulfils the players of a mask."""
        out = np.zeros((len(leaf), self._widest))
        step = max(1, CHUNK_NUMBERS // max(1, self._widest))
        for i in range(0, len(leaf), step):
            part = slice(i, i + step)
            self._add_values(leaf[part], mask[part], out[part])
        return out

    def _add_values(self, leaf: Ints, mask: Ints, out: Floats) -> None:
        bit = np.arange(self._widest)
        n_background = self._met.shape[1]
        for b in range(n_background):
            met = self._met[leaf, b]
            differs = mask != met
            rows = np.flatnonzero(differs & ((mask | met) == self._full[leaf]))
            mine, other = mask[rows] & ~met[rows], met[rows] & ~mask[rows]
            is_mine = (mine[:, None] >> bit & 1).astype(bool)
            is_other = (other[:, None] >> bit & 1).astype(bool)
            n_mine, n_other = is_mine.sum(axis=1), is_other.sum(axis=1)
            value = self._value[leaf[rows]] / n_background
            out[rows] += is_mine * (self._chances[n_mine, n_other] * value)[:, None]
            out[rows] -= is_other * (self._chances[n_other, n_mine] * value)[:, None]
