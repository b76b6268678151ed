"""The best student within a budget: an Optuna study around the flow, measured on the file."""

from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._detector_sizes import SizesTried, try_sizes
from ensemble_kd.tuning._picture import draw_front, draw_study
from ensemble_kd.tuning._search import DistillationSearch
from ensemble_kd.tuning.finish import Certificate, Selection
from ensemble_kd.tuning.trial import SYNTHESIZERS, Meter, SearchSpace

__all__ = [
    "SYNTHESIZERS",
    "Budget",
    "Certificate",
    "DistillationSearch",
    "Meter",
    "SearchSpace",
    "Selection",
    "SizesTried",
    "draw_front",
    "draw_study",
    "try_sizes",
]
