"""The front door: scikit-learn estimators around the flow."""

from ensemble_kd.estimators._base import DistilledEstimator
from ensemble_kd.estimators._classifier import DistilledClassifier
from ensemble_kd.estimators._model_card import BEFORE
from ensemble_kd.estimators._on_test import OnTest, measure_on_test
from ensemble_kd.estimators._outlier_detector import DistilledOutlierDetector
from ensemble_kd.estimators._regressor import DistilledRegressor

# By what they predict.
ESTIMATORS: dict[str, type[DistilledClassifier | DistilledRegressor | DistilledOutlierDetector]] = {
    kind.task: kind for kind in (DistilledClassifier, DistilledRegressor, DistilledOutlierDetector)
}

__all__ = [
    "BEFORE",
    "ESTIMATORS",
    "DistilledClassifier",
    "DistilledEstimator",
    "DistilledOutlierDetector",
    "DistilledRegressor",
    "OnTest",
    "measure_on_test",
]
