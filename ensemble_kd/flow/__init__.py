"""The flow: teacher -> out-of-fold labels -> recipe -> transfer set -> student -> compact model."""

from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow._distill import distill
from ensemble_kd.flow._distillation import Distillation
from ensemble_kd.flow._fidelity import decided, held_out_fidelity
from ensemble_kd.flow._plain import PLAIN_EFFORTS, plain_twin
from ensemble_kd.flow._recipes import (
    Labels,
    Recipe,
    default_recipe,
    plain_recipe,
    recipe_table,
)
from ensemble_kd.flow._refit import all_rows, has_more_to_learn, refitted
from ensemble_kd.flow.judging import Comparison, compare
from ensemble_kd.flow.settings import (
    DEFAULT_MIN_FREQUENCY,
    FAST_EFFORT,
    Settings,
    check_rows,
    check_settings,
    n_synthetic_rows,
)
from ensemble_kd.flow.teaching import Teaching, TransferSets, teach

__all__ = [
    "DEFAULT_MIN_FREQUENCY",
    "FAST_EFFORT",
    "PLAIN_EFFORTS",
    "Comparison",
    "Deadlines",
    "Distillation",
    "Labels",
    "Recipe",
    "Settings",
    "Stages",
    "Teaching",
    "TransferSets",
    "all_rows",
    "check_rows",
    "check_settings",
    "compare",
    "decided",
    "default_recipe",
    "distill",
    "has_more_to_learn",
    "held_out_fidelity",
    "n_synthetic_rows",
    "plain_recipe",
    "plain_twin",
    "recipe_table",
    "refitted",
    "teach",
]
