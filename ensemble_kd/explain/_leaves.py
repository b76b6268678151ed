"""What the leaves of trees ask of players, and what a leaf's number is worth to each of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import TreesRecord

# The players of a path are bits of an int64.
MOST_PLAYERS = 62

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LeafPath:
    """A leaf, and what leads to it.

    Parameters
    ----------
    node : int
        The leaf.
    tree : int
        Its tree.
    asked : dict of int to list of (int, bool)
        By player the splits on the path, and whether it goes to their left.
    """

    node: int
    tree: int
    asked: dict[int, list[tuple[int, bool]]]

    @property
    def depth(self) -> int:
        """How many splits lie on the path."""
        return sum(map(len, self.asked.values()))


def leaf_paths(record: TreesRecord, player: Ints) -> list[LeafPath]:
    """Return the paths to all leaves, tree by tree.

    Parameters
    ----------
    record : TreesRecord
        The trees.
    player : ndarray of shape (n_columns,), int
        Which player each column belongs to.

    Returns
    -------
    list of LeafPath

    Raises
    ------
    InputError
        If more than 62 players are asked on one.
    """
    out = []
    for tree, root in enumerate(record.roots.tolist()):
        stack: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(root, ())]
        while stack:
            node, path = stack.pop()
            if record.feature[node] >= 0:
                stack.append((int(record.right[node]), (*path, (node, False))))
                stack.append((node + 1, (*path, (node, True))))
                continue
            asked: dict[int, list[tuple[int, bool]]] = {}
            for split, left in path:
                asked.setdefault(int(player[record.feature[split]]), []).append((split, left))
            if len(asked) > MOST_PLAYERS:
                raise InputError(
                    f"trees whose paths split by more than {MOST_PLAYERS} columns are not "
                    f"explained, got a path of {len(asked)}; make a student of fewer leaves."
                )
            out.append(LeafPath(node, tree, asked))
    return out


def deepest(record: TreesRecord) -> int:
    """Return how many splits lie on the longest path.

    Parameters
    ----------
    record : TreesRecord
        The trees.

    Returns
    -------
    int
    """
    depth, nodes = -1, record.roots
    while len(nodes):
        splits = nodes[record.feature[nodes] >= 0]
        nodes = np.concatenate([splits + 1, record.right[splits]])
        depth += 1
    return depth


def node_values(record: TreesRecord, weight: Floats) -> Floats:
    """Return what each leaf adds to the number that is explained.

    Parameters
    ----------
    record : TreesRecord
        The trees.
    weight : ndarray of shape (n_sums,)
        What each sum is multiplied by.

    Returns
    -------
    ndarray of shape (n_nodes,)
        0 at a split.
    """
    value = record.value.astype(np.float64)
    if value.shape[1] > 1:
        return np.asarray(value @ weight)
    tree = np.searchsorted(record.roots, np.arange(len(value)), side="right") - 1
    output = record.tree_output[tree]
    return np.asarray(value[:, 0] * np.where(output < 0, weight.sum(), weight[output]))


def chances(n_players: int) -> Floats:
    """Return which share of a leaf's number one of a players of one side has beside c of the other.

    Parameters
    ----------
    n_players : int
        Most players of both sides together.

    Returns
    -------
    ndarray of shape (n_players + 1, n_players + 1)
        ``(a - 1)! c! / (a + c)!`` in row a and column c, 0 where a is 0 or both are too many.
    """
    out = np.zeros((n_players + 1, n_players + 1))
    for a in range(1, n_players + 1):
        for c in range(n_players + 1 - a):
            out[a, c] = 1.0 / (a * comb(a + c, a))
    return out
