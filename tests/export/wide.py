"""Models of many columns whose names have one long common beginning, made by hand."""

from __future__ import annotations

import numpy as np

from ensemble_kd.model import CompactModel, Dense, MLPRecord, TreesRecord
from ensemble_kd.schema import Column, TableSchema

from .hand_made import f32, f64, i32

CATEGORIES = ("a", "b", "c")


def wide_schema(n, kind):
    """So many columns of a kind."""
    more = {"categories": CATEGORIES} if kind == "categorical" else {}
    name = "a_long_beginning_that_all_of_these_columns_share_{}"
    return TableSchema(tuple(Column(name.format(j), kind, **more) for j in range(n)))


def wide_network(n, kind, n_hidden=16, seed=0):
    """A network that adds a random row for each column."""
    rng, schema = np.random.default_rng(seed), wide_schema(n, kind)

    def random(*shape):
        return rng.normal(size=shape).astype(np.float32)

    each = schema.n_codes[0] + 1
    n_edges, n_codes = (3 * n, 0) if kind == "numeric" else (0, each * n)
    numeric, other = (range(n), ()) if kind == "numeric" else ((), range(n))
    body = MLPRecord(
        numeric_columns=i32(*numeric),
        edge_offsets=np.arange(0, n_edges + 1, 3, dtype=np.int32),
        edges=np.tile([0.0, 1.0, 2.0], len(numeric)),
        numeric_weight=random(2 * len(numeric), n_hidden),
        missing_weight=random(len(numeric), n_hidden),
        category_columns=i32(*other),
        category_offsets=np.arange(0, n_codes + 1, each, dtype=np.int32),
        category_weight=random(n_codes, n_hidden),
        first_bias=random(n_hidden),
        layers=(Dense(random(n_hidden, 2), random(2)),),
    )
    return CompactModel("classification", schema, body, ("no", "yes"))


def wide_trees(n, kind, task="classification", scale=0.1, seed=0):
    """A stump for each column."""
    schema, rng = wide_schema(n, kind), np.random.default_rng(seed)
    is_category = kind == "categorical"
    feature, right, value = np.full((n, 3), -1), np.zeros((n, 3)), rng.normal(size=(n, 3))
    feature[:, 0], right[:, 0], value[:, 0] = np.arange(n), 3 * np.arange(n) + 2, 0.0
    each = int(schema.n_codes[0])
    body = TreesRecord(
        feature=i32(*feature.ravel()),
        threshold=np.tile([0.5, 0.0, 0.0], n),
        right=i32(*right.ravel()),
        missing_left=np.tile([1, 0, 0], n).astype(np.uint8),
        value=f32(*(scale * value).ravel())[:, None],
        roots=3 * np.arange(n, dtype=np.int32),
        tree_output=np.zeros(n, dtype=np.int32),
        base=f64(0.25),
        category_columns=i32(*range(n * is_category)),
        category_offsets=each * np.arange(n * is_category + 1, dtype=np.int32),
        category_rank=np.tile(np.arange(each, dtype=np.float64), n * is_category),
        link="sigmoid" if task == "classification" else "identity",
    )
    return CompactModel(task, schema, body, ("no", "yes") if task == "classification" else ())
