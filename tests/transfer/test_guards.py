"""Guards: what is pushed lies outside, what is not stays as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.schema import TableSchema
from ensemble_kd.transfer import GuardSynthesizer

N = 4_000
RNG = np.random.default_rng(0)
NUMBERS = RNG.uniform(-3.0, 5.0, size=(300, 6))


def draw(X, n_samples=N, seed=0, **parameters):
    """Return guards of a table."""
    return GuardSynthesizer(**parameters).fit(X).sample(n_samples, random_state=seed)


def outside(X, new):
    """Return which cells of encoded rows are not what their column had."""
    low, high = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
    return (new < low) | (new > high) | np.isnan(new)


@pytest.fixture
def mixed() -> pd.DataFrame:
    """Columns of every kind, none of which has a missing value but one."""
    n = 200
    return pd.DataFrame(
        {
            "amount": RNG.normal(size=n),
            "count": RNG.integers(0, 50, n),
            "small": RNG.integers(0, 200, n).astype(np.uint8),
            "constant": np.full(n, 7),
            "always": np.ones(n, dtype=bool),
            "city": pd.Categorical(RNG.choice(["p", "q"], n)),
            "level": pd.Categorical(RNG.choice([1, 2, 3], n), ordered=True),
            "text": pd.Series(RNG.choice(["a", "b"], n), dtype=object),
            "gap": np.where(RNG.random(n) < 0.2, np.nan, RNG.normal(size=n)),
        }
    )


def test_guards_of_the_same_seed_are_the_same_rows(mixed):
    pd.testing.assert_frame_equal(draw(mixed), draw(mixed))


def test_guards_of_another_seed_are_others(mixed):
    assert not draw(mixed).equals(draw(mixed, seed=1))


def test_guards_leave_the_table_unchanged(mixed):
    before = mixed.copy()
    draw(mixed)
    pd.testing.assert_frame_equal(mixed, before)


def test_every_guard_has_something_outside():
    assert outside(NUMBERS, draw(NUMBERS)).any(axis=1).all()


@pytest.mark.parametrize("single", [0.0, 0.5, 1.0])
def test_guards_have_one_column_outside_as_often_as_is_asked_for(single):
    n_outside = outside(NUMBERS, draw(NUMBERS, single=single)).sum(axis=1)
    assert abs((n_outside == 1).mean() - single) < 0.03


def test_guards_of_several_columns_reach_from_two_to_all():
    n_outside = outside(NUMBERS, draw(NUMBERS, single=0.0)).sum(axis=1)
    assert set(n_outside) == {2, 3, 4, 5, 6}


def test_guards_leave_what_is_not_pushed_as_it_was():
    new = draw(NUMBERS)
    for j in range(NUMBERS.shape[1]):
        kept = ~outside(NUMBERS, new)[:, j]
        assert np.isin(new[kept, j], NUMBERS[:, j]).all()


def test_half_of_the_guards_are_real_rows_but_for_what_was_pushed():
    new = draw(NUMBERS, single=1.0)
    moved = outside(NUMBERS, new)
    row_of = {value: i for i, value in enumerate(NUMBERS[:, 0])}
    others = [(new[i], moved[i]) for i in np.flatnonzero(~moved[:, 0])]
    is_real = [((row == NUMBERS[row_of[row[0]]]) | pushed).all() for row, pushed in others]
    assert abs(np.mean(is_real) - 0.5) < 0.03


def test_distances_are_log_uniform_in_ranges_on_either_side():
    X = NUMBERS[:, :1]
    new = draw(X)[:, 0]
    low, high = X.min(), X.max()
    above, below = new[new > high], new[new < low]
    assert abs(len(above) - len(below)) < 0.05 * N
    for distance in ((above - high) / (high - low), (low - below) / (high - low)):
        assert 0.02 <= distance.min() <= distance.max() <= 10.0
        shares = np.log(distance / 0.02) / np.log(10.0 / 0.02)
        assert np.allclose(np.quantile(shares, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.05)


def test_a_tenth_of_what_is_pushed_is_missing_where_nothing_was():
    moved = draw(NUMBERS, single=1.0)
    assert abs(np.isnan(moved).any(axis=1).mean() - 0.1) < 0.02


def test_a_column_with_gaps_gets_no_further_ones():
    X = np.where(RNG.random((300, 2)) < 0.3, np.nan, NUMBERS[:, :2])
    new = draw(X, single=1.0)
    assert abs(np.isnan(new).mean() - np.isnan(X).mean() / 2) < 0.03


def test_whole_numbers_stay_whole_outside(mixed):
    codes = TableSchema.infer(mixed).encode(draw(mixed))
    for name in ("count", "small", "constant"):
        values = codes[:, mixed.columns.get_loc(name)]
        values = values[~np.isnan(values)]
        assert (values == np.round(values)).all()
        assert (values < mixed[name].min()).any() and (values > mixed[name].max()).any()


def test_a_constant_column_is_pushed_in_units_of_its_value(mixed):
    schema = TableSchema.infer(mixed)
    values = schema.encode(draw(mixed))[:, mixed.columns.get_loc("constant")]
    moved = np.abs(values[~np.isnan(values) & (values != 7)] - 7)
    assert 1 <= moved.min() <= moved.max() <= 70


def test_guards_have_categories_never_seen(mixed):
    schema = TableSchema.infer(mixed)
    codes = schema.encode(draw(mixed))
    for name in ("city", "level", "text"):
        j = mixed.columns.get_loc(name)
        assert 0.05 < (codes[:, j] == schema.n_codes[j] - 1).mean() < 0.5


def test_a_boolean_of_which_one_value_was_seen_has_the_other(mixed):
    values = draw(mixed)["always"]
    assert {repr(value) for value in set(values)} == {"True", "False", "None"}


def test_a_category_never_seen_is_of_the_type_of_the_others(mixed):
    new = draw(mixed)
    assert set(new["level"].dropna()) == {1, 2, 3, 4}
    assert new["level"].cat.ordered
    assert set(new["city"].dropna()) == {"p", "q", "<unseen>"}


def test_a_column_keeps_its_dtype_unless_it_cannot_hold_what_is_outside(mixed):
    new = draw(mixed)
    same = ["amount", "text", "gap"]
    assert (new.dtypes[same] == mixed.dtypes[same]).all()
    assert new["count"].dtype == np.float64  # a missing value
    assert isinstance(new["city"].dtype, pd.CategoricalDtype)


def test_whole_numbers_that_a_dtype_does_not_hold_take_a_wider_one():
    X = np.arange(200, dtype=np.uint8).reshape(100, 2)
    X = pd.DataFrame({"a": X[:, 0], "b": np.where(X[:, 1] < 20, pd.NA, X[:, 1])})
    X["b"] = X["b"].astype("UInt8")
    new = draw(X, single=1.0)
    assert new["a"].min() < 0 and new["a"].max() > 255
    assert new["b"].min() < 0 and new["b"].max() > 255


@pytest.mark.parametrize("dtype", ["int32", "float32", "bool", "<U1"])
def test_guards_of_an_array_are_an_array_that_holds_them(dtype):
    X = np.array([[0, 1], [1, 0]] * 20).astype(dtype)
    new = draw(X)
    codes = TableSchema.infer(X).encode(new)
    assert np.isnan(codes).any()
    if dtype == "<U1":
        assert (codes == 2).any()
    assert new.dtype == {"int32": "float64", "float32": "float32"}.get(dtype, object)


def test_guards_take_large_numbers_and_infinite_ones():
    X = np.column_stack([[-1e300, 1e300] * 10, [np.inf, 2.0**60] * 10, [np.nan] * 20])
    new = draw(X, single=0.0)
    assert (np.abs(new[:, 0]) > 1e300).any()
    assert not np.isneginf(new[:, 1]).any()
    assert (new[:, 1] > 2.0**60).any() and (new[:, 1] < 2.0**60).any()
    assert np.isnan(new[:, 2]).all()


def test_guards_of_no_rows_are_none(mixed):
    assert len(draw(mixed, n_samples=0)) == 0


def test_a_row_of_no_weight_is_no_guard():
    X = np.vstack([NUMBERS, np.full((1, 6), 1e6)])
    weight = np.append(np.ones(300), 0.0)
    new = GuardSynthesizer().fit(X, sample_weight=weight).sample(N, random_state=0)
    assert np.nanmax(new) < 1e6


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"single": 1.5}, r"single must be in \[0, 1\], got 1.5"),
        ({"nearest": 0.0}, "0 < nearest < farthest <= 1e6, got 0.0 and 10.0"),
        ({"farthest": 0.01}, "0 < nearest < farthest <= 1e6, got 0.02 and 0.01"),
    ],
)
def test_guards_refuse_a_parameter_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        clone(GuardSynthesizer(**parameters)).fit(NUMBERS)


def test_guards_leave_no_value_missing_for_a_teacher_that_takes_none():
    table = pd.DataFrame(
        {"a": np.arange(50.0), "vip": np.arange(50) % 2 == 0, "c": ["x", "y"] * 25}
    )
    rows = GuardSynthesizer(missing=False).fit(table).sample(500, random_state=0)
    assert not rows.isna().any().any()
    assert (~rows["c"].isin(["x", "y"])).any()
    rows = GuardSynthesizer().fit(table).sample(500, random_state=0)
    assert rows.isna().any().all()
