"""Which rows go together, and how some are drawn from all: groups, time, copies, classes."""

from ensemble_kd.rows.splits._copies import find_copies, tell_copies
from ensemble_kd.rows.splits._dependence import Dependence, Groups, TimeOrder, given_dependence
from ensemble_kd.rows.splits._draws import draw_folds, draw_share, leave_two_groups
from ensemble_kd.rows.splits._thinning import thin
from ensemble_kd.rows.splits._untouched import draw_test_rows, take_values

__all__ = [
    "Dependence",
    "Groups",
    "TimeOrder",
    "draw_folds",
    "draw_share",
    "draw_test_rows",
    "find_copies",
    "given_dependence",
    "leave_two_groups",
    "take_values",
    "tell_copies",
    "thin",
]
