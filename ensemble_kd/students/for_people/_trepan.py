"""The `trepan` student: one small tree that asks the teacher where it has few rows."""

from __future__ import annotations

import heapq
import itertools
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import read_trees, tree_arrays
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import TreesRecord
from ensemble_kd.readable import Rules
from ensemble_kd.rows import TransferSet, check_seed
from ensemble_kd.runtime import TreesRuntime
from ensemble_kd.students._base import Student
from ensemble_kd.students._ranks import fit_ranks
from ensemble_kd.students._thresholds import discreet_thresholds
from ensemble_kd.students._tree import (
    check_learnable,
    facts_of,
    mixed_target,
    told_by_leaves,
    told_rules,
    with_outputs,
    within_float32,
)
from ensemble_kd.students.for_people._grown import Node, Test, tree_record

Array = NDArray[np.float64]

# Of the spread of all rows: less is the rounding of sums.
LEAST_GAIN = 1e-9


class TrepanStudent(Student):
    """One tree for people to read, grown by asking the teacher (TREPAN [1]_).

    The leaf whose split brings the tree closest to the teacher's responses, weighted by the share
    of rows that reach it, is split first. A node that fewer than `rows_a_node` rows reach gets
    rows made for it: each column's value is drawn from the rows of the node by itself, so that all
    tests on the way hold, and the teacher labels them. Tests are of one column, where [1]_ also
    has m of n, and leaves hold mean soft labels, where it has classes.

    Without a teacher to ask, as in `fit_transfer` of a transfer set alone, and in the short fits of
    a race, it grows on the rows of the set.

    Parameters
    ----------
    max_leaf_nodes : int, default=32
        Leaves, at least 2.
    rows_a_node : int, default=1000
        Rows by which a split is chosen, at least 0; 0 never asks.
    min_samples_leaf : int, default=10
        Rows of a leaf, made ones among them, at least 1.
    random_state : int, RandomState or None, default=None
        Seed.
    verbose : int, default=0
        Unused.

    Attributes
    ----------
    n_queries_ : int
        Rows that the teacher was asked for.

    References
    ----------
    .. [1] Craven, Shavlik (1996). Extracting Tree-Structured Representations of Trained Networks.
    """

    asks = True

    def __init__(
        self,
        *,
        max_leaf_nodes: int = 32,
        rows_a_node: int = 1000,
        min_samples_leaf: int = 10,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.max_leaf_nodes = max_leaf_nodes
        self.rows_a_node = rows_a_node
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state
        self.verbose = verbose

    def _check(self, loss: DistillationLoss) -> None:
        check_learnable(loss, "trepan")
        if self.max_leaf_nodes < 2 or self.min_samples_leaf < 1 or self.rows_a_node < 0:
            raise InputError(
                "max_leaf_nodes must be >= 2, min_samples_leaf >= 1 and rows_a_node >= 0, got "
                f"{self.max_leaf_nodes!r}, {self.min_samples_leaf!r} and {self.rows_a_node!r}."
            )

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        self._rng = np.random.default_rng(check_seed(self.random_state))
        self.n_queries_ = 0
        learned = np.flatnonzero(~transfer_set.held_out)
        train = transfer_set.take(learned)
        ranks, X = fit_ranks(train, check_seed(self.random_state))
        # Rows that are made have no response that their ranks could tell, so they take those that
        # the tree will see.
        self._drawn_from, self._place = ranks.apply(train.X), learned
        rows = _Rows(X, mixed_target(train, loss.alpha), train.sample_weight, np.arange(len(train)))
        self._least = max(1, min(self.min_samples_leaf, len(train) // 4))
        self._record = ranks.ordering(tree_record(self._grow(rows)))
        if transfer_set.discretion is not None:
            self._record = discreet_thresholds(self._record, transfer_set.X)
        self._facts = facts_of(self._record, transfer_set)
        del self._rng, self._drawn_from, self._place

    def _grow(self, rows: _Rows) -> Node:
        """Return the root of the tree, grown best first."""
        count, reached = itertools.count(), rows.weight.sum()
        scale = rows.spread() or 1.0
        waiting: list[tuple[float, int, Node, _Rows]] = []

        def add(rows: _Rows, path: list[tuple[Test, bool]]) -> Node:
            node = Node(rows.mean(), path)
            rows = self._with_made_rows(node, rows)
            node.value = rows.mean()
            node.test, gain = self._best_test(rows)
            gain *= rows.weight[rows.source >= 0].sum() / reached / scale
            if gain > LEAST_GAIN:
                heapq.heappush(waiting, (-gain, next(count), node, rows))
            return node

        root, n_leaves = add(rows, []), 1
        while waiting and n_leaves < self.max_leaf_nodes and not self._is_late:
            _, _, node, rows = heapq.heappop(waiting)
            assert node.test is not None
            left = node.test.goes_left(rows.X)
            node.children = (
                add(rows.take(left), [*node.path, (node.test, True)]),
                add(rows.take(~left), [*node.path, (node.test, False)]),
            )
            n_leaves += 1
        return root

    @property
    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _with_made_rows(self, node: Node, rows: _Rows) -> _Rows:
        """Return the rows of a node, and as many made ones as are lacking."""
        own = rows.source[rows.source >= 0]
        n_made = self.rows_a_node - len(rows.X)
        if self._ask is None or n_made <= 0 or not len(own):
            return rows
        n_columns = rows.X.shape[1]
        taken = own[self._rng.integers(len(own), size=(n_made, n_columns))]
        X = np.take_along_axis(self._drawn_from, taken, 0)
        # A rare category may have stood elsewhere in training than where the tree will see it.
        held = node.is_reached_by(X)
        if not held.any():
            return rows
        self.n_queries_ += int(held.sum())
        return rows.extend(X[held], self._ask(self._place[taken[held]]))

    def _best_test(self, rows: _Rows) -> tuple[Test | None, float]:
        """Return the test that lowers the squared distance most, and by how much in the mean."""
        if len(rows.X) < 2 * self._least:
            return None, 0.0
        X = within_float32(rows.X)
        stump = DecisionTreeRegressor(max_depth=1, min_samples_leaf=self._least, random_state=0)
        stump.fit(X, rows.target, sample_weight=rows.weight)
        found = read_trees(stump)
        assert found is not None
        record = tree_arrays(found, "identity").record
        if record.feature[0] < 0:
            return None, 0.0
        missing_left = bool(record.missing_left[0])
        test = Test(int(record.feature[0]), float(record.threshold[0]), missing_left)
        left = test.goes_left(rows.X)
        if left.all() or not left.any():
            return None, 0.0
        share = rows.weight[left].sum() / rows.weight.sum()
        parts = share * rows.take(left).spread() + (1 - share) * rows.take(~left).spread()
        return test, rows.spread() - parts

    def rules(self) -> Rules:
        """Return the rules of the tree, with the share of rows and the fidelity of each.

        They are measured on the real rows that were held out, or on all where there were none.

        Returns
        -------
        Rules
        """
        return told_rules(self.to_model(), self._facts, self._scale.spread)

    def _respond(self, X: Array) -> Array:
        return told_by_leaves(TreesRuntime(self._record).outputs(X), self._task)

    def _body(self) -> TreesRecord:
        return with_outputs(self._record, self._task)


@dataclass(frozen=True)
class _Rows:
    """Ranked rows at a node, and which row of the transfer set each is, -1 for a made one."""

    X: Array
    target: Array
    weight: Array
    source: NDArray[np.int64]

    def take(self, chosen: NDArray[np.bool_]) -> _Rows:
        return _Rows(self.X[chosen], self.target[chosen], self.weight[chosen], self.source[chosen])

    def extend(self, X: Array, response: Array) -> _Rows:
        return _Rows(
            np.vstack([self.X, X]),
            np.vstack([self.target, response]),
            np.concatenate([self.weight, np.ones(len(X))]),
            np.concatenate([self.source, np.full(len(X), -1)]),
        )

    def mean(self) -> Array:
        return np.asarray(np.average(self.target, axis=0, weights=self.weight))

    def spread(self) -> float:
        """Return the mean squared distance to the mean, summed over outputs."""
        distance = ((self.target - self.mean()) ** 2).sum(axis=1)
        return float(np.average(distance, weights=self.weight))
