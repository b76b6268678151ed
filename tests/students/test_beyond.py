"""A student that sees outside of what it learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.model import with_outside
from ensemble_kd.rows import REAL, SYNTHETIC, TransferSet, read_rows
from ensemble_kd.runtime import respond
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.students import MLPStudent, how_beyond
from ensemble_kd.transfer import GuardSynthesizer

RNG = np.random.default_rng(0)
N = 600
TABLE = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "b": RNG.uniform(size=N),
        "constant": np.full(N, 7.0),
        "city": RNG.choice(["p", "q", "r"], N),
    }
)
LOW, HIGH = TABLE.select_dtypes("number").min(), TABLE.select_dtypes("number").max()


def abnormality(X: np.ndarray) -> np.ndarray:
    """Return how far encoded rows lie outside, with 2 for a new city or a missing value."""
    inside = np.clip(X[:, :3], LOW.to_numpy(), HIGH.to_numpy())
    width = np.array([HIGH["a"] - LOW["a"], HIGH["b"] - LOW["b"], 7.0])
    excess = np.nan_to_num(np.abs(X[:, :3] - inside) / width, nan=2.0)
    city = np.where(np.isnan(X[:, 3]) | (X[:, 3] == 3), 2.0, 0.0)
    return np.arcsinh(excess).sum(axis=1) + city + 0.3 * np.nan_to_num(inside[:, 0])


def transfer_set(min_frequency: int = 1) -> TransferSet:
    """Return real rows and guards, with low scores of abnormal ones."""
    rows = read_rows(TABLE, np.zeros(N), None, "regression", 3, 0, min_frequency=min_frequency)
    real = rows.as_transfer_set(-abnormality(rows.codes)[:, None])
    guards = rows.schema.encode(GuardSynthesizer().fit(TABLE).sample(3_000, random_state=0))
    return real.extend(guards, -abnormality(guards)[:, None], SYNTHETIC)


def fitted(beyond, rows=None, **parameters) -> MLPStudent:
    """Return a small student of these rows."""
    rows = rows or transfer_set()
    student = MLPStudent(
        hidden=(24, 24), n_bins=6, n_updates=400, batch_size=256, random_state=0, beyond=beyond,
        **parameters,
    )  # fmt: skip
    return student.fit_transfer(rows, rows.task.loss(rows.task.losses[0], 1.0))


@pytest.fixture(scope="module", params=["edges", "numbers", "both"])
def seeing(request) -> MLPStudent:
    """Return a student that sees the outside."""
    return fitted(request.param)


def outside() -> np.ndarray:
    """Return rows, each outside in one way."""
    X = transfer_set().X[:60].copy()
    for j, width in enumerate([HIGH["a"] - LOW["a"], HIGH["b"] - LOW["b"], 7.0]):
        rows = np.arange(10) + 10 * j
        X[rows, j] = np.where(rows % 2, HIGH.iloc[j] + 5 * width, LOW.iloc[j] - 5 * width)
    X[30:40, 3] = 3.0
    X[40:50, 3] = np.nan
    X[50:60, 1] = np.nan
    return X


def test_student_that_looks_beyond_keeps_every_row_outside_abnormal(seeing):
    lowest = seeing.respond(transfer_set().X[:N])[:, 0].min()
    assert (seeing.respond(outside())[:, 0] < lowest).all()


def test_student_that_does_not_takes_far_rows_for_those_at_the_edge():
    blind = fitted(False)
    far = outside()[:20]
    near = far.copy()
    near[:, :2] = np.clip(far[:, :2], LOW.to_numpy()[:2], HIGH.to_numpy()[:2])
    np.testing.assert_array_equal(blind.respond(far), blind.respond(near))


def test_student_that_looks_beyond_is_its_record_outside_too(seeing):
    X = np.vstack([outside(), np.where(np.isnan(outside()), np.inf, outside())[50:]])
    np.testing.assert_allclose(respond(seeing.to_model(), X), seeing.respond(X), atol=1e-5)


def test_student_keeps_what_guards_taught_of_the_unseen_and_the_missing(seeing):
    X = transfer_set().X[:50].copy()
    usual = seeing.respond(X)
    for j, value in ((3, 3.0), (3, np.nan), (0, np.nan)):
        changed = X.copy()
        changed[:, j] = value
        assert (usual - seeing.respond(changed)).mean() > 1.0


def test_student_tells_edges_that_follow_from_told_bounds_alone():
    rows = transfer_set(min_frequency=10)
    body = fitted(True, rows).to_model().body
    bounds = [(c.minimum, c.maximum) for c in rows.discretion.schema.columns[:3]]
    for j, (low, high) in enumerate(bounds):
        edges = body.edges[body.edge_offsets[j] : body.edge_offsets[j + 1]]
        np.testing.assert_allclose(
            edges[[2, 0]], [low - 0.3 * (high - low or 7.0), low - 10 * (high - low or 7.0)]
        )
        assert not np.isin(edges, TABLE.iloc[:, j]).any() or j == 2


def test_student_of_another_task_looks_within_by_itself():
    rows = transfer_set()
    assert rows.task.looks_beyond is False
    auto, within = fitted("auto", rows), fitted(False, rows)
    np.testing.assert_array_equal(auto.respond(rows.X), within.respond(rows.X))


def test_student_that_looks_beyond_stays_within_its_bytes():
    rows = transfer_set()
    student = MLPStudent(max_bytes=12_000, beyond=True, n_updates=5, random_state=0)
    student.fit_transfer(rows, rows.task.loss(rows.task.losses[0], 1.0))
    from ensemble_kd.model import arrays_of

    n_bytes = sum(array.nbytes for array in arrays_of(student.to_model().body).values())
    assert n_bytes <= 12_000


@pytest.mark.parametrize("beyond", ["yes", 1, None])
def test_student_refuses_a_beyond_that_is_no_choice(beyond):
    with pytest.raises(
        InputError, match=r"beyond must be true, false or one of \('auto', .*\), got"
    ):
        fitted(beyond)


def test_real_rows_are_real():
    assert (transfer_set().origin[:N] == REAL).all()


def test_student_looks_by_edges_in_a_narrow_table_and_by_numbers_in_a_wide_one():
    assert fitted(True).to_model().body.outside is None
    columns = tuple(Column(f"x{j}", "numeric") for j in range(46))
    found = [how_beyond(TableSchema(columns[:n]), True) for n in (24, 25, 45, 46)]
    assert found == ["edges", "both", "both", "numbers"]
    assert how_beyond(TableSchema(columns), False) is None


def test_student_tells_bounds_that_may_be_told_and_a_spread_of_two_digits():
    rows = transfer_set(min_frequency=10)
    outside = fitted("numbers", rows).to_model().body.outside
    told = rows.discretion.schema.columns
    for i, j in enumerate(outside.columns.tolist()):
        if told[j].kind == "numeric":
            assert (outside.low[i], outside.high[i]) == (told[j].minimum, told[j].maximum)
            share = outside.spread[i] / outside.width[i]
            assert share == pytest.approx(float(f"{share:.2g}"), rel=1e-12)
    assert not np.isin(np.r_[outside.low[:2], outside.high[:2]], TABLE[["a", "b"]]).any()


def test_rare_categories_lie_as_far_outside_as_those_never_seen():
    table = TABLE.assign(city=[f"c{i % 60}" for i in range(N)])
    rows = read_rows(table, np.zeros(N), None, "regression", 3, 0)
    transfer = rows.as_transfer_set(-(rows.codes[:, :1] ** 2))
    student = fitted("numbers", transfer, max_categories=4)
    body = student.to_model().body
    model = student.to_model()
    X = model.schema.encode(table)
    outside = with_outside(body.outside, X)[:, -1]
    n_kept = len(model.schema.columns[3].categories)
    np.testing.assert_array_equal(outside, X[:, 3] == n_kept)
    np.testing.assert_allclose(respond(model, X), student.respond(rows.codes), atol=1e-5)


@pytest.mark.parametrize("beyond", ["edges", "numbers"])
def test_record_that_looks_beyond_is_trained_on_as_it_is(beyond):
    from ensemble_kd.networks.with_torch import fine_tune

    rows = transfer_set()
    record = fitted(beyond, rows).to_model().body
    loss = rows.task.loss(rows.task.losses[0], 1.0)
    tuned = fine_tune(record, rows, loss, n_updates=5, learning_rate=1e-4, seed=0)
    np.testing.assert_array_equal(tuned.numeric_columns, record.numeric_columns)
    assert (tuned.outside is None) == (record.outside is None)
