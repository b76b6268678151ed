"""The contract of every student: valid answers, the same from its plain arrays, the same again."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss, LogitMatchingLoss, SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import TransferSet
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.students import (
    STUDENTS,
    AdditiveStudent,
    GBDTStudent,
    MLPStudent,
    SoftTreeStudent,
    Student,
    TreeStudent,
    TrepanStudent,
    as_student,
)

TASKS = ("binary", "multiclass", "regression")
SMALL = {
    "mlp": MLPStudent(hidden=(16, 8), n_updates=200, batch_size=64, random_state=0),
    "mlp_periodic": MLPStudent(
        hidden=(16, 8), n_updates=200, batch_size=64, encoding="periodic", random_state=0
    ),
    "mlp_of_one_layer": MLPStudent(hidden=(8,), n_updates=150, max_categories=2, random_state=0),
    "gbdt": GBDTStudent(n_estimators=15, num_leaves=8, n_jobs=1, random_state=0),
    "tree": TreeStudent(max_leaf_nodes=12, random_state=0),
    "trepan": TrepanStudent(max_leaf_nodes=12, random_state=0),
    "soft_tree": SoftTreeStudent(depth=2, n_updates=80, batch_size=64, random_state=0),
    "additive": AdditiveStudent(n_bins=12, max_iter=60, random_state=0),
}


def train(student: Student, rows: TransferSet, loss: DistillationLoss | None = None) -> Student:
    """Return a fitted copy of a student."""
    loss = loss or (SoftTargetLoss(alpha=0.7) if rows.task.classes else SquaredErrorLoss(0.7))
    return clone(student).fit_transfer(rows, loss)


def run(model: CompactModel, X: np.ndarray) -> np.ndarray:
    """Return the response of a model's plain arrays to encoded rows."""
    return response(model, build_runtime(model).outputs(X))


def pooled(model: CompactModel, rows: TransferSet, X: np.ndarray) -> np.ndarray:
    """Return rows encoded by the transfer set's schema as the model's own schema encodes them."""
    raw = np.empty(X.shape, dtype=object)
    for i, row in enumerate(rows.schema.decode_rows(X)):
        raw[i] = row
    return model.schema.encode(raw)


def difference(student: Student, rows: TransferSet, X: np.ndarray) -> float:
    """Return the largest difference of the student and its plain arrays, in units of the target."""
    scale = 1.0 if rows.task.classes else rows.response.std()
    model = student.to_model()
    gaps = np.abs(run(model, pooled(model, rows, X)) - student.respond(X)) / scale
    return float(gaps.max(initial=0.0))


def odd_rows(rows: TransferSet) -> dict[str, np.ndarray]:
    """Return rows that training did not hold."""
    numeric = ~rows.schema.is_discrete
    categorical = np.array([column.kind == "categorical" for column in rows.schema.columns])
    base = rows.X[:30]
    gaps = np.random.default_rng(0).random(base.shape) < 0.5
    return {
        "scattered missing values": np.where(gaps, np.nan, base),
        "all missing": np.full((1, base.shape[1]), np.nan),
        "infinite": np.where(numeric, np.inf, base),
        "minus infinite": np.where(numeric, -np.inf, base),
        "far outside": np.where(numeric, 1e12, base),
        "unseen categories": np.where(categorical, rows.schema.n_codes - 1, base),
        "one row": base[:1],
        "no rows": base[:0],
    }


ODD = [
    "scattered missing values",
    "all missing",
    "infinite",
    "minus infinite",
    "far outside",
    "unseen categories",
    "one row",
    "no rows",
]


@pytest.fixture(scope="module", params=TASKS)
def rows(request, make_transfer_set) -> TransferSet:
    """A transfer set on a mixed table."""
    return make_transfer_set(request.param)


@pytest.fixture(scope="module", params=SMALL)
def fitted(request, rows) -> Student:
    """A student fitted on it."""
    return train(SMALL[request.param], rows)


# Sums of float32 in another order; values are in units of the target's spread.
CLOSE = 3e-6


@pytest.mark.runtimes
def test_student_response_is_that_of_its_plain_arrays(fitted, rows):
    assert difference(fitted, rows, rows.X) < CLOSE


@pytest.mark.runtimes
@pytest.mark.parametrize("kind", ODD)
def test_student_response_is_that_of_its_plain_arrays_on_odd_rows(fitted, rows, kind):
    assert difference(fitted, rows, odd_rows(rows)[kind]) < CLOSE


@pytest.mark.runtimes
@pytest.mark.parametrize("kind", ODD)
def test_student_answers_odd_rows_with_valid_numbers(fitted, rows, kind):
    X = odd_rows(rows)[kind]
    model = fitted.to_model()
    answer = run(model, pooled(model, rows, X))
    assert answer.shape == (len(X), rows.n_outputs)
    assert np.isfinite(answer).all()
    if rows.task.classes:
        assert (answer >= 0).all()
        np.testing.assert_allclose(answer.sum(axis=1), 1.0)


@pytest.mark.runtimes
def test_student_scores_a_row_without_regard_to_its_batch(fitted, rows):
    model = fitted.to_model()
    X = pooled(model, rows, rows.X[:40])
    together = run(model, X)
    alone = np.vstack([run(model, X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6 * max(1.0, together.std()))


def test_student_learns_its_teacher(fitted, rows):
    X, target = rows.X, rows.response
    error = np.mean((fitted.respond(X) - target) ** 2)
    assert error < 0.75 * np.mean((target - target.mean(axis=0)) ** 2)


def test_student_names_the_classes_in_the_order_of_the_transfer_set(fitted, rows):
    assert fitted.to_model().classes == rows.task.classes


def test_student_leaves_the_transfer_set_unchanged(rows):
    before = {
        field.name: np.copy(getattr(rows, field.name))
        for field in dataclasses.fields(rows)
        if isinstance(getattr(rows, field.name), np.ndarray)
    }
    for student in SMALL.values():
        train(student, rows)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(rows, name), array)


def arrays_of(record: Any) -> list[np.ndarray]:
    """Return every array of a record, those of its layers too."""
    found = []
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, np.ndarray):
            found.append(value)
        elif isinstance(value, tuple):
            found += [array for layer in value for array in arrays_of(layer)]
    return found


@pytest.mark.parametrize("name", SMALL)
def test_student_is_the_same_model_for_the_same_seed(name, make_transfer_set):
    rows = make_transfer_set("multiclass", n_rows=200)
    first, second = (arrays_of(train(SMALL[name], rows).to_model().body) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_mlp_student_is_another_model_for_another_seed(make_transfer_set):
    rows = make_transfer_set("binary", n_rows=200)
    other = clone(SMALL["mlp"]).set_params(random_state=1)
    one, two = (train(student, rows).respond(rows.X) for student in (SMALL["mlp"], other))
    assert np.abs(one - two).max() > 1e-3


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_student_fits_heavier_rows_better(name, task, make_transfer_set):
    # Two halves that contradict each other: the weights say which one counts.
    rows = make_transfer_set(task, n_rows=200)
    flipped = rows.response[:, ::-1] if rows.task.classes else 200 - rows.response
    hard = rows.hard * 0 + (-1 if rows.task.classes else np.nan)
    doubled = dataclasses.replace(
        rows,
        X=np.vstack([rows.X, rows.X]),
        response=np.vstack([rows.response, flipped]),
        hard=np.concatenate([hard, hard]),
        sample_weight=np.repeat([1.0, 1e-3], len(rows)),
        origin=np.concatenate([rows.origin, rows.origin]),
        held_out=np.concatenate([rows.held_out, rows.held_out]),
    )
    answer = train(SMALL[name], doubled).respond(rows.X)
    assert np.mean((answer - rows.response) ** 2) < 0.5 * np.mean((answer - flipped) ** 2)


@pytest.mark.runtimes
@pytest.mark.parametrize("name", SMALL)
def test_student_learns_a_table_without_held_out_rows(name, make_transfer_set):
    rows = make_transfer_set("binary", n_rows=60)
    rows = dataclasses.replace(rows, held_out=np.zeros(60, dtype=bool))
    assert difference(train(SMALL[name], rows), rows, rows.X) < 1e-6


@pytest.mark.runtimes
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_student_learns_a_table_that_tells_nothing(name, task, make_transfer_set):
    # Constant and missing columns alone: the best answer is the mean.
    rows = make_transfer_set(task, n_rows=100)
    schema = dataclasses.replace(rows.schema, columns=rows.schema.columns[:2])
    X = np.column_stack([np.full(100, 7.0), np.full(100, np.nan)])
    rows = dataclasses.replace(rows, schema=schema, X=X)
    fitted = train(SMALL[name], rows)
    assert np.ptp(fitted.respond(X), axis=0).max() < 1e-6
    assert difference(fitted, rows, X) < 1e-6


@pytest.mark.runtimes
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("kind", ["numeric", "boolean", "categorical"])
def test_student_learns_a_table_of_one_kind_of_column(name, kind, make_transfer_set):
    rows = make_transfer_set("multiclass", n_rows=100)
    columns = [j for j, column in enumerate(rows.schema.columns) if column.kind == kind]
    schema = dataclasses.replace(
        rows.schema, columns=tuple(rows.schema.columns[j] for j in columns)
    )
    rows = dataclasses.replace(rows, schema=schema, X=rows.X[:, columns])
    assert difference(train(SMALL[name], rows), rows, rows.X) < 1e-6


@pytest.mark.parametrize("name", ["mlp", "gbdt", "additive"])
@pytest.mark.parametrize("loss", [SoftTargetLoss(3.0, 0.5), LogitMatchingLoss(0.5)], ids=repr)
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_student_learns_every_loss(name, loss, task, make_transfer_set):
    rows = make_transfer_set(task, n_rows=400)
    answer = train(SMALL[name], rows, loss).respond(rows.X)
    named = rows.response.argmax(axis=1)
    most_frequent = np.bincount(named).max() / len(rows)
    assert np.mean(answer.argmax(axis=1) == named) > most_frequent + 0.2


# --- what each student cannot do ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("student", "loss", "message"),
    [
        (TreeStudent(), SoftTargetLoss(2.0), "temperature must be 1 for student='tree'.*got 2.0"),
        (TreeStudent(), LogitMatchingLoss(), "student='tree' cannot learn LogitMatchingLoss"),
        (TreeStudent(max_leaf_nodes=1), None, "max_leaf_nodes must be >= 2"),
        (TreeStudent(min_samples_leaf=0), None, "min_samples_leaf >= 1"),
        (GBDTStudent(n_estimators=0), None, "n_estimators must be >= 1, got 0"),
        (GBDTStudent(num_leaves=1), None, "num_leaves must be >= 2, got 1"),
        (GBDTStudent(min_child_samples=0), None, "min_child_samples must be >= 1, got 0"),
        (GBDTStudent(patience=0), None, "patience must be >= 1, got 0"),
        (GBDTStudent(learning_rate=0.0), None, r"learning_rate must be in \(0, 1\], got 0.0"),
        (MLPStudent(hidden=()), None, r"hidden must be widths of at least 1, got \(\)"),
        (MLPStudent(hidden=(8, 0)), None, r"hidden must be widths of at least 1, got \(8, 0\)"),
        (MLPStudent(n_bins=0), None, "n_bins must be >= 1, got 0"),
        (
            MLPStudent(encoding="fourier"),
            None,
            "encoding must be 'auto', 'piecewise_linear' or 'periodic', got 'fourier'",
        ),
        (MLPStudent(frequency_scale=0.0), None, "frequency_scale must be > 0, got 0.0"),
        (MLPStudent(max_categories=0), None, "max_categories must be >= 1, got 0"),
        (MLPStudent(n_updates=0), None, "n_updates must be >= 1, got 0"),
        (MLPStudent(batch_size=0), None, "batch_size must be >= 1, got 0"),
        (MLPStudent(learning_rate=0.0), None, "learning_rate must be > 0, got 0.0"),
        (MLPStudent(weight_decay=-1.0), None, "weight_decay must be >= 0, got -1.0"),
    ],
)
def test_student_refuses_what_it_cannot_learn(student, loss, message, make_transfer_set):
    with pytest.raises(InputError, match=message):
        train(student, make_transfer_set("binary", n_rows=40), loss)


# --- choosing one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STUDENTS)
def test_as_student_knows_every_name(name):
    assert type(as_student(name)) is STUDENTS[name]


def test_as_student_returns_what_is_one():
    assert as_student(SMALL["tree"]) is SMALL["tree"]


@pytest.mark.parametrize("given", ["MLP", None, TreeStudent], ids=repr)
def test_as_student_refuses_anything_else(given):
    with pytest.raises(InputError, match=re.escape(f"student must be one of {sorted(STUDENTS)}")):
        as_student(given)
