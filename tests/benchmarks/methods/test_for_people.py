"""The program that tells fidelity against size of students for people, small."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import AdditiveStudent, TreeStudent, TrepanStudent
from ensemble_kd.benchmarks.methods import for_people

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(200, 3)), columns=["a", "b", "c"])


@pytest.fixture
def small(monkeypatch):
    """Trees of two and four leaves, and curves."""

    def students(leaves):
        for size in leaves:
            yield "tree", f"{size} leaves", TreeStudent(max_leaf_nodes=size, random_state=0)
            yield "trepan", f"{size} leaves", TrepanStudent(max_leaf_nodes=size, random_state=0)
        yield "additive", "curves", AdditiveStudent(max_iter=5, random_state=0)

    monkeypatch.setattr(for_people, "students", students)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_tree_as_large_as_its_teacher_is_faithful_and_a_stump_is_not(small, task):
    kind = {"classification": DecisionTreeClassifier, "regression": DecisionTreeRegressor}[task]
    y = (X["a"] > 0).to_numpy() ^ (X["b"] > 0).to_numpy()
    y = y.astype(int) if task == "classification" else 5.0 * y + X["a"].to_numpy()
    found = for_people.fidelity_by_size(
        X, y, X, y, teacher=kind(max_depth=2, random_state=0), task=task, leaves=(2, 4)
    )
    assert found[0]["student"] == "teacher"
    assert found[0]["fidelity"] == 1.0
    of = {(x["student"], x["size"], x["rows"]): x for x in found[1:]}
    stump, tree = (of["tree", f"{n} leaves", "with synthetic"]["fidelity"] for n in (2, 4))
    assert stump < tree <= 1.0
    assert of["tree", "4 leaves", "real"]["asked"] == 0
    assert "| curves " in for_people.table(found[1:])


def test_table_puts_real_rows_beside_synthetic_ones_by_hand():
    lines = [
        {"student": "tree", "size": "2 leaves", "rows": "real", "fidelity": 0.5, "loss": 12345.6,
         "asked": 0},
        {"student": "tree", "size": "2 leaves", "rows": "with synthetic", "fidelity": 0.75,
         "loss": 0.25, "asked": 1000},
        {"student": "mlp", "size": "network", "rows": "with synthetic", "fidelity": 1.0,
         "loss": 0.125, "asked": 0},
    ]  # fmt: skip
    first, last = for_people.table(lines).splitlines()[2:]
    assert [cell.strip() for cell in first.split("|")[1:-1]] == [
        "2 leaves", "tree", "0.500", "12,346", "0", "0.750", "0.2500", "1,000",
    ]  # fmt: skip
    assert [cell.strip() for cell in last.split("|")[1:-1]] == [
        "network", "mlp", "-", "-", "-", "1.000", "0.1250", "0",
    ]  # fmt: skip
