"""Distil the log of a model that nobody can call: its scores, and what may stand in for it."""

from ensemble_kd.flow.logged._paying import stand_in_where_it_pays
from ensemble_kd.flow.logged._scored_rows import Scored, read_scored_rows, teach_by_log
from ensemble_kd.flow.logged._surrogate import Surrogate

__all__ = ["Scored", "Surrogate", "read_scored_rows", "stand_in_where_it_pays", "teach_by_log"]
