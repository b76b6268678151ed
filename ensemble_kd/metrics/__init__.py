"""How close the student is to its teacher, and what it costs."""

from ensemble_kd.metrics._cost import latency_us, pickled_bytes
from ensemble_kd.metrics._fidelity import Fidelity, RankFidelity, gain_kept, measure_fidelity
from ensemble_kd.metrics._gain import GainKept, LossRows, short_gain
from ensemble_kd.metrics._ranking import rank_correlation, top_overlap
from ensemble_kd.scoring.latency import QUANTILES, Latency, measure_latency

__all__ = [
    "QUANTILES",
    "Fidelity",
    "GainKept",
    "Latency",
    "LossRows",
    "RankFidelity",
    "gain_kept",
    "latency_us",
    "measure_fidelity",
    "measure_latency",
    "pickled_bytes",
    "rank_correlation",
    "short_gain",
    "top_overlap",
]
