"""The `tree` student: one small tree on soft labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd.errors import InputError
from ensemble_kd.losses import (
    DistillationLoss,
    SoftTargetLoss,
    SquaredErrorLoss,
    check_rows_stand_alone,
    row_alpha,
)
from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import TransferSet, check_seed
from ensemble_kd.students._base import Student
from ensemble_kd.students._ranks import fit_ranks

# Trees take float32, which has no room beyond this.
LARGEST_VALUE = 1e30


class TreeStudent(Student):
    """One decision tree whose leaves hold the mean soft label of their rows.

    The mean is what minimises the cross-entropy to soft labels in a leaf, and splits lower the
    squared distance to them, summed over classes (with hard labels: the Gini index).

    Parameters
    ----------
    max_leaf_nodes : int, default=64
        Leaves, at least 2.
    min_samples_leaf : int, default=10
        Rows of a leaf, at least 1.
    random_state : int, RandomState or None, default=None
        Seed.
    verbose : int, default=0
        Unused.

    Attributes
    ----------
    tree_ : sklearn.tree.DecisionTreeRegressor
        The tree.
    """

    def __init__(
        self,
        *,
        max_leaf_nodes: int = 64,
        min_samples_leaf: int = 10,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state
        self.verbose = verbose

    def _check(self, loss: DistillationLoss) -> None:
        check_rows_stand_alone(loss, "tree")
        if self.max_leaf_nodes < 2 or self.min_samples_leaf < 1:
            raise InputError(
                "max_leaf_nodes must be >= 2 and min_samples_leaf >= 1, got "
                f"{self.max_leaf_nodes!r} and {self.min_samples_leaf!r}."
            )
        if isinstance(loss, SoftTargetLoss):
            if loss.temperature != 1.0:
                raise InputError(
                    "temperature must be 1 for student='tree', whose leaves hold probabilities, "
                    f"got {loss.temperature!r}; choose 'mlp' or 'gbdt' for another."
                )
        elif not isinstance(loss, SquaredErrorLoss):
            raise InputError(
                f"student='tree' cannot learn {type(loss).__name__}: it has no logits; "
                "choose loss='soft_targets', or student 'mlp' or 'gbdt'."
            )

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        self._ranks = fit_ranks(transfer_set)
        # One tree of a given size is not stopped early, so held-out rows have no part here.
        train = transfer_set.take(~transfer_set.held_out)
        self.tree_ = DecisionTreeRegressor(
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=max(1, min(self.min_samples_leaf, len(train) // 4)),
            random_state=check_seed(self.random_state),
        )
        rows = train.sample_weight > 0
        self.tree_.fit(
            self._inputs(train.X)[rows],
            _mixed_target(train, loss.alpha)[rows],
            sample_weight=train.sample_weight[rows],
        )

    def respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the response to encoded rows, by scikit-learn.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns)
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities or values.
        """
        values = np.empty((len(X), self.tree_.n_outputs_))
        if len(X):
            values[:] = self.tree_.predict(self._inputs(X)).reshape(values.shape)
        return values

    def _body(self) -> TreesRecord:
        tree = self.tree_.tree_
        order, right = _preorder(tree.children_left, tree.children_right)
        is_split = tree.children_left[order] >= 0
        values = tree.value[order, :, 0]
        return TreesRecord(
            feature=np.where(is_split, tree.feature[order], -1).astype(np.int32),
            threshold=np.where(is_split, _float64_thresholds(tree.threshold[order]), 0.0),
            right=right,
            missing_left=(is_split & (tree.missing_go_to_left[order] == 1)).astype(np.uint8),
            value=np.where(is_split[:, None], 0.0, values).astype(np.float32),
            roots=np.zeros(1, dtype=np.int32),
            tree_output=np.full(1, -1, dtype=np.int32),
            base=np.zeros(values.shape[1]),
            category_columns=self._ranks.columns,
            category_offsets=self._ranks.offsets,
            category_rank=self._ranks.flat,
            link="identity",
        )

    def _inputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(self._ranks.apply(X), -LARGEST_VALUE, LARGEST_VALUE)


def _mixed_target(rows: TransferSet, alpha: float) -> NDArray[np.float64]:
    """Return the teacher's response mixed with the truth where it is known."""
    share = row_alpha(alpha, rows.task.has_target(rows.hard))
    return share * rows.response + (1 - share) * rows.task.truth(rows.hard)


def _float64_thresholds(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest float64 that scikit-learn, which rounds values to float32, sends left."""
    below = thresholds.astype(np.float32)
    below = np.where(below > thresholds, np.nextafter(below, -np.float32(np.inf)), below)
    above = np.nextafter(below, np.float32(np.inf))
    # A value halfway between two float32 goes to the one with the even last bit.
    halfway = (below.astype(np.float64) + above.astype(np.float64)) / 2
    goes_up = halfway.astype(np.float32) > below
    return np.where(goes_up, np.nextafter(halfway, -np.inf), halfway)


def _preorder(
    left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return each node's old index in preorder, and its right child in the new order."""
    order: list[int] = []
    waiting: list[tuple[int, int]] = [(0, -1)]
    new_right: list[int] = []
    while waiting:
        node, parent = waiting.pop()
        if parent >= 0:
            new_right[parent] = len(order)
        index = len(order)
        order.append(node)
        new_right.append(0)
        if left[node] >= 0:
            waiting.append((int(right[node]), index))
            waiting.append((int(left[node]), -1))
    return np.array(order), np.array(new_right, dtype=np.int32)
