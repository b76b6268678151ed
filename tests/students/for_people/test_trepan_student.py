"""The `trepan` student: it asks where few rows are, and copies a small tree exactly."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.errors import InputError
from ensemble_kd.losses import LogitMatchingLoss, SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import TreesRuntime
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import TrepanStudent
from ensemble_kd.students.for_people._grown import Node
from ensemble_kd.tasks import task_with

KINDS = ["a", "b", "c", "d"]
GRID = pd.DataFrame(
    itertools.product(range(6), range(6), range(6), KINDS), columns=["x", "y", "z", "kind"]
)


def small_tree(codes: np.ndarray) -> np.ndarray:
    """Return the probabilities of a tree of five leaves."""
    x, y, _, kind = codes.T
    second = np.where(
        x <= 2, np.where(kind == 1, 0.9, 0.2), np.where(y <= 3, 0.05, np.where(x <= 4, 0.7, 0.4))
    )
    return np.column_stack([1 - second, second])


def labelled(n_rows: int, seed: int = 0) -> TransferSet:
    """Return rows of the grid with the tree's answers."""
    schema = TableSchema.infer(GRID)
    drawn = np.random.default_rng(seed).choice(len(GRID), n_rows, replace=False)
    X = schema.encode(GRID)[drawn]
    response = small_tree(X)
    return TransferSet(
        schema, X, response, np.full(n_rows, -1), np.ones(n_rows),
        np.full(n_rows, REAL, dtype=np.int8), np.zeros(n_rows, dtype=bool), task_with([0, 1]),
    )  # fmt: skip


def wrongly_answered(student: TrepanStudent) -> float:
    """Return on which share of the whole grid a student differs from the tree."""
    codes = TableSchema.infer(GRID).encode(GRID)
    return float(np.mean(np.abs(student.respond(codes) - small_tree(codes)).max(axis=1) > 1e-6))


def test_trepan_student_copies_a_small_tree_exactly():
    rows = labelled(250)
    student = TrepanStudent(max_leaf_nodes=16, min_samples_leaf=1, random_state=0)
    student.fit_transfer(rows, SoftTargetLoss(), ask=small_tree)
    assert wrongly_answered(student) == 0.0
    assert all(rule.fidelity == 1.0 for rule in student.rules().rules)


def test_trepan_student_learns_more_by_asking_than_from_few_rows():
    student = TrepanStudent(max_leaf_nodes=16, min_samples_leaf=3, random_state=0)
    alone = wrongly_answered(student.fit_transfer(labelled(60), SoftTargetLoss()))
    assert student.n_queries_ == 0
    asking = student.fit_transfer(labelled(60), SoftTargetLoss(), ask=small_tree)
    assert student.n_queries_ > 0
    assert wrongly_answered(asking) < 0.5 * alone


class Watched(TrepanStudent):
    """A student that remembers what rows were made for which node."""

    asked: list[tuple[Node, np.ndarray]]

    def _with_made_rows(self, node: Node, rows: Any) -> Any:
        found = super()._with_made_rows(node, rows)
        self.asked.append((node, found.X[len(rows.X) :]))
        return found


def below(record: TreesRecord, node: Node) -> set[int]:
    """Return the leaves below a node of the tree."""
    at = 0
    for _, is_left in node.path:
        at = at + 1 if is_left else int(record.right[at])
    leaves, waiting = set(), [at]
    while waiting:
        at = waiting.pop()
        if record.feature[at] < 0:
            leaves.add(at)
        else:
            waiting += [at + 1, int(record.right[at])]
    return leaves


def test_trepan_student_asks_of_each_node_what_passes_all_tests_on_the_way(make_transfer_set):
    rows = make_transfer_set("binary", n_rows=300)
    student = Watched(max_leaf_nodes=8, rows_a_node=200, random_state=0)
    student.asked = []
    student.fit_transfer(rows, SoftTargetLoss(), ask=lambda X: np.full((len(X), 2), 0.5))
    record = student.to_model().body
    assert isinstance(record, TreesRecord)
    ranked = TreesRuntime(
        TreesRecord(**{**vars(record), "category_columns": record.category_columns[:0]})
    )
    n_made = 0
    for node, made in student.asked:
        n_made += len(made)
        assert set(ranked.leaves(made)[:, 0].tolist()) <= below(record, node)
    assert n_made == student.n_queries_ > 500


def test_trepan_student_fills_each_node_up_to_the_rows_asked_for():
    seen: list[int] = []

    def ask(X: np.ndarray) -> np.ndarray:
        seen.append(len(X))
        return small_tree(X)

    student = TrepanStudent(max_leaf_nodes=2, rows_a_node=400, random_state=0)
    student.fit_transfer(labelled(250), SoftTargetLoss(), ask=ask)
    # The root lacks 150 rows, and its two children share 400.
    assert seen[0] == 150
    assert sum(seen[1:]) == 400
    assert student.n_queries_ == 550


def test_trepan_student_that_may_ask_nothing_grows_as_without_a_teacher():
    rows = labelled(100)
    one, two = (
        TrepanStudent(rows_a_node=n, random_state=0).fit_transfer(rows, SoftTargetLoss(), ask=ask)
        for n, ask in ((0, small_tree), (1000, None))
    )
    np.testing.assert_array_equal(one.respond(rows.X), two.respond(rows.X))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"max_leaf_nodes": 1}, "max_leaf_nodes must be >= 2"), ({"rows_a_node": -1}, "rows_a_node")],
)
def test_trepan_student_refuses_what_is_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        TrepanStudent(**parameters).fit_transfer(labelled(50), SoftTargetLoss())


def test_trepan_student_refuses_a_loss_of_logits():
    with pytest.raises(InputError, match="student='trepan' cannot learn LogitMatchingLoss"):
        TrepanStudent().fit_transfer(labelled(50), LogitMatchingLoss())


class Rule(ClassifierMixin, BaseEstimator):
    """A teacher that remembers what it was asked."""

    asked: ClassVar[set[Any]] = set()

    def fit(self, X: Any, y: Any) -> Rule:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        Rule.asked |= set(X["town"])
        second = np.where((X["size"] > 5) & (X["town"] == "big"), 0.95, 0.1)
        return np.column_stack([1 - second, second])


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    towns = ["big", "small", *(f"rare{i}" for i in range(40))]
    frame = pd.DataFrame(
        {
            "size": rng.integers(10, size=300),
            "town": rng.choice(towns, 300, p=[0.4, 0.4, *[0.005] * 40]),
        }
    )
    return frame, ((frame["size"] > 5) & (frame["town"] == "big")).to_numpy().astype(int)


def test_trepan_by_name_asks_the_teacher_for_rows_that_it_can_read(table):
    X, y = table
    Rule.asked = set()
    fitted = DistilledClassifier(
        Rule(), student="trepan", recipe="fast", n_synthetic=50, cv=2, random_state=0
    ).fit(X, y)
    assert fitted.student_.n_queries_ > 0
    # Rare towns share a code that is none of a town; what is asked has a town in it all the same.
    assert Rule.asked <= set(X["town"])
    np.testing.assert_array_equal(fitted.predict(X), y)


class Sum(RegressorMixin, BaseEstimator):
    """A teacher of values far from 0."""

    def fit(self, X: Any, y: Any) -> Sum:
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: Any) -> np.ndarray:
        return 1e4 + 100.0 * (np.asarray(X)[:, 0] > 0)


def test_trepan_by_name_learns_values_that_it_asked_for_in_their_own_unit():
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = Sum().fit(X, None).predict(X)
    fitted = DistilledRegressor(
        Sum(), student="trepan", recipe="fast", n_synthetic=0, cv=2, random_state=0
    ).fit(X, y)
    assert fitted.student_.n_queries_ > 0
    np.testing.assert_allclose(fitted.predict(X), y, rtol=1e-6)
    assert max(rule.fidelity for rule in fitted.student_.rules().rules) < 1e-2


def test_trepan_student_learns_values_of_a_transfer_set(make_transfer_set):
    rows = make_transfer_set("regression", n_rows=200)
    student = TrepanStudent(max_leaf_nodes=4, random_state=0)
    student.fit_transfer(rows, SquaredErrorLoss(), ask=lambda X: np.full((len(X), 1), 100.0))
    assert student.rules().rules[0].response[0] == pytest.approx(100, abs=100)
