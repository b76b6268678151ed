"""LightGBM, tuned for longer."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._tuned import LONG_DATASETS, LONG_SECONDS
from ensemble_kd.benchmarks.quality.methods.tuned_lightgbm import TunedLightGBM


class TunedLightGBMLong(TunedLightGBM):
    """The same search with almost seven times the seconds and trials."""

    name = "tuned_lightgbm_long"
    label = f"LightGBM, tuned {LONG_SECONDS} s"
    seconds = LONG_SECONDS
    datasets = LONG_DATASETS
