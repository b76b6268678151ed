"""What a distillation may choose, the rules of it, and how many rows it means."""

from ensemble_kd.flow.settings._amounts import n_synthetic_rows
from ensemble_kd.flow.settings._rules import check_rows, check_settings
from ensemble_kd.flow.settings._settings import DEFAULT_MIN_FREQUENCY, FAST_EFFORT, Settings

__all__ = [
    "DEFAULT_MIN_FREQUENCY",
    "FAST_EFFORT",
    "Settings",
    "check_rows",
    "check_settings",
    "n_synthetic_rows",
]
