"""XGBoost, tuned for longer."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._tuned import LONG_DATASETS, LONG_SECONDS
from ensemble_kd.benchmarks.quality.methods.tuned_xgboost import TunedXGBoost


class TunedXGBoostLong(TunedXGBoost):
    """The same search with almost seven times the seconds and trials."""

    name = "tuned_xgboost_long"
    label = f"XGBoost, tuned {LONG_SECONDS} s"
    seconds = LONG_SECONDS
    datasets = LONG_DATASETS
