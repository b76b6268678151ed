"""Distil a teacher that costs something to ask: which rows to ask for, and what each bought."""

from ensemble_kd.flow.queries._imitating import imitate
from ensemble_kd.flow.queries._picture import draw_queries
from ensemble_kd.flow.queries._spending import spend

__all__ = ["draw_queries", "imitate", "spend"]
