"""The models written by hand for the tests of the bundle, and what they are written with."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np

from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord
from ensemble_kd.schema import Column, TableSchema

# tests/ is no package, so that the folder beside this one is found by its place.
_spec = importlib.util.spec_from_file_location(
    "hand_made_bundles", Path(__file__).parents[1] / "bundle" / "hand_made.py"
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

MODELS, SCHEMA, f32, f64, i32 = (
    getattr(_module, name) for name in ("MODELS", "SCHEMA", "f32", "f64", "i32")
)


def one_split(threshold, missing_left):
    body = TreesRecord(
        feature=i32(0, -1, -1),
        threshold=f64(threshold, 0, 0),
        right=i32(2, 0, 0),
        missing_left=np.array([missing_left, 0, 0], dtype=np.uint8),
        value=f32([0], [1], [2]),
        roots=i32(0),
        tree_output=i32(0),
        base=f64(0.5),
        category_columns=i32(),
        category_offsets=i32(0),
        category_rank=f64(),
    )
    return CompactModel("regression", TableSchema((Column("x", "numeric"),)), body)


def constant_models():
    """A tree of one leaf and a network without inputs, both answering 4.5."""
    tree = one_split(0.0, False)
    leaf = replace(
        tree.body,
        feature=i32(-1),
        threshold=f64(0),
        right=i32(0),
        value=f32([4]),
        missing_left=np.array([0], dtype=np.uint8),
    )
    network = MLPRecord(
        numeric_columns=i32(),
        edge_offsets=i32(0),
        edges=f64(),
        numeric_weight=np.empty((0, 1), np.float32),
        missing_weight=np.empty((0, 1), np.float32),
        category_columns=i32(),
        category_offsets=i32(0),
        category_weight=np.empty((0, 1), np.float32),
        first_bias=f32(4.5),
        layers=(),
    )
    return [replace(tree, body=body) for body in (leaf, network)]
