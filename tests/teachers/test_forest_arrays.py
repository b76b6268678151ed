"""A forest as arrays: what it predicts, to the last rounding of a row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from ensemble_kd import InputError
from ensemble_kd.bundle._audit import audit_model
from ensemble_kd.model import CompactModel
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.teachers._forest_arrays import _unrounded, forest_record, forest_runtime

SCHEMA = TableSchema(tuple(Column(f"x{j}", "numeric") for j in range(4)), named=False)


def rows(n_rows: int, seed: int = 0) -> np.ndarray:
    """Return rows with ties and missing values."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    X[:, 1] = np.round(X[:, 1], 1)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


FORESTS = [
    (RandomForestClassifier, {}),
    (RandomForestClassifier, {"max_leaf_nodes": 9}),  # grown best-first, so not in preorder
    (ExtraTreesClassifier, {"bootstrap": True}),
    (RandomForestRegressor, {}),
    (ExtraTreesRegressor, {"max_leaf_nodes": 12}),
]


@pytest.mark.parametrize(("kind", "parameters"), FORESTS, ids=lambda value: str(value)[-40:])
@pytest.mark.parametrize("runtime", ["c", "numpy"])
def test_forest_runtime_predicts_like_the_forest(kind, parameters, runtime, monkeypatch):
    if runtime == "c":
        pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
    X = rows(300)
    score = np.nan_to_num(X).sum(axis=1)
    is_classifier = hasattr(kind, "predict_proba")
    y = np.digitize(score, [-1, 0, 1]) if is_classifier else score
    forest = kind(n_estimators=7, random_state=0, **parameters).fit(X, y)
    new = rows(400, seed=1)
    expected = forest.predict_proba(new) if is_classifier else forest.predict(new)[:, None]
    np.testing.assert_allclose(forest_runtime(forest).outputs(new), expected, rtol=0, atol=1e-6)


def test_forest_record_is_a_sound_model():
    X = rows(200)
    forest = RandomForestClassifier(3, random_state=0).fit(X, np.arange(200) % 3)
    audit_model(CompactModel("classification", SCHEMA, forest_record(forest), (0, 1, 2)))


def test_forest_record_refuses_several_outputs():
    forest = RandomForestRegressor(2).fit(rows(20), np.zeros((20, 2)))
    with pytest.raises(InputError, match="one output, got 2"):
        forest_record(forest)


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
