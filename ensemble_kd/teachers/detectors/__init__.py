"""Outlier detectors as teachers: our own, anybody's, and several of them as one."""

from ensemble_kd.teachers.detectors._direction import scores_low_as_abnormal
from ensemble_kd.teachers.detectors._ensemble import DetectorEnsemble, as_detectors
from ensemble_kd.teachers.detectors._row_wise import BatchDependentError
from ensemble_kd.teachers.detectors.combinations import (
    COMBINATIONS,
    Combination,
    Maximum,
    Mean,
    TopHalf,
    Weighted,
)
from ensemble_kd.teachers.detectors.members import (
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
from ensemble_kd.teachers.detectors.scales import (
    SCALES,
    AsinhScale,
    NoScale,
    ProbitScale,
    RankScale,
    Scale,
)

__all__ = [
    "COMBINATIONS",
    "COPOD",
    "ECOD",
    "HBOS",
    "SCALES",
    "AsinhScale",
    "BatchDependentError",
    "Combination",
    "Detector",
    "DetectorEnsemble",
    "IsolationForestDetector",
    "KNNDetector",
    "LOFDetector",
    "Maximum",
    "Mean",
    "MixtureDetector",
    "NoScale",
    "OneClassSVMDetector",
    "ProbitScale",
    "RankScale",
    "RobustCovarianceDetector",
    "Scale",
    "TableNumbers",
    "TopHalf",
    "Weighted",
    "as_detectors",
    "scores_low_as_abnormal",
]
