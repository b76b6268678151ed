"""Models with scores that are made up: all different, or few levels with many ties."""

from __future__ import annotations

import numpy as np

from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord
from ensemble_kd.runtime import respond
from ensemble_kd.schema import Column, TableSchema

SCHEMA = TableSchema((Column("x", "numeric"),))


def i32(*values):
    return np.array(values, dtype=np.int32)


def scores_of(model, X):
    return respond(model, model.schema.encode(X))[:, -1]


def step_trees(cuts, rise, link):
    """Trees whose sum rises by steps along x."""
    n = len(cuts)
    node = np.tile([0, -1, -1], n)
    return TreesRecord(
        feature=node.astype(np.int32),
        threshold=np.where(node == 0, np.repeat(cuts, 3), 0.0),
        right=np.where(node == 0, np.arange(3 * n) + 2, 0).astype(np.int32),
        missing_left=np.zeros(3 * n, np.uint8),
        value=np.tile([[0.0], [-rise], [rise]], (n, 1)).astype(np.float32),
        roots=i32(*range(0, 3 * n, 3)),
        tree_output=np.zeros(n, np.int32),
        base=np.zeros(1),
        category_columns=i32(),
        category_offsets=i32(0),
        category_rank=np.empty(0),
        link=link,
    )


def steps(n_steps, sharpness=3.0):
    """Two classes, whose log-odds rise by so many steps."""
    body = step_trees(np.linspace(-3, 3, n_steps), sharpness / n_steps, "sigmoid")
    return CompactModel("classification", SCHEMA, body, ("a", "b"))


def detector(n_steps=None, scale=1.0):
    """Low scores for low x: all different, or so many levels."""
    if n_steps is not None:
        body = step_trees(np.linspace(-3, 3, n_steps), 1.0 / n_steps, "identity")
        return CompactModel("outliers", SCHEMA, body)
    body = MLPRecord(
        numeric_columns=i32(0),
        edge_offsets=i32(0, 2),
        edges=np.array([-10.0, 10.0]),
        numeric_weight=np.array([[20.0]], np.float32),
        missing_weight=np.zeros((1, 1), np.float32),
        category_columns=i32(),
        category_offsets=i32(0),
        category_weight=np.empty((0, 1), np.float32),
        first_bias=np.array([-10.0], np.float32),
        layers=(),
        output_mean=5.0,
        output_scale=scale,
    )
    return CompactModel("outliers", SCHEMA, body)
