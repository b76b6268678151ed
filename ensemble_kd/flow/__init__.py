"""The flow: teacher -> out-of-fold labels -> recipe -> transfer set -> student -> compact model."""

from ensemble_kd.flow._clock import Stages
from ensemble_kd.flow._comparison import Comparison, true_losses
from ensemble_kd.flow._distill import (
    FAST_EFFORT,
    Distillation,
    distill,
    held_out_fidelity,
    n_synthetic_rows,
)
from ensemble_kd.flow._recipes import Labels, Recipe, plain_recipe, recipe_table
from ensemble_kd.flow._teaching import Teaching, teach
from ensemble_kd.flow._transfer_sets import TransferSets

__all__ = [
    "FAST_EFFORT",
    "Comparison",
    "Distillation",
    "Labels",
    "Recipe",
    "Stages",
    "Teaching",
    "TransferSets",
    "distill",
    "held_out_fidelity",
    "n_synthetic_rows",
    "plain_recipe",
    "recipe_table",
    "teach",
    "true_losses",
]
