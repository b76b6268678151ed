"""Ways to choose a threshold, one a file."""

from ensemble_kd.decision.policies._alert_budget import AlertBudget
from ensemble_kd.decision.policies._base import Rule
from ensemble_kd.decision.policies._contamination import Contamination, check_contamination
from ensemble_kd.decision.policies._cost import Cost
from ensemble_kd.decision.policies._fixed import Fixed
from ensemble_kd.decision.policies._fpr import FalsePositiveRate

__all__ = [
    "AlertBudget",
    "Contamination",
    "Cost",
    "FalsePositiveRate",
    "Fixed",
    "Rule",
    "check_contamination",
]
