"""Leaf co-occurrence: two rows are alike that fall into the same leaves of the teacher's trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import TruncatedSVD

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import FittedTrees, TreeArrays, read_trees, tree_arrays
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import TreesRuntime, build_runtime
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.tasks import DEFAULT_TASK, BaseTask
from ensemble_kd.teachers._given import name_of
from ensemble_kd.teachers.views._base import View
from ensemble_kd.teachers.views._parts import Part, parts_of

# Trees of a model that are read, evenly spread over all of them.
MOST_TREES = 200
# Share of its rows below which a tree is not followed: leaves of a row each are like no other.
LEAST_SHARE = 0.01


class LeafView(View):
    """The share of trees in which two rows share a leaf, as inner products of a few numbers [1]_.

    With z a row's leaves as indicators, over the root of the number of trees, ``z @ z'`` is that
    share: the proximity of a forest. A row's numbers are ``V @ z`` with V the leading right
    singular vectors of the z of real rows, so that inner products are as near to the proximities
    of these as so few numbers allow. Each leaf thus has its numbers, and a row's are their sum over
    the trees. Deep trees are followed as far as a hundredth of their rows is left.

    Parameters
    ----------
    n_components : int, default=32
        Numbers for each row, from 1 to 64; fewer where there are not so many leaves.

    References
    ----------
    .. [1] Breiman (2001). Random Forests; proximities as in Breiman, Cutler: Random Forests,
       manual (2003).
    """

    def _fit(self, teacher: Any, X: Any, task: BaseTask, seed: int) -> None:
        self._models, weights = parts_of(teacher, _leaves_of)
        if not self._models:
            raise InputError(
                "view='leaves' needs a teacher made of trees of scikit-learn, LightGBM or XGBoost, "
                f"got {name_of(teacher)}; choose view='auto' or 'outputs'."
            )
        pairs = list(zip(self._models, weights, strict=True))
        heights = [(weight / model.n_trees) ** 0.5 for model, weight in pairs]
        seen = [h * model.leaves(X) for model, h in zip(self._models, heights, strict=True)]
        joined = hstack(seen, format="csr")
        n_components = min(self.n_components, *joined.shape)
        svd = TruncatedSVD(n_components, random_state=seed).fit(joined)
        ends = np.cumsum([model.n_nodes for model in self._models])[:-1]
        of_models = np.split(svd.components_.T, ends)
        for model, height, of_nodes in zip(self._models, heights, of_models, strict=True):
            model.give(height * of_nodes)

    def _transform(self, X: Any) -> NDArray[np.float64]:
        return np.asarray(sum(model(X) for model in self._models))


def _leaves_of(part: Part) -> Leaves | None:
    found = read_trees(part.model)
    if found is None:
        return None
    trees = found.trees[:: -(-len(found.trees) // MOST_TREES)]
    # How leaves answer is of no account here, which is all that is not plain in scikit-learn.
    told = "" if found.library == "scikit-learn" else found.not_plain
    outputs = np.full(len(trees), -1, dtype=np.int32)
    cut = FittedTrees(
        [tree.cut(LEAST_SHARE) for tree in trees], found.comparison, outputs, np.zeros(1),
        library=found.library, not_plain=told,
    )  # fmt: skip
    try:
        return Leaves(part.inputs, tree_arrays(cut, "identity", part.n_codes))
    except InputError:  # arrays cannot walk these trees
        return None


class Leaves:
    """The leaves of one model's trees, and the numbers of each leaf."""

    def __init__(self, inputs: Callable[[Any], NDArray[np.float64]], arrays: TreeArrays) -> None:
        self._inputs, (self._record, self._sets) = inputs, arrays
        self.n_nodes, self.n_trees = len(self._record.feature), len(self._record.roots)

    def leaves(self, X: Any) -> csr_matrix:
        """Return the leaves of rows as indicators, of shape (n_rows, n_nodes)."""
        nodes = TreesRuntime(self._record, self._sets).leaves(self._inputs(X))
        starts = np.arange(0, nodes.size + 1, self.n_trees)
        return csr_matrix((np.ones(nodes.size), nodes.ravel(), starts), (len(nodes), self.n_nodes))

    def give(self, of_nodes: NDArray[np.float64]) -> None:
        """Let each leaf have its numbers, of shape (n_nodes, n_components)."""
        self._n_numbers = of_nodes.shape[1]
        values = np.zeros((self.n_nodes, max(2, self._n_numbers)), dtype=np.float32)
        is_leaf = self._record.feature < 0
        values[is_leaf, : self._n_numbers] = of_nodes[is_leaf]
        record = replace(self._record, value=values, base=np.zeros(values.shape[1]))
        n_columns = 1 + int(self._record.feature.max(initial=0))
        columns = (Column(f"x{j}", "numeric", nullable=True) for j in range(n_columns))
        schema, sums = TableSchema(tuple(columns), False), tuple(range(values.shape[1]))
        # One sum a number, as a forest has one a class.
        model = CompactModel(DEFAULT_TASK, schema, record, sums)
        self._n_columns = n_columns
        self._runtime = build_runtime(model, left_categories=self._sets)

    def __call__(self, X: Any) -> NDArray[np.float64]:
        """Return the sums of the leaves' numbers, of shape (n_rows, n_components)."""
        rows = self._inputs(X)[:, : self._n_columns]
        return self._runtime.outputs(rows)[:, : self._n_numbers]
