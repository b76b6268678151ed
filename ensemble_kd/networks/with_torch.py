"""What of the networks needs torch: to be imported by those that train, when they train."""

from ensemble_kd.networks._fine_tune import fine_tune
from ensemble_kd.networks._soft_tree import SoftTreePlan
from ensemble_kd.networks._training import TrainingPlan, train_network

__all__ = ["SoftTreePlan", "TrainingPlan", "fine_tune", "train_network"]
