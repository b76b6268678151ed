"""Anybody's detectors: which way their scores go, and which of them a student cannot follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.teachers.detectors import (
    ECOD,
    BatchDependentError,
    DetectorEnsemble,
    TableNumbers,
    as_detectors,
    scores_low_as_abnormal,
)

FAR = np.full((1, 4), 30.0)


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Rows of four numbers."""
    return np.random.default_rng(0).normal(size=(300, 4))


class Distance(BaseEstimator):
    """A detector in the manner of PyOD: how far out a row is, high for abnormal ones."""

    def fit(self, X, y=None):
        self.decision_scores_ = self.decision_function(X)
        self.labels_ = np.zeros(len(X), dtype=int)

    def decision_function(self, X):
        return np.abs(np.asarray(X)).sum(axis=1)


class OfTheBatch(Distance):
    """Scores rows by their mean."""

    def decision_function(self, X):
        return np.abs(X - X.mean(axis=0)).sum(axis=1)


class OfChance(Distance):
    """Scores rows by chance."""

    def decision_function(self, X):
        return np.abs(X).sum(axis=1) + np.random.default_rng().random(len(X))


class NotAlone(Distance):
    """Scores no single row."""

    def decision_function(self, X):
        if len(X) < 2:
            raise ValueError("needs two rows")
        return np.abs(X).sum(axis=1)


class NoNumberAlone(Distance):
    """Has NaN for a single row."""

    def decision_function(self, X):
        return np.abs(X).sum(axis=1) * (np.nan if len(X) < 2 else 1.0)


@pytest.mark.parametrize(
    "detector",
    [
        IsolationForest(n_estimators=20),
        LocalOutlierFactor(novelty=True),
        OneClassSVM(),
        EllipticEnvelope(support_fraction=0.9),
        GaussianMixture(),
        make_pipeline(StandardScaler(), OneClassSVM()),
        make_pipeline(StandardScaler(), Distance()),
        Distance(),
        ECOD(),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_detector_of_any_library_scores_far_rows_low(detector, numbers):
    teacher = as_detectors(detector).fit(numbers)
    assert teacher.score_samples(FAR)[0] < np.quantile(teacher.fit_scores_, 0.02)


def test_scores_of_scikit_learn_stay_and_those_of_pyod_turn_over(numbers):
    forest = IsolationForest(n_estimators=5).fit(numbers)
    expected = forest.score_samples(numbers)
    assert scores_low_as_abnormal(forest, numbers).tolist() == expected.tolist()
    distance = Distance()
    distance.fit(numbers)
    expected = -np.abs(numbers).sum(axis=1)
    assert scores_low_as_abnormal(distance, numbers).tolist() == expected.tolist()
    frozen = FrozenEstimator(distance)
    assert scores_low_as_abnormal(frozen, numbers).tolist() == expected.tolist()


def test_fitted_detector_is_used_as_it_is(numbers):
    forest = IsolationForest(n_estimators=5, random_state=0).fit(numbers[:100])
    teacher = DetectorEnsemble(FrozenEstimator(forest), scale="none").fit(numbers)
    assert teacher.score_samples(numbers).tolist() == forest.score_samples(numbers).tolist()


def test_detectors_of_a_list_are_named_by_their_classes(numbers):
    given = [IsolationForest(n_estimators=5), ECOD(), IsolationForest(n_estimators=5)]
    teacher = as_detectors(given).fit(numbers)
    assert teacher.names_ == ["isolationforest", "ecod", "isolationforest_2"]


def test_detectors_without_a_seed_take_that_of_the_ensemble(numbers):
    one, same, other = (
        DetectorEnsemble(IsolationForest(n_estimators=5), random_state=seed).fit(numbers)
        for seed in (0, 0, 1)
    )
    assert one.fit_scores_.tolist() == same.fit_scores_.tolist()
    assert one.fit_scores_.tolist() != other.fit_scores_.tolist()


def test_as_detectors_leaves_an_ensemble_and_takes_none_for_the_default_one():
    teacher = DetectorEnsemble(scale="rank")
    assert as_detectors(teacher) is teacher
    assert as_detectors(None).detectors is None


def test_detector_in_a_pipeline_takes_a_table_of_any_columns(make_frame):
    frame = make_frame(200)
    pipeline = make_pipeline(TableNumbers(), IsolationForest(n_estimators=20, random_state=0))
    teacher = as_detectors([pipeline, ECOD()]).fit(frame)
    assert np.isfinite(teacher.score_samples(frame)).all()


def test_detector_that_cannot_read_the_table_is_told_how():
    frame = pd.DataFrame({"a": np.arange(50.0), "b": ["x", "y"] * 25})
    with pytest.raises(InputError, match=r"IsolationForest could not be fitted .*TableNumbers\(\)"):
        as_detectors(IsolationForest()).fit(frame)


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detector", "what"),
    [
        (OfTheBatch(), "OfTheBatch scored a row otherwise alone than among others; leave it out"),
        (OfChance(), "OfChance scored the same rows differently when asked twice"),
        (NotAlone(), r"NotAlone failed on a single row \(ValueError: needs two rows\)"),
        (NoNumberAlone(), "NoNumberAlone gave no number for a single row"),
    ],
)
def test_detector_that_answers_no_row_by_itself_is_refused(detector, what, numbers):
    with pytest.raises(BatchDependentError, match=f"each row by itself.* {what}"):
        as_detectors(detector).fit(numbers)
    with pytest.raises(BatchDependentError):
        as_detectors([ECOD(), make_pipeline(StandardScaler(), detector)]).fit(numbers)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (LocalOutlierFactor(), "got LocalOutlierFactor; for LocalOutlierFactor give novelty=True"),
        (LogisticRegression(), "predict no target, got LogisticRegression"),
        (StandardScaler(), "got StandardScaler"),
        (IsolationForest, "an object and not a class, got IsolationForest"),
    ],
)
def test_what_scores_no_rows_is_refused(given, hint):
    with pytest.raises(NotDistillableError, match=hint):
        as_detectors(given)


def test_pair_without_a_name_is_refused():
    with pytest.raises(InputError, match=r"must be detectors or \(name, detector\) pairs"):
        as_detectors([(ECOD(), ECOD())])
