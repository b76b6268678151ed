"""What of the networks needs torch: to be imported by those that train, when they train."""

from ensemble_kd.networks._side_by_side import side_by_side
from ensemble_kd.networks._soft_tree import SoftTreePlan
from ensemble_kd.networks.training import TrainingPlan, fine_tune, train_network

__all__ = ["SoftTreePlan", "TrainingPlan", "fine_tune", "side_by_side", "train_network"]
