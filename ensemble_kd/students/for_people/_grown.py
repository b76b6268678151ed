"""A tree that grows leaf by leaf: its nodes, and the plain arrays that they make."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Test:
    """What a node asks of a row.

    Parameters
    ----------
    column : int
        Of ranked rows.
    threshold : float
        Rows at or below it go left.
    missing_left : bool
        Whether a missing value goes left.
    """

    column: int
    threshold: float
    missing_left: bool

    def goes_left(self, X: Array) -> NDArray[np.bool_]:
        """Return which ranked rows go left."""
        values = X[:, self.column]
        return np.where(np.isnan(values), self.missing_left, values <= self.threshold)


@dataclass(eq=False)
class Node:
    """A node, a leaf until it has children.

    Parameters
    ----------
    value : ndarray of shape (n_outputs,)
        Mean of its rows.
    path : list of (Test, bool)
        The tests on the way to it, and whether each was passed to the left.
    test : Test or None, default=None
        What it asks, or would ask.
    children : tuple of Node, default=()
        Left and right.
    """

    value: Array
    path: list[tuple[Test, bool]]
    test: Test | None = None
    children: tuple[Node, ...] = field(default=())

    def is_reached_by(self, X: Array) -> NDArray[np.bool_]:
        """Return which ranked rows pass all tests on the way to it."""
        reached = np.ones(len(X), dtype=bool)
        for test, is_left in self.path:
            reached &= test.goes_left(X) == is_left
        return reached


def tree_record(root: Node) -> TreesRecord:
    """Return a tree over ranked rows as plain arrays.

    Parameters
    ----------
    root : Node
        Of all rows.

    Returns
    -------
    TreesRecord
        Without the ranks of its categories.
    """
    nodes: list[Node] = []
    waiting, right_of = [(root, -1)], {}
    while waiting:
        node, parent = waiting.pop()
        if parent >= 0:
            right_of[parent] = len(nodes)
        if node.children:
            left, right = node.children
            waiting += [(right, len(nodes)), (left, -1)]
        nodes.append(node)
    tests = [node.test if node.children else None for node in nodes]
    return TreesRecord(
        feature=np.array([-1 if t is None else t.column for t in tests], dtype=np.int32),
        threshold=np.array([0.0 if t is None else t.threshold for t in tests]),
        right=np.array([right_of.get(i, 0) for i in range(len(nodes))], dtype=np.int32),
        missing_left=np.array([t is not None and t.missing_left for t in tests], dtype=np.uint8),
        value=np.array([n.value * (not n.children) for n in nodes], dtype=np.float32),
        roots=np.zeros(1, dtype=np.int32),
        tree_output=np.full(1, -1, dtype=np.int32),
        base=np.zeros(len(root.value)),
        category_columns=np.empty(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.empty(0),
    )
