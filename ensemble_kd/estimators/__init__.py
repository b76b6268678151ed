"""The front door: scikit-learn estimators around the flow."""

from ensemble_kd.estimators._base import DistilledEstimator
from ensemble_kd.estimators._classifier import DistilledClassifier
from ensemble_kd.estimators._regressor import DistilledRegressor

__all__ = ["DistilledClassifier", "DistilledEstimator", "DistilledRegressor"]
