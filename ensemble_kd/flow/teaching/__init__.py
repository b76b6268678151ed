"""The teacher, fitted: what it says of rows, how it sees them, and the rows to learn from."""

from ensemble_kd.flow.teaching._own_target import OwnTarget, finder_of, teach_itself
from ensemble_kd.flow.teaching._taught import Extra, Teaching, Told, has_label, no_bigger_than
from ensemble_kd.flow.teaching._teaching import teach
from ensemble_kd.flow.teaching._transfer_sets import TransferSets
from ensemble_kd.flow.teaching._views import refuse_views

__all__ = [
    "Extra",
    "OwnTarget",
    "Teaching",
    "Told",
    "TransferSets",
    "finder_of",
    "has_label",
    "no_bigger_than",
    "refuse_views",
    "teach",
    "teach_itself",
]
