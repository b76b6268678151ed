"""Scales keep the order of scores, and are what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from ensemble_kd.teachers.detectors import SCALES, AsinhScale, NoScale, ProbitScale, RankScale

TRAINING = np.arange(11.0)  # median 5, deciles 1 and 9


@pytest.mark.parametrize("name", SCALES)
def test_scale_keeps_the_order(name):
    scaled = SCALES[name]().fit(TRAINING).transform(np.linspace(-1e300, 1e300, 7))
    assert (np.diff(scaled) >= 0).all() and np.isfinite(scaled).all()


@pytest.mark.parametrize("name", SCALES)
def test_scale_takes_scores_that_are_all_the_same(name):
    assert np.isfinite(SCALES[name]().fit(np.ones(5)).transform(np.array([0.0, 1.0]))).all()


def test_asinh_scale_is_a_bent_robust_z():
    scaled = AsinhScale().fit(TRAINING).transform(np.array([5.0, 9.0, -3.0]))
    assert scaled == pytest.approx([0, np.arcsinh(1.0), -np.arcsinh(2.0)])


def test_asinh_scale_of_scores_that_mostly_tie_takes_their_deviation():
    scores = np.array([0.0] * 99 + [-10.0])
    assert AsinhScale().fit(scores).unit_ == pytest.approx(scores.std())


def test_rank_scale_counts_what_is_lower_and_half_of_ties():
    scaled = RankScale().fit(np.array([1.0, 2, 2, 3])).transform(np.array([0.0, 2, 2.5, 9]))
    assert scaled.tolist() == [0, 0.5, 0.75, 1]


def test_probit_scale_is_the_normal_quantile_of_the_rank():
    scaled = ProbitScale().fit(np.array([1.0, 2, 2, 3])).transform(np.array([0.0, 2, 9]))
    assert scaled == pytest.approx(norm.ppf([0.1, 0.5, 0.9]))


def test_no_scale_leaves_scores():
    assert NoScale().fit(TRAINING).transform(TRAINING).tolist() == TRAINING.tolist()
