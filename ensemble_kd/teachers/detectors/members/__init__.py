"""Our own detectors: each reads a raw mixed-type table, and answers a row by itself."""

from __future__ import annotations

from ensemble_kd.teachers.detectors._numbers import NumberedRows, TableNumbers
from ensemble_kd.teachers.detectors.members._base import CHUNK, CONTAMINATION, Detector, Scored
from ensemble_kd.teachers.detectors.members._copod import COPOD
from ensemble_kd.teachers.detectors.members._covariance import RobustCovarianceDetector
from ensemble_kd.teachers.detectors.members._ecod import ECOD
from ensemble_kd.teachers.detectors.members._hbos import HBOS
from ensemble_kd.teachers.detectors.members._isolation_forest import IsolationForestDetector
from ensemble_kd.teachers.detectors.members._knn import KNNDetector
from ensemble_kd.teachers.detectors.members._lof import LOFDetector
from ensemble_kd.teachers.detectors.members._mixture import MixtureDetector
from ensemble_kd.teachers.detectors.members._one_class_svm import OneClassSVMDetector


def default_detectors(max_rows: int, seed: int) -> list[tuple[str, Detector]]:
    """Return unfitted detectors that see different things; the first three see far-out rows.

    Parameters
    ----------
    max_rows : int
        Rows that those learn from whose cost is that of pairs of rows.
    seed : int
        Of each of them.

    Returns
    -------
    list of (str, Detector)
    """
    sampled = {"max_rows": max_rows, "random_state": seed}
    return [
        ("knn", KNNDetector(**sampled)),
        ("lof", LOFDetector(**sampled)),
        ("covariance", RobustCovarianceDetector(**sampled)),
        ("mixture", MixtureDetector(**sampled)),
        ("isolation_forest", IsolationForestDetector(random_state=seed)),
        ("one_class_svm", OneClassSVMDetector(**sampled)),
        ("ecod", ECOD(random_state=seed)),
        ("hbos", HBOS()),
    ]


__all__ = [
    "CHUNK",
    "CONTAMINATION",
    "COPOD",
    "ECOD",
    "HBOS",
    "Detector",
    "IsolationForestDetector",
    "KNNDetector",
    "LOFDetector",
    "MixtureDetector",
    "NumberedRows",
    "OneClassSVMDetector",
    "RobustCovarianceDetector",
    "Scored",
    "TableNumbers",
    "default_detectors",
]
