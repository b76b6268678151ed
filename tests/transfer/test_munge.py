"""MUNGE: what is exchanged, with whom, and how far a number may stray."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.schema import TableSchema
from ensemble_kd.transfer import MungeSynthesizer, mixed_metric
from ensemble_kd.transfer._exchange import MAX_GRID_VALUES


def distance(table: pd.DataFrame) -> float:
    """Return the mixed metric's distance of the first two rows."""
    schema = TableSchema.infer(table)
    first, second, *_ = mixed_metric(schema.encode(table), schema)
    return float(np.linalg.norm(first - second))


def test_munge_with_p_zero_returns_real_rows(make_frame):
    frame = make_frame(40)
    new = MungeSynthesizer(p=0.0).fit(frame).sample(80, random_state=0)
    assert new.equals(pd.concat([frame, frame], ignore_index=True))


def test_munge_with_p_one_takes_every_label_from_the_neighbour(make_frame):
    frame = make_frame(40)[["flag", "known", "city", "size", "name", "thing"]]
    munge = MungeSynthesizer(p=1.0, n_neighbors=1).fit(frame)
    new = munge.sample(40, random_state=0)
    assert new.equals(frame.iloc[munge.neighbors_[:, 0]].reset_index(drop=True))


def test_munge_moves_a_missing_number_whole():
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", "x"]})
    new = MungeSynthesizer(p=1.0).fit(frame).sample(2, random_state=0)
    np.testing.assert_array_equal(new["a"], [np.nan, 1.5])


def test_munge_exchanges_a_column_with_probability_p():
    X = np.random.default_rng(0).normal(size=(2000, 1))
    for p in (0.1, 0.6):
        new = MungeSynthesizer(p=p).fit(X).sample(2000, random_state=0)
        assert abs(np.mean(new != X) - p) < 0.05


def test_munge_draws_numbers_around_the_neighbour_with_the_spread_of_s():
    # Two rows, one the other's neighbour: a number comes from N(other, |own - other| / s).
    X = np.array([[0.0], [1.0]])
    padded = np.vstack([X, np.linspace(-50, -40, 100)[:, None], np.linspace(40, 50, 100)[:, None]])
    munge = MungeSynthesizer(p=1.0, s=4.0, n_neighbors=1).fit(padded)
    moved = munge.sample(202 * 500, random_state=0).reshape(500, 202)[:, 0]
    assert abs(moved.mean() - 1.0) < 0.05
    assert abs(moved.std() - 0.25) < 0.03


def test_munge_comes_closer_to_the_neighbour_as_s_grows():
    X = np.random.default_rng(0).normal(size=(200, 1))
    gaps = []
    for s in (0.5, 5.0, 500.0):
        munge = MungeSynthesizer(p=1.0, s=s, n_neighbors=1).fit(X)
        gaps.append(np.abs(munge.sample(200, 0) - X[munge.neighbors_[:, 0]]).mean())
    assert gaps[0] > 2 * gaps[1] > 20 * gaps[2]


def test_munge_keeps_a_column_of_few_values_to_them():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.choice([0.1, 0.25, 7.0], 200), rng.normal(size=200)])
    new = MungeSynthesizer(p=1.0, s=0.2).fit(X).sample(400, random_state=0)
    assert set(new[:, 0]) == {0.1, 0.25, 7.0}


def test_munge_makes_new_values_in_a_column_of_many():
    X = np.random.default_rng(0).normal(size=(2 * MAX_GRID_VALUES, 1))
    new = MungeSynthesizer(p=1.0).fit(X).sample(100, random_state=0)
    assert len(np.setdiff1d(new, X)) > 50


def test_munge_keeps_a_column_of_many_integers_whole():
    X = np.random.default_rng(0).integers(0, 10_000, size=(300, 1)).astype(float)
    new = MungeSynthesizer(p=1.0, s=0.5).fit(X).sample(300, random_state=0)
    np.testing.assert_array_equal(new, np.round(new))


def test_munge_uses_every_row_equally_often():
    X = np.arange(100.0)[:, None]
    new = MungeSynthesizer(p=0.0).fit(X).sample(250, random_state=0)
    assert set(np.unique(new, return_counts=True)[1]) == {2, 3}


def test_munge_looks_among_at_most_max_rows():
    X = np.random.default_rng(0).normal(size=(100, 2))
    munge = MungeSynthesizer(p=0.0, max_rows=10).fit(X)
    assert munge.neighbors_.shape == (10, 5)
    assert len(np.unique(munge.sample(200, 0), axis=0)) == 10


def test_munge_never_makes_a_row_its_own_neighbour():
    X = np.zeros((30, 2))
    neighbors = MungeSynthesizer(n_neighbors=3).fit(X).neighbors_
    assert not (neighbors == np.arange(30)[:, None]).any()


# --- the metric -----------------------------------------------------------------------------------


def test_munge_metric_does_not_depend_on_the_unit_of_a_column():
    X = np.random.default_rng(0).normal(size=(200, 3))
    neighbors = MungeSynthesizer().fit(X).neighbors_
    in_other_units = MungeSynthesizer().fit(X * [1e6, 1.0, 1e-6] + [0.0, 50.0, 0.0]).neighbors_
    assert np.mean(neighbors == in_other_units) > 0.99


def test_munge_metric_lets_no_outlier_flatten_its_column():
    spread = np.append(np.linspace(0, 1, 99), 1e9)
    table = pd.DataFrame({"a": np.append([0.0, 1.0], spread)})
    assert distance(table) > 1.0


@pytest.mark.parametrize("values", [["a", "b"], [True, False]], ids=str)
def test_munge_metric_sets_two_labels_one_apart(values):
    assert distance(pd.DataFrame({"a": values})) == pytest.approx(1.0)


def test_munge_metric_sets_missing_apart_from_a_label():
    assert distance(pd.DataFrame({"a": ["a", None]})) == pytest.approx(1.0)


def test_munge_metric_sets_missing_apart_from_the_median():
    assert distance(pd.DataFrame({"a": [2.0, np.nan, 1.0, 3.0]})) == pytest.approx(1.0)


def test_munge_metric_sets_missing_rows_together():
    assert distance(pd.DataFrame({"a": [np.nan, np.nan, 1.0, 9.0]})) == 0.0


def test_munge_metric_counts_a_constant_column_as_nothing():
    assert distance(pd.DataFrame({"a": [5.0, 5.0, 5.0]})) == 0.0


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"p": -0.1}, r"p must be in \[0, 1\], got -0.1"),
        ({"p": 1.1}, r"p must be in \[0, 1\], got 1.1"),
        ({"p": np.nan}, r"p must be in \[0, 1\], got nan"),
        ({"s": 0.0}, r"s must be > 0, got 0.0"),
        ({"n_neighbors": 0}, "n_neighbors must be >= 1, got 0"),
        ({"max_rows": 1}, "max_rows must be >= 2, got 1"),
    ],
    ids=str,
)
def test_munge_refuses_a_parameter_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        MungeSynthesizer(**parameters).fit(np.eye(3))
