"""Training rows are scored as if a detector that memorises had not seen them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM

from ensemble_kd.teachers.detectors import as_detectors


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Rows of four numbers."""
    return np.random.default_rng(0).normal(size=(400, 4))


class Nearest(BaseEstimator):
    """Scores a row by the nearest one: 0 for each that it was fitted on."""

    def fit(self, X, y=None):
        self.neighbours_ = NearestNeighbors(n_neighbors=1).fit(X)
        return self

    def score_samples(self, X):
        return -self.neighbours_.kneighbors(X)[0][:, 0]


def own_scores(detector, rows):
    """Return what the ensemble takes a detector's scores of the training rows for, and those."""
    teacher = as_detectors(detector).set_params(scale="none").fit(rows)
    return teacher.fit_scores_, teacher.score_samples(rows)


@pytest.mark.parametrize("detector", [Nearest(), LocalOutlierFactor(novelty=True)])
def test_detector_that_memorises_is_asked_over_folds(detector, numbers):
    left_out, seen = own_scores(detector, numbers)
    assert (left_out != seen).any()
    new = np.random.default_rng(1).normal(size=(2000, 4))
    middle = np.median(
        as_detectors(detector).set_params(scale="none").fit(numbers).score_samples(new)
    )
    assert abs(np.median(left_out) - middle) < abs(np.median(seen) - middle)


def test_nearest_row_of_a_training_row_is_another_one(numbers):
    left_out, seen = own_scores(Nearest(), numbers)
    assert np.abs(seen).max() < 1e-6
    assert (left_out < -0.01).mean() > 0.95


@pytest.mark.parametrize(
    "detector",
    [
        EllipticEnvelope(support_fraction=0.9),
        OneClassSVM(nu=0.5),
        IsolationForest(n_estimators=20, random_state=0),
    ],
)
def test_detector_that_hardly_memorises_is_asked_once(detector):
    left_out, seen = own_scores(detector, np.random.default_rng(0).normal(size=(2000, 4)))
    assert left_out.tolist() == seen.tolist()


def test_scores_over_folds_are_in_units_of_the_detector_itself():
    # Scores of a one-class SVM grow with the rows, and this one memorises.
    rows = np.random.default_rng(0).normal(size=(200, 6))
    left_out, seen = own_scores(OneClassSVM(nu=0.5, gamma=2.0), rows)
    assert (left_out != seen).any()
    new = np.random.default_rng(1).normal(size=(2000, 6))
    teacher = as_detectors(OneClassSVM(nu=0.5, gamma=2.0)).set_params(scale="none").fit(rows)
    assert np.median(left_out) < np.median(seen)
    assert np.abs(np.median(left_out) - np.median(teacher.score_samples(new))) < np.ptp(seen) / 2


def test_few_rows_are_not_cut_into_folds():
    left_out, seen = own_scores(IsolationForest(n_estimators=5), np.arange(19.0)[:, None])
    assert left_out.tolist() == seen.tolist()
