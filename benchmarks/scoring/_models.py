"""The table, and the models that are timed on it; their answers are not the subject."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ensemble_kd.fitted_trees import read_trees, tree_arrays
from ensemble_kd.model import CompactModel, Dense, MLPRecord
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import Classification

N_NUMERIC, N_CATEGORICAL, N_LEVELS, N_BINS = 12, 4, 5, 32
WIDTHS = (64, 64)


def fraud_table(n_rows: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return 12 numbers, 3 % of them missing, 4 categories, and a rare class."""
    rng = np.random.default_rng(seed)
    numbers = rng.lognormal(size=(n_rows, N_NUMERIC))
    score = (
        np.log(numbers[:, 0] * numbers[:, 1]) + np.sin(3 * numbers[:, 2]) + rng.normal(size=n_rows)
    )
    numbers[rng.random(numbers.shape) < 0.03] = np.nan
    levels = np.array([f"level {k}" for k in range(N_LEVELS)], dtype=object)
    columns: dict[str, Any] = {f"amount_{j}": numbers[:, j] for j in range(N_NUMERIC)}
    for j in range(N_CATEGORICAL):
        codes = rng.integers(N_LEVELS, size=n_rows)
        score += 0.2 * codes
        columns[f"kind_{j}"] = levels[codes]
    return pd.DataFrame(columns), (score > np.quantile(score, 0.95)).astype(np.int64)


def network(schema: TableSchema, X: np.ndarray) -> CompactModel:
    """Return a network of random weights over the encoded table."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)

    quantiles = np.linspace(0, 1, N_BINS + 1)
    edges = [np.nanquantile(X[:, j], quantiles) for j in range(N_NUMERIC)]
    sizes = (*WIDTHS, 2)
    n_rows = schema.n_codes[N_NUMERIC:] + 1
    body = MLPRecord(
        numeric_columns=np.arange(N_NUMERIC, dtype=np.int32),
        edge_offsets=(np.arange(N_NUMERIC + 1) * (N_BINS + 1)).astype(np.int32),
        edges=np.concatenate(edges),
        numeric_weight=draw(N_NUMERIC * N_BINS, sizes[0]),
        missing_weight=draw(N_NUMERIC, sizes[0]),
        category_columns=np.arange(N_NUMERIC, N_NUMERIC + N_CATEGORICAL, dtype=np.int32),
        category_offsets=np.cumsum([0, *n_rows]).astype(np.int32),
        category_weight=draw(int(n_rows.sum()), sizes[0]),
        first_bias=draw(sizes[0]),
        layers=tuple(Dense(draw(a, b), draw(b)) for a, b in itertools.pairwise(sizes)),
    )
    return CompactModel(Classification.name, schema, body, (0, 1))


def from_trees(schema: TableSchema, fitted: Any) -> CompactModel:
    """Return a fitted forest or booster of two classes as a compact model."""
    found = read_trees(fitted)
    assert found is not None
    record = tree_arrays(found, "identity" if found.is_mean else "sigmoid").record
    return CompactModel(Classification.name, schema, record, (0, 1))


# --- the same for ONNX Runtime --------------------------------------------------------------------


def onnx_network(n_inputs: int) -> bytes:
    """Return a network of the same widths on inputs that are encoded already."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    sizes = (n_inputs, *WIDTHS, 2)
    nodes, weights, name = [], [], "X"
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        weights.append(numpy_helper.from_array(rng.normal(size=(a, b)).astype(np.float32), f"w{i}"))
        weights.append(numpy_helper.from_array(np.zeros(b, np.float32), f"b{i}"))
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"h{i}"]))
        last = i == len(sizes) - 2
        name = "P" if last else f"r{i}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"h{i}"], [name]))
    X = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, n_inputs])
    P = helper.make_tensor_value_info("P", TensorProto.FLOAT, [None, 2])
    graph = helper.make_graph(nodes, "network", [X], [P], weights)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def onnx_trees(model: CompactModel) -> bytes:
    """Return the same trees as a TreeEnsemble."""
    from onnx import TensorProto, helper

    body: Any = model.body
    is_leaf = body.feature < 0
    tree = np.searchsorted(body.roots, np.arange(len(body.feature)), side="right") - 1
    position = np.arange(len(body.feature)) - body.roots[tree]
    leaves = np.flatnonzero(is_leaf)
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["P"],
        domain="ai.onnx.ml",
        n_targets=1,
        post_transform="LOGISTIC",
        base_values=body.base.astype(np.float32).tolist(),
        nodes_treeids=tree.tolist(),
        nodes_nodeids=position.tolist(),
        nodes_featureids=np.maximum(body.feature, 0).tolist(),
        nodes_modes=["LEAF" if leaf else "BRANCH_LEQ" for leaf in is_leaf],
        nodes_values=np.clip(body.threshold, -3e38, 3e38).tolist(),
        nodes_truenodeids=np.where(is_leaf, 0, position + 1).tolist(),
        nodes_falsenodeids=np.where(is_leaf, 0, body.right - body.roots[tree]).tolist(),
        nodes_missing_value_tracks_true=body.missing_left.astype(int).tolist(),
        target_treeids=tree[leaves].tolist(),
        target_nodeids=position[leaves].tolist(),
        target_ids=[0] * len(leaves),
        target_weights=body.value[leaves, 0].tolist(),
    )
    X = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, N_NUMERIC + N_CATEGORICAL])
    P = helper.make_tensor_value_info("P", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([node], "trees", [X], [P])
    opsets = [helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


@dataclass
class Subjects:
    """All that is timed.

    Parameters
    ----------
    rows : DataFrame
        Raw rows.
    schema : TableSchema
        Of the rows.
    encoded : ndarray of shape (n_rows, 16), float64
        The rows as numbers.
    students : dict of str to CompactModel
        mlp, lightgbm, xgboost.
    lightgbm, xgboost : Booster
        What the latter two were taken from.
    teacher : Pipeline
        A soft vote of forests and boosted trees behind an encoder.
    """

    rows: pd.DataFrame
    schema: TableSchema
    encoded: np.ndarray
    students: dict[str, CompactModel]
    lightgbm: Any
    xgboost: Any
    teacher: Any


def fit_subjects(n_rows: int, n_train: int, n_teacher_trees: int) -> Subjects:
    """Fit the trees and the teacher on `n_train` rows, and return `n_rows` others to score."""
    import lightgbm
    import xgboost
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, VotingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    frame, y = fraud_table(n_train)
    schema = TableSchema.infer(frame)
    X = schema.encode(frame)
    lgb = lightgbm.train(
        {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 2},
        lightgbm.Dataset(X, y),
        100,
    )
    xgb = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 6, "nthread": 2}, xgboost.DMatrix(X, y), 100
    )
    forests = [
        (name, kind(n_teacher_trees, random_state=0, n_jobs=1))
        for name, kind in (("rf", RandomForestClassifier), ("et", ExtraTreesClassifier))
    ]
    boosted = [
        ("lgb", lightgbm.LGBMClassifier(n_estimators=n_teacher_trees, n_jobs=1, verbose=-1)),
        ("xgb", xgboost.XGBClassifier(n_estimators=n_teacher_trees, max_depth=6, n_jobs=1)),
    ]
    names = list(frame.columns)
    encoder = ColumnTransformer(
        [
            ("numbers", "passthrough", names[:N_NUMERIC]),
            ("kinds", OrdinalEncoder(), names[N_NUMERIC:]),
        ]
    )
    teacher = make_pipeline(encoder, VotingClassifier([*forests, *boosted], voting="soft"))
    teacher.fit(frame, y)
    rows, _ = fraud_table(n_rows, seed=1)
    students = {
        "mlp": network(schema, X),
        "lightgbm": from_trees(schema, lgb),
        "xgboost": from_trees(schema, xgb),
    }
    return Subjects(rows, schema, schema.encode(rows), students, lgb, xgb, teacher)
