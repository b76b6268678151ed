"""The best student within a budget: an Optuna study around the flow, measured on the file."""

from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._certificate import Certificate
from ensemble_kd.tuning._fresh import Meter
from ensemble_kd.tuning._picture import draw_front, draw_study
from ensemble_kd.tuning._search import DistillationSearch
from ensemble_kd.tuning._selection import Selection
from ensemble_kd.tuning._space import SYNTHESIZERS, SearchSpace

__all__ = [
    "SYNTHESIZERS",
    "Budget",
    "Certificate",
    "DistillationSearch",
    "Meter",
    "SearchSpace",
    "Selection",
    "draw_front",
    "draw_study",
]
