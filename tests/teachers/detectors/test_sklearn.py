"""Detectors keep scikit-learn's rules; exceptions are listed with their reasons."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from ensemble_kd.teachers.detectors import (
    COPOD,
    ECOD,
    HBOS,
    DetectorEnsemble,
    IsolationForestDetector,
    KNNDetector,
    LOFDetector,
    MixtureDetector,
    OneClassSVMDetector,
    RobustCovarianceDetector,
    TableNumbers,
)

ESTIMATORS = [
    DetectorEnsemble([KNNDetector(), ECOD(), HBOS()]),
    *(COPOD(), ECOD(), HBOS(), KNNDetector(), LOFDetector(), MixtureDetector()),
    *(OneClassSVMDetector(), RobustCovarianceDetector(), TableNumbers()),
    IsolationForestDetector(),
]
# Name of a check: why an ensemble cannot keep it.
EXCEPTIONS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "weights say which rows are drawn and which teach nothing; a row given twice has a copy "
        "beside it, which is another thing to a detector of near rows"
    ),
}


def exceptions(estimator: Any) -> dict[str, str]:
    """Return the checks an estimator does not keep, with the reasons."""
    return EXCEPTIONS if isinstance(estimator, DetectorEnsemble) else {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=exceptions)
def test_detector_keeps_the_rule(estimator, check):
    check(estimator)
