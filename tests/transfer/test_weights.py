"""A row is drawn as often as its weight says: of weight k like k rows, of weight 0 not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.transfer import ForestLeafSynthesizer, MarginalSynthesizer, MungeSynthesizer
from ensemble_kd.transfer._exchange import evenly_often, thinned

each_synthesizer = pytest.mark.parametrize(
    "synthesizer",
    [
        ForestLeafSynthesizer(n_trees=4),
        ForestLeafSynthesizer(n_trees=4, max_rows=40),
        MarginalSynthesizer(),
        MungeSynthesizer(),
        MungeSynthesizer(max_rows=40),
    ],
    ids=repr,
)


def draw(synthesizer, X, sample_weight=None, n_samples=400):
    """Return rows of a fresh copy of the synthesizer."""
    return clone(synthesizer).fit(X, sample_weight=sample_weight).sample(n_samples, 0)


def weights(n_rows):
    """Return some of each kind, 0 among them."""
    return np.random.default_rng(3).integers(0, 4, n_rows).astype(float)


@each_synthesizer
def test_a_row_of_no_weight_is_no_row(synthesizer, make_frame):
    frame, weight = make_frame(120), weights(120)
    known = weight > 0
    pd.testing.assert_frame_equal(
        draw(synthesizer, frame, weight),
        draw(synthesizer, frame[known].reset_index(drop=True), weight[known]),
    )


@each_synthesizer
@pytest.mark.parametrize("unit", [1.0, 0.1, 1 / 3, 1e-300, 1e300])
def test_equal_weights_are_no_weights(synthesizer, make_frame, unit):
    frame = make_frame(120)
    expected = draw(synthesizer, frame)
    pd.testing.assert_frame_equal(draw(synthesizer, frame, np.full(120, unit)), expected)


@each_synthesizer
@pytest.mark.parametrize("unit", [2.0**-20, 2.0**20])
def test_the_unit_of_the_weights_says_nothing(synthesizer, make_frame, unit):
    frame, weight = make_frame(120), weights(120)
    expected = draw(synthesizer, frame, weight)
    pd.testing.assert_frame_equal(draw(synthesizer, frame, unit * weight), expected)


@each_synthesizer
@pytest.mark.parametrize("heavy", [0.0, 1.0, 3.0, 1000.0])
def test_weight_is_the_share_of_the_rows_made(synthesizer, heavy):
    # Two clouds far apart, 60 rows each: of all weight, the second has heavy / (1 + heavy).
    X = np.random.default_rng(0).normal(size=(120, 1))
    X[60:] += 100
    made = draw(synthesizer, X, np.repeat([1.0, heavy], 60), n_samples=4000)
    expected = heavy / (1 + heavy)
    # Five standard errors of as many draws of one row each.
    tolerance = 5 * np.sqrt(expected * (1 - expected) / 4000) + 1e-3
    if getattr(synthesizer, "max_rows", 1e9) < 120:  # 40 rows stand for all, by so much less
        tolerance += 2.5 / 40
    assert (made[:, 0] > 50).mean() == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    "synthesizer",
    [
        ForestLeafSynthesizer(n_trees=4, p=1.0),
        MarginalSynthesizer(),
        MungeSynthesizer(p=1.0, n_neighbors=20),
    ],
    ids=repr,
)
def test_neighbours_are_met_as_often_as_their_weight_says(synthesizer):
    # Every value comes from a partner; a flag that tells heavy rows from light ones, in no order.
    rng = np.random.default_rng(0)
    flag = rng.random(300) < 0.5
    frame = pd.DataFrame({"x": rng.normal(size=300), "flag": flag})
    weight = np.where(flag, 4.0, 1.0)
    made = draw(synthesizer, frame, weight, n_samples=6000)
    expected = np.average(flag, weights=weight)
    if isinstance(synthesizer, MungeSynthesizer):  # a flag that differs is a distance, too
        assert made["flag"].mean() > flag.mean() + 0.6 * (expected - flag.mean())
    else:
        assert made["flag"].mean() == pytest.approx(expected, abs=0.03)


def test_evenly_often_rounds_each_share_up_or_down():
    weight = np.array([1.0, 2.5, 0.01, 6.49])
    drawn = evenly_often(4, 20, np.random.default_rng(0), weight)
    counts = np.bincount(drawn, minlength=4)
    assert counts.sum() == 20
    assert (np.abs(counts - 20 * weight / weight.sum()) < 1).all()


def test_thinned_rows_stand_for_all_and_keep_the_heavy_ones():
    weight = np.append(np.ones(1000), [500.0, 250.0])
    sums = []
    for seed in range(40):
        kept, weighs = thinned(1002, 52, np.random.default_rng(seed), weight)
        assert len(kept) == 52
        assert {1000, 1001} <= set(kept)
        np.testing.assert_allclose(weighs[-2:], [500, 250])
        np.testing.assert_allclose(weighs[:-2], 1000 / 50)  # fifty stand for a thousand
        sums.append((weighs[:-2] * kept[:-2]).sum() / 1000)
    # A mean of 50 of the numbers below 1000 has an error of 1000 / sqrt(12 * 50).
    assert np.mean(sums) == pytest.approx(499.5, abs=4 * 1000 / np.sqrt(12 * 50 * 40))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), "for each of 4 rows"),
        (np.array([1, 1, -1, 1]), "number >= 0"),
        (np.array([1, 1, np.nan, 1]), "finite number"),
        (np.zeros(4), "not be 0 throughout"),
    ],
)
def test_weights_that_are_none_are_refused(weight, message):
    with pytest.raises(InputError, match=message):
        MarginalSynthesizer().fit(np.eye(4), sample_weight=weight)
