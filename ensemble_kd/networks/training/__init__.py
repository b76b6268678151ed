"""How a network is trained, with torch: the plan, the steps, what is lowered and what is kept."""

from ensemble_kd.networks.training._fine_tune import fine_tune
from ensemble_kd.networks.training._plan import TrainingPlan
from ensemble_kd.networks.training._training import train_network

__all__ = ["TrainingPlan", "fine_tune", "train_network"]
