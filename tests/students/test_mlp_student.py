"""The `mlp` student: close edges, rare categories, and inputs that training did not show."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.model import MLPRecord
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.students import MLPStudent, ResidualStudent
from ensemble_kd.tasks import Classification

SMALL = MLPStudent(hidden=(8, 4), n_updates=80, random_state=0)


def real_rows(X: np.ndarray, positive: np.ndarray, schema: TableSchema) -> TransferSet:
    """Return real rows whose teacher gives a probability of the second class."""
    n_rows = len(X)
    return TransferSet(
        schema,
        X,
        np.column_stack([1 - positive, positive]),
        np.full(n_rows, -1),
        np.ones(n_rows),
        np.full(n_rows, REAL, dtype=np.int8),
        np.arange(n_rows) % 10 == 0,
        Classification(np.array(["no", "yes"])),
    )


@pytest.fixture(scope="module")
def codes() -> TransferSet:
    """A column of a number and one of four categories, never missing."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=300), rng.integers(0, 4, 300)])
    schema = TableSchema(
        (Column("a", "numeric"), Column("b", "categorical", categories=("p", "q", "r", "s")))
    )
    return real_rows(X, 1 / (1 + np.exp(-X[:, 0] - X[:, 1])), schema)


@pytest.fixture(scope="module")
def record(codes) -> MLPRecord:
    """A network fitted on them."""
    body = SMALL.fit_transfer(codes, SoftTargetLoss()).to_model().body
    assert isinstance(body, MLPRecord)
    return body


@pytest.mark.runtimes
def test_mlp_student_scores_a_heavy_tailed_column_as_it_was_trained():
    rng = np.random.default_rng(0)
    X = np.exp(5 * rng.normal(size=(600, 2)))
    rows = real_rows(X, (np.log(X).sum(axis=1) > 0) * 0.9 + 0.05, TableSchema.infer(X))
    student = MLPStudent(hidden=(16,), n_updates=200, random_state=0)
    model = student.fit_transfer(rows, SoftTargetLoss()).to_model()
    answer = response(model, build_runtime(model).outputs(X))
    np.testing.assert_allclose(answer, student.respond(X), rtol=0, atol=2e-6)


def test_mlp_student_adds_the_average_category_for_an_unseen_one(codes, record):
    train = codes.X[~codes.held_out]
    counts = np.bincount(train[:, 1].astype(int), minlength=4)
    average = counts @ record.category_weight[:4] / counts.sum()
    np.testing.assert_allclose(record.category_weight[4], average, atol=1e-6)


def test_mlp_student_adds_the_average_category_for_one_never_missing(record):
    np.testing.assert_allclose(record.category_weight[5], record.category_weight[4], atol=1e-6)


def test_mlp_student_adds_the_average_number_for_one_never_missing(codes, record):
    values = codes.X[~codes.held_out, :1]
    starts, ends = record.edges[:-1], record.edges[1:]
    pieces = np.clip((values - starts) / (ends - starts), 0, 1).mean(axis=0)
    np.testing.assert_allclose(
        record.missing_weight[0], pieces @ record.numeric_weight, rtol=1e-4, atol=1e-5
    )


def test_mlp_student_learns_a_weight_for_a_missing_value_that_training_showed(codes):
    gaps = np.arange(300) % 3 == 0
    X = np.column_stack([np.where(gaps, np.nan, codes.X[:, 0]), codes.X[:, 1]])
    rows = real_rows(X, np.where(gaps, 0.99, 0.05), codes.schema)
    student = MLPStudent(hidden=(8,), n_updates=200, random_state=0)
    answer = student.fit_transfer(rows, SoftTargetLoss()).respond(X)[:, 1]
    assert answer[gaps].mean() > 0.8
    assert answer[~gaps].mean() < 0.2


def test_mlp_student_taught_by_true_labels_keeps_the_most_frequent_categories_apart(codes):
    index = np.searchsorted([20, 200, 220], np.arange(300), side="right")
    X = np.column_stack([codes.X[:, 0], index])
    rows = dataclasses.replace(codes, X=X)
    student = MLPStudent(hidden=(4,), n_updates=5, max_categories=2, random_state=0)
    model = student.fit_transfer(rows, SoftTargetLoss(alpha=0.0)).to_model()
    assert model.schema.columns[1].categories == ("q", "s")


@pytest.fixture(scope="module")
def crowded() -> TransferSet:
    """One column of 300 categories, half of which mean yes."""
    rng = np.random.default_rng(0)
    code = rng.permutation(np.arange(6000) % 300).astype(float)
    schema = TableSchema(
        (Column("shop", "categorical", categories=tuple(f"s{i}" for i in range(300))),)
    )
    return real_rows(code[:, None], np.where(code < 150, 0.9, 0.1), schema)


def test_mlp_student_groups_categories_by_the_teachers_response(crowded):
    student = MLPStudent(hidden=(8,), n_updates=200, max_categories=8, random_state=0)
    answer = student.fit_transfer(crowded, SoftTargetLoss()).respond(np.arange(300.0)[:, None])
    # One group may lie across the middle.
    assert np.mean(np.abs(answer[:150, 1] - 0.9) < 0.1) > 0.9
    assert np.mean(np.abs(answer[150:, 1] - 0.1) < 0.1) > 0.9


@pytest.mark.runtimes
def test_mlp_student_of_grouped_categories_scores_alike_from_its_file(crowded, tmp_path):
    student = MLPStudent(hidden=(8,), n_updates=50, max_categories=8, random_state=0)
    model = student.fit_transfer(crowded, SoftTargetLoss()).to_model()
    X = np.append(np.arange(300.0), [300.0, np.nan])[:, None]
    answer = response(model, build_runtime(model).outputs(X))
    np.testing.assert_allclose(answer, student.respond(X), rtol=0, atol=2e-6)
    assert len(model.schema.columns[0].categories) == 300
    assert len(np.unique(model.body.category_weight, axis=0)) <= 8 + 2


def test_mlp_student_keeps_its_bytes_whatever_the_number_of_categories():
    n = 20_000
    code = np.arange(2 * n) % n
    names = tuple(f"a rather long name of a category {i}" for i in range(n))
    schema = TableSchema((Column("c", "categorical", categories=names),))
    rows = real_rows(code[:, None].astype(float), np.full(2 * n, 0.5), schema)
    student = MLPStudent(n_updates=2, max_bytes=60_000, random_state=0)
    model = student.fit_transfer(rows, SoftTargetLoss()).to_model()
    assert len(json.dumps(model.schema.to_dict())) < 40_000


def test_mlp_student_stops_when_the_held_out_loss_no_longer_falls(codes):
    noise = np.random.default_rng(1).integers(0, 2, 300).astype(float)
    rows = real_rows(codes.X, noise, codes.schema)
    hasty = MLPStudent(hidden=(64,), n_updates=800, patience=2, random_state=0)
    history = hasty.fit_transfer(rows, SoftTargetLoss(alpha=0.0)).history_
    assert int(np.argmin(history)) == len(history) - 3


@pytest.mark.parametrize("kind", [MLPStudent, ResidualStudent])
def test_training_that_diverged_names_what_to_change(kind, codes):
    student = kind(n_updates=20, learning_rate=1e20, random_state=0)
    student.fit_transfer(codes, SoftTargetLoss())
    with pytest.raises(InputError, match=r"diverged.*lower learning_rate, got 1e\+20"):
        student.to_model()
