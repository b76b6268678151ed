"""Below which score a row is an outlier: the share, ties, gaps, and how scores are spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.decision import with_offset, with_offset_again
from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.runtime import decision, percentile
from ensemble_kd.schema import Column, TableSchema

RNG = np.random.default_rng(0)


def blank() -> CompactModel:
    """Return a detector of which nothing is decided."""
    one = np.zeros(1)
    body = TreesRecord(
        feature=np.array([-1], np.int32), threshold=one, right=np.zeros(1, np.int32),
        missing_left=np.zeros(1, np.uint8), value=np.zeros((1, 1), np.float32),
        roots=np.zeros(1, np.int32), tree_output=np.zeros(1, np.int32), base=one,
        category_columns=np.zeros(0, np.int32), category_offsets=np.zeros(1, np.int32),
        category_rank=np.zeros(0), link="identity",
    )  # fmt: skip
    return CompactModel("outliers", TableSchema((Column("x", "numeric"),)), body)


def n_below(score, contamination) -> int:
    model = with_offset(blank(), score, contamination)
    return int((decision(model, score[:, None]) == 0).sum())


@pytest.mark.parametrize("contamination", [0.01, 0.05, 0.137, 0.5])
def test_offset_has_that_share_of_the_rows_below(contamination):
    score = RNG.normal(size=1000)
    assert n_below(score, contamination) == round(contamination * 1000)


def test_offset_lies_in_the_middle_of_a_gap():
    model = with_offset(blank(), np.array([3.0, 1.0, 8.0, 4.0]), 0.25)
    assert model.threshold == 2.0


@pytest.mark.parametrize(("n_ties", "share"), [(3, 0.1), (3, 0.2), (9, 0.5)])
def test_offset_calls_rows_that_score_alike_alike(n_ties, share):
    score = np.concatenate([np.full(n_ties, -1.0), np.linspace(0, 1, 10 - n_ties)])
    assert n_below(score, share) == 0
    if n_ties < 5:
        assert n_below(score, n_ties / 10) == n_ties


def test_offset_is_far_from_scores_that_differ_by_rounding():
    score = np.concatenate([[-5.0], -1.0 + 1e-9 * RNG.normal(size=50), RNG.normal(2, 0.1, 49)])
    model = with_offset(blank(), score, 0.3)
    assert model.threshold == pytest.approx(-3.0)


def test_offset_of_a_constant_score_calls_no_row_an_outlier():
    for contamination in ("auto", 0.5):
        assert n_below(np.full(20, 4.5), contamination) == 0


def test_auto_is_the_end_of_a_box_plot():
    score = np.concatenate([np.linspace(0.0, 1.0, 101), [-0.9, -0.4]])
    low, high = np.quantile(score, [0.25, 0.75])
    model = with_offset(blank(), score)
    assert -0.9 < model.threshold < -0.4
    assert -0.9 < low - 1.5 * (high - low) < -0.4


def test_a_share_of_less_than_a_row_is_told():
    with pytest.warns(UserWarning, match=r"contamination=0.01 of 20 rows .* is not even one"):
        model = with_offset(blank(), np.arange(20.0), 0.01)
    assert model.threshold < 0


@pytest.mark.parametrize("contamination", [0, 0.51, -0.1, "some", True, None, float("nan")])
def test_contamination_of_another_kind_is_refused(contamination):
    with pytest.raises(InputError, match=r"contamination must be 'auto' or in \(0, 0.5\], got"):
        with_offset(blank(), np.arange(9.0), contamination)


def test_percentile_of_a_row_is_the_share_that_scores_lower():
    score = RNG.normal(size=5000)
    model = with_offset(blank(), score)
    exact = 100 * np.searchsorted(np.sort(score), score) / len(score)
    np.testing.assert_allclose(percentile(model, score), exact, atol=1.5)
    low = score < np.quantile(score, 0.02)
    np.testing.assert_allclose(percentile(model, score[low]), exact[low], atol=0.15)
    assert len(model.quantiles.score) <= 66
    assert percentile(model, np.array(model.threshold)) == 100 * np.mean(score < model.threshold)
    assert percentile(model, np.array([-99.0]))[0] == 0


def test_percentile_of_ties_is_the_share_below_all_of_them():
    model = with_offset(blank(), np.repeat([1.0, 2.0, 3.0], 10))
    np.testing.assert_allclose(percentile(model, np.array([1.0, 2.0, 3.0])), [0, 100 / 3, 200 / 3])


def test_score_without_a_threshold_decides_nothing():
    with pytest.raises(InputError, match="no threshold on them"):
        decision(blank(), np.zeros((1, 1)))
    with pytest.raises(InputError, match="no quantiles of scores"):
        percentile(replace(blank(), threshold=0.0), np.zeros(1))


def test_offset_again_calls_as_many_rows_outliers():
    before = RNG.normal(size=500)
    model = with_offset(blank(), before, 0.05)
    after = 3 * before + 1 + 0.01 * RNG.normal(size=500)
    again = with_offset_again(model, before, after)
    assert (after < again.threshold).sum() == 25
    assert percentile(again, np.array(again.threshold)) == pytest.approx(5.0)


def test_offset_again_stays_where_few_rows_are_outliers():
    before = RNG.normal(size=100)
    model = with_offset(blank(), before, 0.05)
    assert with_offset_again(model, before, before + 1.0) is model


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_share_of_weighted_rows_is_one_of_the_weight(share):
    score = RNG.permutation(201).astype(float)  # no gap is wider than another
    weight = RNG.integers(1, 4, size=201).astype(float)
    model = with_offset(blank(), score, share, weight)

    def below(threshold: float) -> float:
        return weight[score < threshold].sum() / weight.sum()

    half_a_row = 0.5 * (weight**2).sum() / weight.sum() ** 2
    assert below(model.threshold) < share + half_a_row <= below(model.threshold + 1)
    for asked in (12.0, 77.0, model.threshold):
        # Between two knots a row or two of weight 3 may lie.
        assert percentile(model, asked) == pytest.approx(100 * below(asked), abs=3.0)
    assert percentile(model, model.threshold) == pytest.approx(100 * below(model.threshold))


def test_box_plot_of_weighted_scores_has_quartiles_of_the_weight():
    score = np.append(np.linspace(0, 1, 11), -0.5)
    weight = np.where((score > 0.35) & (score < 0.65), 100.0, 1.0)
    assert (score < with_offset(blank(), score).threshold).sum() == 0
    # Quartiles of .4 and .6: a box plot ends at .1.
    assert (score < with_offset(blank(), score, "auto", weight).threshold).sum() in (2, 3)
    equal = with_offset(blank(), score, "auto", np.full(12, 7.0))
    assert (score < equal.threshold).sum() == 0
