"""The methods, one a file: the ensemble, each detector of it, its student, and rivals."""

from collections.abc import Callable
from functools import partial

from ensemble_kd.benchmarks.detectors.methods._base import Method
from ensemble_kd.benchmarks.detectors.methods.ensemble import Ensemble
from ensemble_kd.benchmarks.detectors.methods.one_detector import OneDetector
from ensemble_kd.benchmarks.detectors.methods.pyod import PyodCalls
from ensemble_kd.benchmarks.detectors.methods.student import DistilledStudent
from ensemble_kd.benchmarks.detectors.methods.suod import Suod
from ensemble_kd.benchmarks.detectors.methods.uadb import Uadb

SINGLES = [
    *("knn", "lof", "covariance", "mixture", "isolation_forest", "one_class_svm", "ecod", "hbos"),
]
METHODS: dict[str, Callable[[], Method]] = {
    Ensemble.name: Ensemble,
    DistilledStudent.name: DistilledStudent,
    Suod.name: Suod,
    Uadb.name: Uadb,
    PyodCalls.name: PyodCalls,
    **{name: partial(OneDetector, name) for name in SINGLES},
}

__all__ = ["METHODS", "SINGLES", "Method"]
