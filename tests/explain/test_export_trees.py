"""Reasons of trees in C: exact Shapley values, those of Python, which sum to the answer."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.explain import Explainer
from ensemble_kd.export import build_c, export_c
from ensemble_kd.model import (
    CompactModel,
    LogitScaling,
    ReasonGroup,
    Reasons,
    ScoreQuantiles,
    TreesRecord,
)
from ensemble_kd.schema import Column, TableSchema

from .oracle import SCHEMA, encoded_rows, exact, random_trees
from .program import assert_tells_what_python_tells, told_by_program

BACKGROUND = encoded_rows(5, seed=9)
GROUPS = (ReasonGroup("where", (5, 0), "R1", 'Far "away".'), ReasonGroup("how", (2,), "R2"))


def told(body, task="classification", classes=("no", "yes"), *, background=BACKGROUND, **changes):
    reasons = {
        k: changes.pop(k) for k in ("output", "raises", "groups", "excluded") if k in changes
    }
    return CompactModel(
        task, SCHEMA, body, classes, reasons=Reasons(background, **({"output": 1} | reasons)),
        **changes,
    )  # fmt: skip


MODELS = {
    "log_odds": told(random_trees(9, 1, "sigmoid", depth=6), background=encoded_rows(40, seed=1)),
    "grouped": told(
        random_trees(7, 1, "sigmoid", depth=5), output=0, groups=GROUPS, excluded=(1, 4),
        background=encoded_rows(32, seed=2),
    ),
    "logits": told(
        random_trees(6, 3, "softmax"), classes=("a", "b", "c"), output=2,
        background=encoded_rows(33, seed=3),
    ),
    "shares": told(
        random_trees(1, 3, "identity", whole=True, depth=7), classes=(0, 1, 2), excluded=(5,)
    ),
    "calibrated": told(
        random_trees(4, 2, "softmax", whole=True),
        calibrator=LogitScaling(0.7, np.array([0.3, -0.4])),
    ),
    "value": told(random_trees(5, 1, "identity"), "regression", (), output=0, groups=GROUPS),
    "outliers": told(
        random_trees(5, 1, "identity", seed=4), "outliers", (), output=0, raises=False,
        threshold=0.0, quantiles=ScoreQuantiles(np.array([0.0]), np.array([0.5])),
    ),
    "no_split": told(random_trees(3, 1, "sigmoid", depth=0)),
}  # fmt: skip


def hard_rows(record, n_rows, seed=3):
    """Return rows with missing values, categories never seen, ties at cuts and infinite numbers."""
    X = encoded_rows(n_rows, seed, missing=0.15)
    cuts = np.flatnonzero((record.feature >= 0) & (record.feature < 4))
    rng = np.random.default_rng(seed)
    for i in range(0, n_rows if len(cuts) else 0, 2):
        for node in rng.choice(cuts, 3):
            X[i, record.feature[node]] = record.threshold[node]
    X[::7, 0], X[::11, 1] = np.inf, -np.inf
    X[::5, 5] = len(SCHEMA.columns[5].categories)
    return X


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_program_tells_of_trees_what_python_tells(model, tmp_path):
    X = hard_rows(model.body, 60)
    assert_tells_what_python_tells(
        model, told_by_program(model, X, tmp_path), Explainer(model).explain(X)
    )


def test_columns_in_single_precision_are_explained_alike(tmp_path):
    model = MODELS["grouped"]
    at_cuts = hard_rows(model.body, 40, seed=8)  # in double, which float32 would move across
    model = replace(model, reasons=replace(model.reasons, background=at_cuts))
    X = hard_rows(model.body, 60).astype(np.float32).astype(np.float64)
    wanted = Explainer(model).explain(X)
    assert_tells_what_python_tells(
        model, told_by_program(model, X, tmp_path, inputs="float32"), wanted
    )


@pytest.mark.parametrize("seed", range(4))
def test_program_tells_shapley_values_of_any_trees(seed, tmp_path):
    rng = np.random.default_rng(seed)
    n_trees, depth = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    background = encoded_rows(int(rng.integers(1, 8)), seed=seed + 50, missing=0.2)
    body = random_trees(n_trees, 1, "sigmoid", seed=seed, depth=depth)
    pairs = rng.permutation(6)[:4].reshape(2, 2).tolist()
    groups = tuple(ReasonGroup(f"pair_{i}", tuple(pair)) for i, pair in enumerate(pairs))
    model = told(body, groups=groups, background=background)
    players = [list(group.columns) for group in Explainer(model).explain(background).groups]
    X = hard_rows(body, 8, seed=seed + 90)
    wanted = exact(model, X, background, 1, players)
    found = [one.contributions for one in told_by_program(model, X, tmp_path)]
    np.testing.assert_allclose(found, wanted, atol=5e-6)


def test_excluded_columns_are_not_named_and_change_no_other(tmp_path):
    open_ = replace(MODELS["log_odds"], reasons=replace(MODELS["log_odds"].reasons, groups=()))
    hidden = replace(open_, reasons=replace(open_.reasons, excluded=(1, 5)))
    X = hard_rows(open_.body, 40)
    for side in ("open", "hidden"):
        (tmp_path / side).mkdir()
    all_told = told_by_program(open_, X, tmp_path / "open")
    some_told = told_by_program(hidden, X, tmp_path / "hidden")
    named = set()
    for one, other in zip(all_told, some_told, strict=True):
        np.testing.assert_allclose(other.contributions, one.contributions[[0, 2, 3, 4]], atol=1e-6)
        assert other.rest == pytest.approx(one.contributions[[1, 5]].sum(), abs=1e-6)
        assert one.rest == 0
        named |= set(other.codes)
    assert named == {"a", "c", "d", "flag"}
    source = export_c(hidden, reasons=True)
    codes = re.search(r"model_reason_codes\[4\] = \{(.*?)\};", source, re.DOTALL).group(1)
    assert re.findall(r'"(.*?)"', codes) == ["a", "c", "d", "flag"]


def chain(n_columns):
    """Return a tree that asks of one column after the other, in a table of numbers."""
    n_nodes = 2 * n_columns + 1
    feature = np.full(n_nodes, -1, dtype=np.int32)
    feature[:-1:2] = np.arange(n_columns)  # its right child is a leaf that ends the tree's list
    right = np.zeros(n_nodes, dtype=np.int32)
    # In preorder: split, the leaf to its left, and the next split to its right.
    right[:-1:2] = np.arange(2, n_nodes, 2)
    rng = np.random.default_rng(0)
    value = np.where(feature[:, None] < 0, rng.normal(size=(n_nodes, 1)), 0)
    nothing = np.zeros(0, dtype=np.int32)
    body = TreesRecord(
        feature=feature, threshold=np.zeros(n_nodes), right=right,
        missing_left=np.zeros(n_nodes, dtype=np.uint8), value=value.astype(np.float32),
        roots=np.zeros(1, dtype=np.int32), tree_output=np.zeros(1, dtype=np.int32),
        base=np.zeros(1), category_columns=nothing, category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.zeros(0),
    )  # fmt: skip
    schema = TableSchema(tuple(Column(f"c{j}", "numeric", nullable=True) for j in range(n_columns)))
    # Few go left, so that the deepest leaves are reached.
    background = np.random.default_rng(1).normal(3.0, 1.5, size=(6, n_columns))
    return CompactModel("regression", schema, body, reasons=Reasons(background))


def test_path_of_more_players_than_a_word_has_bits(tmp_path):
    model = chain(45)
    X = np.random.default_rng(2).normal(3.0, 1.5, size=(40, 45))
    assert_tells_what_python_tells(
        model, told_by_program(model, X, tmp_path), Explainer(model).explain(X)
    )


def test_file_has_no_row_of_the_background_and_needs_no_memory():
    model = MODELS["log_odds"]
    c = build_c(model, reasons=True)
    source = c.source.split("#ifdef ENSEMBLE_KD_MAIN")[0]
    assert "model_background" not in source
    code = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", source, flags=re.DOTALL)
    called = {name for name in re.findall(r"\b(\w+)\(", code) if not name.startswith("model_")}
    assert called <= {"expf", "fabs", "sizeof", "strcmp", "if", "for", "while"}
    size = {"float": 4, "double": 8, "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2,
            "uint32_t": 4}  # fmt: skip
    numbers = source.split("#ifndef ENSEMBLE_KD_NO_TEXTS")[0]
    tables = re.findall(r"^static const (\w+) \w+\[(\d+)\] = \{$", numbers, re.MULTILINE)
    assert sum(size[of] * int(n) for of, n in tables) == c.table_bytes
    n_splits = int((model.body.feature >= 0).sum())
    own = c.table_bytes - build_c(model).table_bytes
    # Two words of the 40 rows for each split, and little that does not grow with the trees.
    assert 8 * n_splits < own < 8 * n_splits + 600
