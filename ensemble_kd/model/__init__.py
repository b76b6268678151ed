"""The compact model as plain records: students produce it, bundle stores it, runtime reads it."""

from ensemble_kd.model._alert_rate import AlertRate, alert_rate, chance_explains
from ensemble_kd.model._compact import COLUMN_TASKS, TASKS, CompactModel, Task, without_decision
from ensemble_kd.model._decision import (
    Calibrator,
    LogitScaling,
    ProbabilityCurve,
    ScoreCurve,
    ScoreQuantiles,
)
from ensemble_kd.model._labels import given_labels, label_array
from ensemble_kd.model._layers import Dense, MLPRecord
from ensemble_kd.model._outputs import in_units
from ensemble_kd.model._outside import N_OUTSIDE, Outside, with_outside
from ensemble_kd.model._parts import arrays_of, scalars_of
from ensemble_kd.model._policy import SURE, ChosenBy, OperatingCurve, share_bounds
from ensemble_kd.model._reasons import MOST_REASONS, ReasonGroup, Reasons
from ensemble_kd.model._storage import Cast, Int8, LowRank, SharedRows, Storage, expand
from ensemble_kd.model._trees import Link, TreesRecord

__all__ = [
    "COLUMN_TASKS",
    "MOST_REASONS",
    "N_OUTSIDE",
    "SURE",
    "TASKS",
    "AlertRate",
    "Calibrator",
    "Cast",
    "ChosenBy",
    "CompactModel",
    "Dense",
    "Int8",
    "Link",
    "LogitScaling",
    "LowRank",
    "MLPRecord",
    "OperatingCurve",
    "Outside",
    "ProbabilityCurve",
    "ReasonGroup",
    "Reasons",
    "ScoreCurve",
    "ScoreQuantiles",
    "SharedRows",
    "Storage",
    "Task",
    "TreesRecord",
    "alert_rate",
    "arrays_of",
    "chance_explains",
    "expand",
    "given_labels",
    "in_units",
    "label_array",
    "scalars_of",
    "share_bounds",
    "with_outside",
    "without_decision",
]
