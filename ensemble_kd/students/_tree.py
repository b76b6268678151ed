"""The `tree` student: one small tree on soft labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import read_trees, tree_arrays
from ensemble_kd.losses import (
    DistillationLoss,
    LabelLoss,
    SoftTargetLoss,
    SquaredErrorLoss,
    check_learned_at_once,
    row_alpha,
)
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.readable import LeafFacts, Rules, leaf_facts, rules_with
from ensemble_kd.rows import REAL, TransferSet, check_seed
from ensemble_kd.students._base import Student
from ensemble_kd.students._ranks import fit_ranks
from ensemble_kd.students._thresholds import discreet_thresholds
from ensemble_kd.tasks import BaseTask

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
        check_learnable(loss, "tree")
        if self.max_leaf_nodes < 2 or self.min_samples_leaf < 1:
            raise InputError(
                "max_leaf_nodes must be >= 2 and min_samples_leaf >= 1, got "
                f"{self.max_leaf_nodes!r} and {self.min_samples_leaf!r}."
            )

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        # One tree of a given size is not stopped early, so held-out rows have no part here.
        train = transfer_set.take(~transfer_set.held_out)
        seed = check_seed(self.random_state)
        self._ranks, X = fit_ranks(train, seed)
        self.tree_ = DecisionTreeRegressor(
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=max(1, min(self.min_samples_leaf, len(train) // 4)),
            random_state=seed,
        )
        self.tree_.fit(
            within_float32(X),
            mixed_target(train, loss.alpha),
            sample_weight=train.sample_weight,
        )
        found = read_trees(self.tree_)
        assert found is not None
        self._record = self._ranks.ordering(tree_arrays(found, "identity").record)
        if transfer_set.discretion is not None:
            self._record = discreet_thresholds(self._record, transfer_set.X)

        self._facts = facts_of(self._record, transfer_set)

    def rules(self) -> Rules:
        """Return the rules of the tree, with the share of rows and the fidelity of each.

        They are measured on the real rows that were held out, or on all where there were none.

        Returns
        -------
        Rules
        """
        return told_rules(self.to_model(), self._facts, self._scale.spread)

    def _respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        values = np.empty((len(X), self.tree_.n_outputs_))
        if len(X):
            inputs = within_float32(self._ranks.apply(X))
            values[:] = self.tree_.predict(inputs).reshape(values.shape)
        return told_by_leaves(values, self._task)

    def _body(self) -> TreesRecord:
        return with_outputs(self._record, self._task)


def facts_of(record: TreesRecord, transfer_set: TransferSet) -> LeafFacts:
    """Return shares and fidelity of the leaves, on held-out rows where there are any."""
    measured = transfer_set.held_out if transfer_set.held_out.any() else transfer_set.origin == REAL
    rows = transfer_set.take(measured)
    return leaf_facts(
        record, rows.X, rows.response, rows.sample_weight, has_classes=rows.task.has_classes
    )


def with_outputs(record: TreesRecord, task: BaseTask) -> TreesRecord:
    """Return a tree with outputs in its leaves, where the task does not read responses there."""
    if task.leaf_link == record.link:
        return record
    outputs = task.outputs_of(record.value.astype(np.float64))
    value = np.where(record.feature[:, None] < 0, outputs, 0.0).astype(np.float32)
    return replace(record, value=value, link=task.leaf_link)


def told_by_leaves(values: NDArray[np.float64], task: BaseTask) -> NDArray[np.float64]:
    """Return the response of leaves that hold mean responses."""
    return values if task.leaf_link == "identity" else task.respond(task.outputs_of(values))


def told_rules(model: CompactModel, facts: LeafFacts, spread: float) -> Rules:
    """Return the rules of a tree, whose values were learned in a unit of their own."""
    if not model.has_classes and model.n_outputs == 1:
        facts = replace(facts, fidelity=facts.fidelity * spread)
    return rules_with(model, facts)


def check_learnable(loss: DistillationLoss, student: str) -> None:
    """Refuse a loss that a tree with probabilities in its leaves cannot learn.

    Parameters
    ----------
    loss : DistillationLoss
        What is to be learned.
    student : str
        Name of the student, for the message.
    """
    check_learned_at_once(loss, student)
    if isinstance(loss, SoftTargetLoss | LabelLoss):
        if loss.temperature != 1.0:
            raise InputError(
                f"temperature must be 1 for student={student!r}, whose leaves hold probabilities, "
                f"got {loss.temperature!r}; choose 'mlp' or 'gbdt' for another."
            )
    elif not isinstance(loss, SquaredErrorLoss):
        raise InputError(
            f"student={student!r} cannot learn {type(loss).__name__}: it has no logits; "
            "choose loss='soft_targets', or student 'mlp' or 'gbdt'."
        )


def within_float32(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows whose numbers are within what scikit-learn's trees take."""
    return np.clip(X, -LARGEST_VALUE, LARGEST_VALUE)


def mixed_target(rows: TransferSet, alpha: float) -> NDArray[np.float64]:
    """Return the teacher's response mixed with the truth where it is known."""
    share = row_alpha(alpha, rows.task.has_target(rows.hard))
    return share * rows.response + (1 - share) * rows.task.truth(rows.hard)
