"""Our own detectors answer a row by itself, and see what is far out, missing or never seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from ensemble_kd.errors import InputError
from ensemble_kd.teachers.detectors import (
    COPOD,
    ECOD,
    HBOS,
    Detector,
    IsolationForestDetector,
    KNNDetector,
    LOFDetector,
    MixtureDetector,
    OneClassSVMDetector,
    RobustCovarianceDetector,
    TableNumbers,
)

KINDS = [
    *(KNNDetector, LOFDetector, RobustCovarianceDetector, MixtureDetector),
    *(IsolationForestDetector, OneClassSVMDetector, ECOD, COPOD, HBOS),
]
GROWING = [KNNDetector, LOFDetector, RobustCovarianceDetector, MixtureDetector, HBOS]
N_ROWS = 300


@pytest.fixture(scope="module")
def frame(make_frame) -> pd.DataFrame:
    """A mixed table of training rows, with a constant column."""
    return make_frame(N_ROWS).assign(constant=3)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def detector(request, frame) -> Detector:
    """A detector fitted on them."""
    return request.param().fit(frame)


def odd_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows that are infinite, huge, missing throughout, or of a category never seen."""
    odd = frame.head(4).copy()
    odd["ratio"] = odd["ratio"].astype(float)
    odd.loc[0, "amount"], odd.loc[1, "ratio"] = np.inf, -1e300
    odd["name"] = ["ann", "bob", "nobody", None]
    odd.loc[3, ["amount", "age", "ratio", "city"]] = None
    return odd


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Rows of five numbers that go together."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5))


def test_detector_answers_a_row_as_in_a_batch_bit_for_bit(detector, frame):
    asked = pd.concat([frame.head(40), odd_rows(frame)])
    alone = [float(detector.score_samples(asked.iloc[[i]])[0]) for i in range(len(asked))]
    assert detector.score_samples(asked).tolist() == alone


def test_detector_answers_rows_in_any_order(detector, frame):
    order = np.random.default_rng(0).permutation(N_ROWS)
    expected = detector.score_samples(frame)[order]
    assert detector.score_samples(frame.iloc[order]).tolist() == expected.tolist()


def test_detector_answers_odd_rows_by_finite_numbers(detector, frame):
    assert np.isfinite(detector.score_samples(odd_rows(frame))).all()


def test_detector_is_the_same_with_the_same_seed(detector, frame):
    again = type(detector)(**detector.get_params()).fit(frame)
    assert again.score_samples(frame).tolist() == detector.score_samples(frame).tolist()


def test_detector_calls_a_tenth_of_its_rows_outliers(detector):
    assert (detector.fit_scores_ < detector.offset_).mean() <= 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_detector_takes_rows_that_are_all_the_same(kind):
    same = np.ones((30, 3))
    fitted = kind().fit(same)
    assert np.ptp(fitted.score_samples(same)) == 0
    assert fitted.score_samples([[1, 1, 1e6]])[0] <= fitted.score_samples(same)[0]


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.parametrize("side", [-1, 1])
def test_detector_finds_a_row_the_more_abnormal_the_further_out(kind, side, numbers):
    fitted = kind().fit(numbers)
    rows = np.tile(np.median(numbers, axis=0), (6, 1))
    rows[:, 2] += side * np.ptp(numbers[:, 2]) * np.array([1, 2, 5, 10, 100, 1e6])
    scores = fitted.score_samples(rows)
    assert (np.diff(scores) < 0).all()
    # HBOS grows like a logarithm, and a row is usual in its other columns.
    assert scores[3 if kind is HBOS else 0] < np.quantile(fitted.fit_scores_, 0.05)


@pytest.mark.parametrize("kind", [KNNDetector, LOFDetector, RobustCovarianceDetector])
def test_detector_that_is_quadratic_learns_from_a_sample(kind, numbers):
    fitted = kind(max_rows=50, random_state=1).fit(numbers)
    assert len(fitted.fit_scores_) == len(numbers)
    assert len(getattr(fitted, "places_", range(50))) == 50


def test_detector_refuses_a_sample_of_one_row(numbers):
    with pytest.raises(InputError, match="max_rows must be at least 2, got 1"):
        KNNDetector(max_rows=1).fit(numbers)


# --- left out --------------------------------------------------------------------------------


def test_knn_leaves_a_row_out_as_a_fit_without_it_does(numbers):
    fitted = KNNDetector(n_neighbors=4).fit(numbers)
    scaled = TableNumbers().fit(numbers).transform(numbers)
    for i in range(0, len(numbers), 20):
        others = NearestNeighbors(n_neighbors=4).fit(np.delete(scaled, i, axis=0))
        distances, _ = others.kneighbors(scaled[[i]])
        assert fitted.fit_scores_[i] == pytest.approx(-distances.mean(), rel=1e-9)


def test_knn_leaves_out_one_of_rows_that_are_the_same():
    rows = np.repeat(np.arange(4.0), 30)[:, None]
    fitted = KNNDetector(n_neighbors=29).fit(rows)
    assert fitted.fit_scores_.tolist() == [0.0] * 120


def test_knn_leaves_no_row_out_that_it_was_not_fitted_on(numbers):
    fitted = KNNDetector(max_rows=50).fit(numbers)
    others = np.setdiff1d(np.arange(len(numbers)), fitted.places_)
    expected = fitted.score_samples(numbers[others])
    assert fitted.fit_scores_[others].tolist() == expected.tolist()
    assert (
        fitted.fit_scores_[fitted.places_] < fitted.score_samples(numbers)[fitted.places_]
    ).all()


def test_lof_is_that_of_scikit_learn_but_for_its_floor(numbers):
    fitted = LOFDetector(n_neighbors=10).fit(numbers)
    scaled = TableNumbers().fit(numbers)
    other = LocalOutlierFactor(n_neighbors=10, novelty=True).fit(scaled.transform(numbers))
    np.testing.assert_allclose(fitted.fit_scores_, other.negative_outlier_factor_, rtol=0.02)
    new = numbers[:50] + 0.1
    expected = other.score_samples(scaled.transform(new))
    np.testing.assert_allclose(fitted.score_samples(new), expected, rtol=0.02)


def test_lof_stays_small_beside_rows_that_are_all_but_the_same():
    rng = np.random.default_rng(0)
    rows = np.vstack(
        [np.full((60, 2), 5.0) + 1e-12 * rng.normal(size=(60, 2)), rng.normal(size=(200, 2))]
    )
    fitted = LOFDetector().fit(rows)
    assert fitted.score_samples([[5.0, 5.001]])[0] > -1e3


def test_ecod_leaves_a_row_out_of_its_distribution():
    fitted = ECOD().fit(np.arange(9.0)[:, None])
    # Of the greatest of nine, no other one of eight is as great: a share of (0 + 1) / (8 + 1).
    assert fitted.fit_scores_[-1] == pytest.approx(np.log(1 / 9) + np.log(1 / 1))
    assert fitted.score_samples([[100.0]])[0] == pytest.approx(np.log(1 / 10))


# --- values by hand ----------------------------------------------------------------------------


def test_ecod_adds_up_the_thinner_tails():
    fitted = ECOD().fit(np.column_stack([np.arange(9.0), np.arange(9.0)]))
    # 3 of 9 are at most 2 and 7 at least 2; 9 and 1 are of 8.
    expected = np.log(4 / 10) + np.log(2 / 10)
    assert fitted.score_samples([[2.0, 8.0]])[0] == pytest.approx(expected)


def test_copod_takes_the_tail_to_which_a_column_leans_or_both():
    column = np.array([0.0, 0, 0, 1, 1, 2, 3, 9, 20])[:, None]  # leans to the right
    fitted = COPOD().fit(column)
    left, right = -np.log(4 / 10), -np.log(10 / 10)  # of 0
    assert fitted.score_samples([[0.0]])[0] == pytest.approx(-(left + right) / 2)
    assert fitted.score_samples([[20.0]])[0] == pytest.approx(np.log(2 / 10))


def test_hbos_is_thin_where_few_rows_are():
    column = np.concatenate([np.linspace(0, 1, 90), np.linspace(1, 4, 10)])[:, None]
    fitted = HBOS(n_bins=4).fit(column)
    inside, thin, outside = fitted.score_samples([[0.5], [3.0], [40.0]])
    assert inside > thin > outside


# --- the table as numbers ------------------------------------------------------------------------


def test_numbers_scale_by_median_and_deciles():
    column = np.arange(101.0)
    numbers = TableNumbers().fit(column[:, None])
    unit = 80 / 2.563
    assert numbers.transform([[50.0], [50.0 + unit]])[:, 0].tolist() == pytest.approx([0, 1])


def test_numbers_tell_a_gap_by_an_indicator_and_the_median():
    column = np.array([[1.0], [2.0], [3.0], [np.nan]])
    turned = TableNumbers().fit(column).transform(column)
    assert turned[3, 0] == turned[1, 0] == 0
    assert turned[:, 1].tolist() == [0, 0, 0, pytest.approx(1 / np.sqrt(0.5))]
    assert turned[:, -1].tolist() == [0] * 4


def test_numbers_count_what_is_strange():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "y"]})
    odd = pd.DataFrame({"a": [None, 2.0, None], "b": ["y", "new", None]})
    assert TableNumbers().fit(frame).transform(odd)[:, -1].tolist() == [20.0, 20.0, 40.0]


def test_numbers_tell_a_rare_category_from_a_frequent_one():
    frame = pd.DataFrame({"b": ["x"] * 99 + ["y"]})
    turned = TableNumbers().fit(frame).transform(frame)
    assert turned[-1, 0] > turned[0, 0] + 1
    assert turned[0, 1] > 0 == turned[0, 2]
