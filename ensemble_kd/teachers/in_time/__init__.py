"""A teacher in limited time: which members, and on how many rows."""

from ensemble_kd.teachers.in_time._fit_in_time import InTime, MemberTime, fit_in_time
from ensemble_kd.teachers.in_time._plan import LEAST_ROWS
from ensemble_kd.teachers.in_time._told import tell_short_time

__all__ = ["LEAST_ROWS", "InTime", "MemberTime", "fit_in_time", "tell_short_time"]
