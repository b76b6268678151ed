"""The tail: rare and doubtful rows are drawn more often, and their weights say how much less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.transfer import MungeSynthesizer, TailSynthesizer

RNG = np.random.default_rng(0)
X = np.column_stack([np.arange(400.0), RNG.normal(size=400)])
CHANCE = 1 / (1 + np.exp((380 - X[:, 0]) / 8))  # some twenty rows of 400
RESPONSE = np.column_stack([1 - CHANCE, CHANCE])
PLAIN = TailSynthesizer(p=0.0)  # draws the rows themselves


def counts(synthesizer, weight=None, n_samples=40_000, response=RESPONSE):
    """Return how often each row was drawn, and the weights of its draws in all."""
    fitted = clone(synthesizer).fit(X, response, sample_weight=weight)
    rows, weights = fitted.sample_weighted(n_samples, 0)
    index = rows[:, 0].astype(int)
    return np.bincount(index, minlength=400), np.bincount(index, weights, minlength=400)


@pytest.mark.parametrize(
    "weight", [None, RNG.integers(0, 4, 400).astype(float)], ids=["even", "weighted"]
)
def test_weighted_draws_stand_for_every_row_as_its_own_weight_does(weight):
    _, weighted = counts(PLAIN, weight)
    given = np.ones(400) if weight is None else weight
    # A count is rounded up or down, and a draw weighs 2 at most.
    assert np.abs(weighted - 40_000 * given / given.sum()).max() <= 2.0


def test_weighted_mean_response_is_that_of_plain_rows():
    drawn, weighted = counts(PLAIN)
    assert drawn @ CHANCE / drawn.sum() > 3 * CHANCE.mean()
    assert weighted @ CHANCE / weighted.sum() == pytest.approx(CHANCE.mean(), rel=0.01)


def test_exchanged_rows_of_the_tail_stand_for_those_of_munge():
    expected = MungeSynthesizer().fit(X).sample(40_000, 1)
    rows, weight = TailSynthesizer().fit(X, RESPONSE).sample_weighted(40_000, 1)
    for j in range(2):
        spread = X[:, j].std()
        assert np.average(rows[:, j], weights=weight) == pytest.approx(
            expected[:, j].mean(), abs=0.02 * spread
        )
    far = [np.average(rows[:, 0] > 370, weights=weight), (expected[:, 0] > 370).mean()]
    assert far[0] == pytest.approx(far[1], rel=0.05)


def test_rare_and_doubtful_rows_are_drawn_most():
    drawn, _ = counts(PLAIN)
    sure, doubtful, common = drawn[395:].mean(), drawn[376:384].mean(), drawn[:300].mean()
    assert sure > 5 * common and doubtful > 5 * common


def test_no_row_weighs_more_than_the_plain_share_allows():
    for share in (0.0, 0.5, 0.9):
        weight = TailSynthesizer(share=share).fit(X, RESPONSE).sample_weighted(5000, 0)[1]
        assert weight.max() <= 1 / (1 - share) + 1e-12
    assert np.ptp(TailSynthesizer(share=0.0).fit(X, RESPONSE).sample_weighted(100, 0)[1]) < 1e-9


def test_which_of_two_classes_is_rare_is_found():
    np.testing.assert_array_equal(counts(PLAIN)[0], counts(PLAIN, response=RESPONSE[:, ::-1])[0])


def test_thinning_keeps_the_tail_and_what_it_stands_for():
    few = TailSynthesizer(p=0.0, max_rows=80, random_state=1)
    drawn, weighted = counts(few)
    assert (drawn[385:] > 0).mean() > 0.9
    assert (drawn[:300] > 0).mean() < 0.25
    shares = []
    for seed in range(20):
        _, weighted = counts(few.set_params(random_state=seed), n_samples=4000)
        shares.append(weighted @ CHANCE / weighted.sum())
    error = np.std(shares) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - CHANCE.mean()) < 4 * error + 0.002


def test_without_a_response_it_draws_as_munge():
    assert (TailSynthesizer().fit(X).sample_weighted(800, 0)[1] == 1).all()
    index = TailSynthesizer(p=0.0).fit(X).sample(800, 0)[:, 0].astype(int)
    assert (np.bincount(index, minlength=400) == 2).all()


def test_a_teacher_that_is_sure_of_one_class_leaves_rows_even():
    sure = np.tile([1.0, 0.0], (400, 1))
    drawn, _ = counts(PLAIN, response=sure, n_samples=4000)
    assert (drawn == 10).all()


def test_other_synthesizers_weigh_rows_alike():
    assert (MungeSynthesizer().fit(X, RESPONSE).sample_weighted(7, 0)[1] == 1).all()


def test_sample_is_that_of_sample_weighted():
    fitted = TailSynthesizer().fit(pd.DataFrame(X), RESPONSE)
    pd.testing.assert_frame_equal(fitted.sample(30, 4), fitted.sample_weighted(30, 4)[0])


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_tail_refuses_a_share_out_of_range(share):
    with pytest.raises(InputError, match=r"share must be in \[0, 1\), got"):
        TailSynthesizer(share=share).fit(X, RESPONSE)


@pytest.mark.parametrize(
    "response", [CHANCE, CHANCE[:, None], RESPONSE[:9]], ids=["1d", "1", "few"]
)
def test_tail_refuses_a_response_without_classes(response):
    with pytest.raises(
        InputError, match="needs probabilities of classes of 400 rows, got the shape"
    ):
        TailSynthesizer().fit(X, response)
