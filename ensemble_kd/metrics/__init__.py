"""How close the student is to its teacher, how well it finds rare events, and what it costs."""

from ensemble_kd.metrics._alert_sets import AlertOverlap, alert_overlap, rank_agreement
from ensemble_kd.metrics._cost import latency_us, pickled_bytes
from ensemble_kd.metrics._fidelity import Fidelity, RankFidelity, gain_kept, measure_fidelity
from ensemble_kd.metrics._figure import Figure
from ensemble_kd.metrics._gain import GainKept, LossRows, short_gain
from ensemble_kd.metrics._ranking import rank_correlation, top_overlap
from ensemble_kd.metrics._rare_events import (
    average_precision,
    expected_cost,
    precision_at,
    recall_at_fpr,
)
from ensemble_kd.metrics._row_scoring import RowScoring
from ensemble_kd.metrics._scorers import scorer
from ensemble_kd.metrics._tail import tail_calibration_error
from ensemble_kd.scoring.latency import QUANTILES, Latency, measure_latency

__all__ = [
    "QUANTILES",
    "AlertOverlap",
    "Fidelity",
    "Figure",
    "GainKept",
    "Latency",
    "LossRows",
    "RankFidelity",
    "RowScoring",
    "alert_overlap",
    "average_precision",
    "expected_cost",
    "gain_kept",
    "latency_us",
    "measure_fidelity",
    "measure_latency",
    "pickled_bytes",
    "precision_at",
    "rank_agreement",
    "rank_correlation",
    "recall_at_fpr",
    "scorer",
    "short_gain",
    "tail_calibration_error",
    "top_overlap",
]
