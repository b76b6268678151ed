"""Pairs of bins at the teacher's cuts are covered evenly; all else is as MUNGE has it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd.errors import InputError
from ensemble_kd.rows import EncodedTable
from ensemble_kd.teachers import teacher_splits
from ensemble_kd.transfer import CutPairSynthesizer, MungeSynthesizer

RNG = np.random.default_rng(0)
# Two columns that go together, so that their corners are empty, and one that goes its own way.
FIRST = RNG.normal(size=400)
X = np.column_stack([FIRST, FIRST + 0.1 * RNG.normal(size=400), RNG.normal(size=400)])


def splits(*columns):
    """Return the thresholds and weights of each column."""
    return tuple(np.array(pairs, dtype=float).reshape(-1, 2) for pairs in columns)


THREE = splits([(-0.5, 3.0), (0.5, 2.0)], [(0.0, 4.0)], [(-0.2, 1.0), (0.3, 1.0)])


def counts(rows, synthesizer):
    """Return how many rows lie in each pair of bins, by the two columns."""
    cuts = synthesizer.cuts_
    found = {}
    for a, b in combinations(cuts, 2):
        places = [np.searchsorted(cuts[j], rows[:, j]) for j in (a, b)]
        table = np.zeros([len(cuts[j]) + 1 for j in (a, b)], dtype=int)
        np.add.at(table, tuple(places), 1)
        found[a, b] = table
    return found


def test_each_pair_of_bins_has_its_share_of_the_rows():
    made = CutPairSynthesizer(share=1.0).fit(X, splits=THREE)
    n_cells = 3 * 2 + 3 * 3 + 2 * 3
    for n_samples in (n_cells, 10 * n_cells):
        found = counts(made.sample(n_samples, 0), made)
        assert [table.shape for table in found.values()] == [(3, 2), (3, 3), (2, 3)]
        assert all((table >= n_samples // n_cells).all() for table in found.values())
    # The corner of low and high, which no real row is in, and MUNGE hardly.
    assert counts(X, made)[0, 1][0, 1] == 0
    munge = MungeSynthesizer().fit(X).sample(210, 0)
    assert counts(munge, made)[0, 1][0, 1] < 5


def test_a_share_of_the_rows_is_those_of_munge():
    fitted = CutPairSynthesizer(share=0.25).fit(X, splits=THREE)
    plain = MungeSynthesizer().fit(X).sample(300, np.random.default_rng(7))
    np.testing.assert_array_equal(fitted.sample(400, np.random.default_rng(7))[:300], plain)
    none = CutPairSynthesizer(share=0.0).fit(X, splits=THREE)
    np.testing.assert_array_equal(none.sample(300, np.random.default_rng(7)), plain)


def test_the_weightiest_cuts_of_the_heaviest_columns_are_taken():
    many = splits(
        [(-1.0, 1.0), (-0.5, 5.0), (0.0, 2.0), (0.5, 4.0)], [(0.0, 0.5)], [(0.1, 3.0), (0.4, 2.5)]
    )
    fitted = CutPairSynthesizer(n_columns=2, n_cuts=2).fit(X, splits=many)
    assert list(fitted.cuts_) == [0, 2]
    np.testing.assert_array_equal(fitted.cuts_[0], [-0.5, 0.5])
    np.testing.assert_array_equal(fitted.cuts_[2], [0.1, 0.4])


def test_thresholds_between_the_same_two_values_are_one():
    steps = np.repeat([0.0, 1.0, 2.0], 40)[:, None]
    rows = np.hstack([steps, steps[::-1]])
    close = [(0.2, 1.0), (0.4, 1.5), (0.6, 1.0), (1.5, 3.0)]
    fitted = CutPairSynthesizer(n_cuts=1).fit(rows, splits=splits(close, close))
    # Together they outweigh the one of weight 3, and the weightiest of them stands for all.
    np.testing.assert_array_equal(fitted.cuts_[0], [0.4])


def test_a_bin_has_a_fiftieth_of_the_rows():
    edge = float(np.sort(X[:, 0])[3])  # three rows of 400 are below
    fitted = CutPairSynthesizer().fit(X, splits=splits([(edge, 9.0), (0.0, 1.0)], [(0.0, 1.0)], []))
    np.testing.assert_array_equal(fitted.cuts_[0], [0.0])


def test_without_splits_columns_are_cut_at_quantiles():
    for given in ((), splits([], [], [])):
        fitted = CutPairSynthesizer(n_cuts=3).fit(X, splits=given)
        assert list(fitted.cuts_) == [0, 1, 2]
        for j, cuts in fitted.cuts_.items():
            below = (X[:, [j]] <= cuts).mean(axis=0)
            np.testing.assert_allclose(below, [0.25, 0.5, 0.75], atol=0.01)


def test_teachers_own_splits_are_understood():
    tree = DecisionTreeRegressor(max_leaf_nodes=6).fit(X, np.sign(X[:, 0]) * X[:, 2])
    schema = EncodedTable.read(X).schema
    fitted = CutPairSynthesizer(share=1.0, n_cuts=2).fit(X, splits=teacher_splits(tree, schema))
    assert 2 in fitted.cuts_ and len(fitted.cuts_) > 1
    for j, cuts in fitted.cuts_.items():
        assert set(cuts) <= set(tree.tree_.threshold[tree.tree_.feature == j])
    assert all((table > 0).all() for table in counts(fitted.sample(90, 0), fitted).values())


def frame(n_rows=120):
    """Return columns of several kinds, some of their values missing."""
    rng = np.random.default_rng(1)
    number = rng.normal(size=n_rows).round(2)
    return pd.DataFrame(
        {
            "number": number,
            "count": rng.integers(0, 9, n_rows).astype(np.int8),
            "kind": pd.Categorical(rng.choice(["u", "v"], n_rows)),
            "flag": rng.random(n_rows) < 0.5,
            "half": np.where(rng.random(n_rows) < 0.5, np.nan, number),
        }
    )


def test_values_moved_are_those_of_real_rows_in_a_table_of_any_kind():
    table = frame()
    cuts = splits([(0.0, 2.0)], [(3.5, 2.0)], [], [], [(0.1, 1.0)])
    fitted = CutPairSynthesizer(share=1.0, p=0.0).fit(table, splits=cuts)
    new = fitted.sample(200, 0)
    pd.testing.assert_series_equal(new.dtypes, table.dtypes)
    for name in table:
        assert set(new[name].dropna()) <= set(table[name].dropna())
    assert list(fitted.cuts_) == [0, 1, 4]
    codes = EncodedTable.read(table).schema.encode(new)
    assert all((found > 0).all() for found in counts(codes, fitted).values())
    pd.testing.assert_frame_equal(new, fitted.sample(200, 0))
    assert not new.equals(fitted.sample(200, 1))


def test_rows_of_weight_zero_are_neither_drawn_nor_asked_for_values():
    weight = (X[:, 2] > -0.1).astype(float)
    fitted = CutPairSynthesizer(share=1.0, p=0.0).fit(X, sample_weight=weight, splits=THREE)
    assert set(fitted.sample(300, 0)[:, 2]) <= set(X[weight > 0, 2])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"share": 1.5}, r"share must be in \[0, 1\], got 1.5"),
        ({"n_columns": 1}, "n_columns must be >= 2, got 1"),
        ({"n_cuts": 0}, "n_cuts must be >= 1, got 0"),
    ],
)
def test_cut_pairs_refuse_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        CutPairSynthesizer(**parameters).fit(X)


def test_splits_of_another_table_are_refused():
    with pytest.raises(InputError, match="splits must be those of each of 3 columns, got 2"):
        CutPairSynthesizer().fit(X, splits=THREE[:2])


def test_other_synthesizers_ignore_splits():
    rows = [MungeSynthesizer().fit(X, splits=given).sample(9, 0) for given in ((), THREE)]
    np.testing.assert_array_equal(*rows)
