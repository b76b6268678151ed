"""Fitted trees as arrays answer as the model does, to the last rounding of a row."""

from __future__ import annotations

import json
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.base import clone
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import InputError
from ensemble_kd.bundle._audit import audit_model
from ensemble_kd.fitted_trees import constant_trees, read_trees, tree_arrays
from ensemble_kd.fitted_trees._arrays import _unrounded
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import build_runtime
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.tasks import BaseTask, task_with

SCHEMA = TableSchema(tuple(Column(f"x{j}", "numeric") for j in range(4)), named=False)
SMALL = {"n_estimators": 7, "random_state": 0}
QUIET = SMALL | {"num_leaves": 6, "n_jobs": 1, "verbosity": -1}
MODELS = {
    "tree": DecisionTreeClassifier(random_state=0),
    "tree of values": DecisionTreeRegressor(max_leaf_nodes=12, random_state=0),
    "forest": RandomForestClassifier(**SMALL),
    # Grown best-first, so not in preorder.
    "forest of few leaves": RandomForestClassifier(max_leaf_nodes=9, **SMALL),
    "extra trees": ExtraTreesClassifier(bootstrap=True, **SMALL),
    "forest of values": RandomForestRegressor(**SMALL),
    "extra trees of values": ExtraTreesRegressor(max_leaf_nodes=12, **SMALL),
    "histogram": HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=6),
    "histogram of values": HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=6),
    "lightgbm": lightgbm.LGBMClassifier(**QUIET),
    "lightgbm of values": lightgbm.LGBMRegressor(**QUIET),
    "xgboost": xgboost.XGBClassifier(**SMALL, max_depth=3, n_jobs=1),
    "xgboost of values": xgboost.XGBRegressor(**SMALL, max_depth=3, n_jobs=1),
}


def rows(n_rows: int, seed: int = 0) -> np.ndarray:
    """Return rows with ties and missing values."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    X[:, 1] = np.round(X[:, 1], 1)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


def target(X: np.ndarray, task: BaseTask) -> np.ndarray:
    """Return classes, one of which is rare, or values."""
    score = np.nan_to_num(X).sum(axis=1)
    if not task.has_classes:
        return score
    return np.digitize(score, [-1, 0, 4.5] if task.n_outputs > 2 else [0])


def compact(model: Any, task: BaseTask) -> CompactModel:
    """Return a fitted model's trees as a compact model."""
    found = read_trees(model)
    assert found is not None
    link = "identity" if found.is_mean else task.tree_link
    return CompactModel(task.name, SCHEMA, tree_arrays(found, link).record, task.classes)


def tasks_of(model: Any) -> list[BaseTask]:
    """Return the tasks that a model may learn."""
    if not hasattr(model, "predict_proba"):
        return [task_with(None)]
    return [task_with(np.arange(2)), task_with(np.arange(4))]


CASES = [
    pytest.param(model, task, id=f"{name}-{task.n_outputs}")
    for name, model in MODELS.items()
    for task in tasks_of(model)
]


@pytest.mark.parametrize("runtime", ["c", "numpy"])
@pytest.mark.parametrize(("model", "task"), CASES)
def test_arrays_answer_as_the_model_does(model, task, runtime, monkeypatch):
    if runtime == "c":
        pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
    X, new = rows(300), rows(400, seed=1)
    model = clone(model).fit(X, target(X, task))
    made = compact(model, task)
    audit_model(made)
    outputs = build_runtime(made).outputs(new)
    answer = outputs if made.link == "identity" else task.respond(_logits(outputs))
    np.testing.assert_allclose(answer, task.ask(model, new), rtol=0, atol=2e-6)


def _logits(outputs: np.ndarray) -> np.ndarray:
    return outputs if outputs.shape[1] > 1 else np.hstack([np.zeros_like(outputs), outputs])


def test_arrays_of_a_tree_of_several_values_answer_as_it_does():
    X = rows(200)
    Y = np.nan_to_num(X[:, :2])
    tree = DecisionTreeRegressor(max_leaf_nodes=9, random_state=0).fit(X, Y)
    found = read_trees(tree)
    assert found is not None
    record = tree_arrays(found, "identity").record
    model = CompactModel("classification", SCHEMA, record, (0, 1))
    np.testing.assert_allclose(build_runtime(model).outputs(X), tree.predict(X), atol=1e-6)


@pytest.mark.parametrize(("model", "task"), CASES)
def test_arrays_of_one_leaf_answer_its_value(model, task):
    X = np.zeros((60, 4))
    y = np.arange(60) % max(2, task.n_outputs)
    model = clone(model).fit(X, y)
    made = compact(model, task)
    outputs = build_runtime(made).outputs(X[:1])
    answer = outputs if made.link == "identity" else task.respond(_logits(outputs))
    np.testing.assert_allclose(answer, task.ask(model, X[:1]), atol=2e-6)


@pytest.mark.parametrize("n_sums", [1, 3])
def test_constant_trees_answer_zero(n_sums):
    record = tree_arrays(constant_trees(n_sums), "softmax" if n_sums > 1 else "sigmoid").record
    classes = tuple(range(max(2, n_sums)))
    model = CompactModel("classification", SCHEMA, record, classes)
    audit_model(model)
    np.testing.assert_array_equal(build_runtime(model).outputs(rows(5)), np.zeros((5, n_sums)))


# --- the very split -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["forest of values", "xgboost of values", "lightgbm of values"])
def test_arrays_part_rows_half_way_between_two_floats_as_the_model_does(name):
    rng = np.random.default_rng(0)
    x = rng.integers(2**24, 2**24 + 400, size=600).astype(float)  # every other one is no float32
    X = np.column_stack([x, np.zeros((600, 3))])
    model = MODELS[name].fit(X, np.sin(x))
    every = np.column_stack([np.arange(2**24, 2**24 + 400, dtype=float), np.zeros((400, 3))])
    outputs = build_runtime(compact(model, task_with(None))).outputs(every)
    np.testing.assert_allclose(outputs[:, 0], model.predict(every), atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_unrounded_thresholds_part_rows_as_rounded_rows_are_parted(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=2000).astype(np.float32).astype(np.float64)
    beside = np.nextafter(values.astype(np.float32), np.float32(9)).astype(np.float64)
    half_way = (values + beside) / 2
    threshold = rng.choice([values, half_way, values + 1e-12], axis=0)
    for x in (values, beside, half_way, np.nextafter(half_way, 9), np.nextafter(half_way, -9)):
        rounded = x.astype(np.float32) <= threshold
        np.testing.assert_array_equal(x <= _unrounded(threshold), rounded)


# --- what arrays cannot say -----------------------------------------------------------------------

VALUES = np.nan_to_num(rows(200)).sum(axis=1)
COUNTS = np.abs(np.round(VALUES))


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (RandomForestRegressor(2), np.zeros((200, 2)), "one output, got 2"),
        (GradientBoostingRegressor(n_estimators=3), VALUES, "more than the mean of its trees"),
        (AdaBoostClassifier(n_estimators=3), VALUES > 0, "more than the mean of its trees"),
        (lightgbm.LGBMRegressor(zero_as_missing=True, **QUIET), VALUES, "zero counts as missing"),
        (lightgbm.LGBMRegressor(linear_tree=True, **QUIET), VALUES, "its leaves are linear"),
        (
            lightgbm.LGBMRegressor(
                boosting_type="rf", subsample=0.5, subsample_freq=1, force_col_wise=True, **QUIET
            ),
            VALUES,
            "random forest of LightGBM",
        ),
        (xgboost.XGBRegressor(**SMALL, objective="count:poisson"), COUNTS, "is count:poisson"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_arrays_are_refused_where_the_model_is_more_than_its_trees(model, y, message):
    found = read_trees(model.fit(np.nan_to_num(rows(200)), y))
    assert found is not None
    with pytest.raises(InputError, match=message):
        tree_arrays(found, "identity")


def test_arrays_are_refused_where_the_codes_of_a_set_are_unknown():
    codes = np.random.default_rng(0).integers(0, 9, size=(500, 1)).astype(float)
    data = lightgbm.Dataset(codes, codes[:, 0] % 2, categorical_feature=[0])
    found = read_trees(lightgbm.train({"verbosity": -1, "num_threads": 1}, data, 3))
    assert found is not None
    with pytest.raises(InputError, match="at most 51 categories, got unknown"):
        tree_arrays(found, "identity")
    assert tree_arrays(found, "identity", np.array([10])).left_categories is not None


def test_arrays_read_what_the_dump_of_lightgbm_says():
    X = rows(400)
    model = lightgbm.LGBMClassifier(**QUIET).fit(X, target(X, task_with(np.arange(4))))
    record = compact(model, task_with(np.arange(4))).body
    dumped = [tree["tree_structure"] for tree in model.booster_.dump_model()["tree_info"]]
    told = [node for tree in dumped for node in _preorder(tree)]
    splits, leaves = ([n for n in told if ("leaf_value" in n) is leaf] for leaf in (False, True))
    is_split = record.feature >= 0
    assert is_split.tolist() == ["leaf_value" not in node for node in told]
    assert record.feature[is_split].tolist() == [node["split_feature"] for node in splits]
    assert record.threshold[is_split].tolist() == [node["threshold"] for node in splits]
    values = np.float32([node["leaf_value"] for node in leaves])
    np.testing.assert_array_equal(record.value[~is_split, 0], values)


def _preorder(node: dict[str, Any]) -> list[dict[str, Any]]:
    if "leaf_value" in node:
        return [node]
    return [node, *_preorder(node["left_child"]), *_preorder(node["right_child"])]


def test_arrays_begin_where_the_sums_of_xgboost_do():
    X = rows(300)
    model = xgboost.XGBClassifier(**SMALL, n_jobs=1).fit(X, target(X, task_with(np.arange(2))))
    told = json.loads(model.get_booster().save_config())["learner"]["learner_model_param"]
    rate = float(told["base_score"].strip("[]"))
    base = compact(model, task_with(np.arange(2))).body.base
    np.testing.assert_allclose(base, [np.log(rate / (1 - rate))])
