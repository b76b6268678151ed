"""Trees as plain arrays: one or many, all numeric splits, each node either a split or a leaf.

A row stands at ``roots[t]`` and moves to ``node + 1`` if its value is missing and ``missing_left``
says so, or if ``value <= threshold``, else to ``right[node]``, until ``feature`` is -1. The output
is ``base`` plus the leaf values: of tree t into column ``tree_output[t]``, or, where that is -1,
into all columns at once. ``link`` turns the sum into the response.

A categorical column is ordered before the trees see it: code c becomes the number
``category_rank[category_offsets[k] + c]``; NaN in that table means "treat as missing".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model._storage import Storage

Link = Literal["identity", "sigmoid", "sigmoids", "softmax"]


@dataclass(frozen=True)
class TreesRecord:
    """The arrays of a tree or a sum of trees; see the module's rule.

    Parameters
    ----------
    feature : ndarray of shape (n_nodes,), int32
        Column index of the split, -1 at a leaf.
    threshold : ndarray of shape (n_nodes,), float64
        Rows at or below it go left; 0 at a leaf.
    right : ndarray of shape (n_nodes,), int32
        Index of the right child, always greater than the node's own; the left child is the next
        node. 0 at a leaf.
    missing_left : ndarray of shape (n_nodes,), uint8
        1 where a missing value goes left.
    value : ndarray of shape (n_nodes, n_values), float32
        Leaf values, 0 at a split.
    roots : ndarray of shape (n_trees,), int32
        Root of each tree.
    tree_output : ndarray of shape (n_trees,), int32
        Output column of each tree, or -1 for a leaf that holds all outputs (n_values = n_outputs).
    base : ndarray of shape (n_sums,), float64
        Added to every row's sum.
    category_columns : ndarray of shape (n_categorical,), int32
        Indices of the categorical columns, which are ordered before they are split.
    category_offsets : ndarray of shape (n_categorical + 1,), int32
        Where each column's part of `category_rank` begins and ends: one entry for each code.
    category_rank : ndarray of shape (n_ranks,), float64
        The number that stands for each category.
    link : {"identity", "sigmoid", "sigmoids", "softmax"}, default="identity"
        ``identity``: the sum is the response (values, or probabilities that the leaves hold).
        ``sigmoid``: one sum, the log-odds of the second of two classes. ``sigmoids``: the log-odds
        of each label, of which a row may have any. ``softmax``: one logit a class.
    storage : mapping of str to Storage
        How an array is kept in a file, by its name; the array holds what the kept numbers mean. An
        array that is not named is kept as it is.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    right: NDArray[np.int32]
    missing_left: NDArray[np.uint8]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]
    tree_output: NDArray[np.int32]
    base: NDArray[np.float64]
    category_columns: NDArray[np.int32]
    category_offsets: NDArray[np.int32]
    category_rank: NDArray[np.float64]
    link: Link = "identity"
    storage: Mapping[str, Storage] = field(default_factory=dict)
