"""Shapley values by their definition, and random models small enough for it."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import factorial

import numpy as np

from ensemble_kd.explain._score import score_weights
from ensemble_kd.model import CompactModel, Dense, MLPRecord, TreesRecord
from ensemble_kd.runtime import MLPRuntime, TreesRuntime
from ensemble_kd.schema import Column, TableSchema

N_COLUMNS = 6
SCHEMA = TableSchema(
    (
        Column("a", "numeric", nullable=True, minimum=-3.0, maximum=3.0),
        Column("b", "numeric", nullable=True, minimum=-3.0, maximum=3.0),
        Column("c", "numeric", nullable=True, minimum=-3.0, maximum=3.0),
        Column("d", "numeric", nullable=True, minimum=-3.0, maximum=3.0),
        Column("flag", "boolean", nullable=True),
        Column("city", "categorical", nullable=True, categories=("Oslo", "Rome", "Lima")),
    )
)


def encoded_rows(n_rows, seed=0, missing=0.1):
    """Return random codes of the six columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, N_COLUMNS))
    X[:, 4] = rng.integers(2, size=n_rows)
    X[:, 5] = rng.integers(4, size=n_rows)
    X[rng.random(X.shape) < missing] = np.nan
    return X


def random_trees(n_trees, n_sums, link, seed=0, depth=4, whole=False):
    """Return trees of random splits, each of up to `depth` levels."""
    rng = np.random.default_rng(seed)
    n_values = n_sums if whole else 1
    nodes, roots = [], []

    def grow(level):
        place = len(nodes)
        if level == 0 or (level < depth and rng.random() < 0.15):
            value = rng.random(n_values) + 0.1 if link == "identity" else rng.normal(size=n_values)
            if link == "identity" and whole:
                value /= value.sum()
            nodes.append([-1, 0.0, 0, 0, value])
            return
        feature = int(rng.integers(N_COLUMNS))
        nodes.append([feature, float(rng.normal()), 0, int(rng.integers(2)), np.zeros(n_values)])
        grow(level - 1)
        nodes[place][2] = len(nodes)
        grow(level - 1)

    for _ in range(n_trees):
        roots.append(len(nodes))
        grow(depth)
    feature, threshold, right, missing_left, value = zip(*nodes, strict=True)
    return TreesRecord(
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold),
        right=np.array(right, dtype=np.int32),
        missing_left=np.array(missing_left, dtype=np.uint8),
        value=np.array(value, dtype=np.float32),
        roots=np.array(roots, dtype=np.int32),
        tree_output=np.array([-1 if whole else t % n_sums for t in range(n_trees)], dtype=np.int32),
        base=np.zeros(n_sums) if whole else rng.normal(size=n_sums),
        category_columns=np.array([5], dtype=np.int32),
        category_offsets=np.array([0, 4], dtype=np.int32),
        category_rank=np.array([0.5, -1.0, 0.1, np.nan]),
        link=link,
    )


def random_network(n_outputs, hidden=(), seed=0, outside=None, **changes):
    """Return a network of random weights over the six columns."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)

    sizes = (*hidden, n_outputs)
    numbers = [0, 1, 2, 3] + ([] if outside is None else list(range(6, 11)))
    edges = [np.sort(rng.normal(size=5)) if j < 6 else np.array([0.0, 1.0, 5.0, 20.0, 90.0])
             for j in numbers]  # fmt: skip
    return MLPRecord(
        numeric_columns=np.array(numbers, dtype=np.int32),
        edge_offsets=(5 * np.arange(len(numbers) + 1)).astype(np.int32),
        edges=np.concatenate(edges),
        numeric_weight=3 * draw(4 * len(numbers), sizes[0]),
        missing_weight=draw(len(numbers), sizes[0]),
        category_columns=np.array([4, 5], dtype=np.int32),
        category_offsets=np.array([0, 3, 8], dtype=np.int32),
        category_weight=draw(8, sizes[0]),
        first_bias=draw(1, sizes[0])[0],
        layers=tuple(Dense(draw(a, b), draw(1, b)[0]) for a, b in pairwise(sizes)),
        outside=outside,
        **changes,
    )


def explained(model, X, output):
    """Return the number that is explained, by the runtime in numpy and by definition."""
    is_network = isinstance(model.body, MLPRecord)
    sums = (MLPRuntime if is_network else TreesRuntime)(model.body).outputs(X)
    if model.has_classes and model.link == "identity":
        sums = sums / sums.sum(axis=1, keepdims=True)
    weight, offset = score_weights(model, output)
    return sums @ weight + offset


def shapley(value, n_players):
    """Return Shapley values of a game, which gives the value of each tuple of players."""
    out = np.zeros(n_players)
    for i in range(n_players):
        others = [j for j in range(n_players) if j != i]
        for size in range(n_players):
            share = factorial(size) * factorial(n_players - size - 1) / factorial(n_players)
            for coalition in combinations(others, size):
                out[i] += share * (value((*coalition, i)) - value(coalition))
    return out


def exact(model: CompactModel, X, background, output, players=None):
    """Return the interventional Shapley values of each row, by all coalitions."""
    players = [[j] for j in range(X.shape[1])] if players is None else players
    cache = {}
    out = []
    for i, x in enumerate(X):

        def value(coalition, i=i, x=x):
            key = i, tuple(sorted(coalition))
            if key not in cache:
                mixed = background.copy()
                columns = [j for player in coalition for j in players[player]]
                mixed[:, columns] = x[columns]
                cache[key] = explained(model, mixed, output).mean()
            return cache[key]

        out.append(shapley(value, len(players)))
    return np.array(out)


def boosted_record(trees, learning_rate, base):
    """Return fitted regression trees of scikit-learn, which lie in preorder, as a record."""
    parts = [tree.tree_ for tree in trees]
    starts = np.cumsum([0, *(part.node_count for part in parts)])[:-1]
    is_leaf = np.concatenate([part.feature < 0 for part in parts])

    def joined(arrays, dtype, at_leaf=0):
        return np.where(is_leaf, at_leaf, np.concatenate(arrays)).astype(dtype)

    value = learning_rate * np.concatenate([part.value[:, 0, 0] for part in parts])
    return TreesRecord(
        feature=joined([part.feature for part in parts], np.int32, -1),
        threshold=joined([part.threshold for part in parts], np.float64),
        right=joined(
            [part.children_right + start for part, start in zip(parts, starts, strict=True)],
            np.int32,
        ),
        missing_left=np.zeros(len(is_leaf), dtype=np.uint8),
        value=np.where(is_leaf, value, 0.0).astype(np.float32)[:, None],
        roots=starts.astype(np.int32),
        tree_output=np.zeros(len(parts), dtype=np.int32),
        base=np.asarray(base, dtype=np.float64),
        category_columns=np.zeros(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.zeros(0),
        link="identity",
    )
