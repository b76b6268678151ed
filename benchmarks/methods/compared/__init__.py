"""Every method beside plain soft targets of the same student, teacher and rows."""

from ensemble_kd.benchmarks.methods.compared._classroom import Classroom
from ensemble_kd.benchmarks.methods.compared._conditions import CONDITIONS, USUAL, Condition, Size
from ensemble_kd.benchmarks.methods.compared._measure import gain
from ensemble_kd.benchmarks.methods.compared._methods import (
    FEW,
    FULL_SIZES,
    HARD,
    METHODS,
    NOISY,
    PLAIN,
    SMALL,
    Method,
)
from ensemble_kd.benchmarks.methods.compared._report import report
from ensemble_kd.benchmarks.methods.compared._run import (
    DATASETS,
    FEWER_DATASETS,
    ROW_CODE,
    collect,
    is_failed,
    known_names,
    read_rows,
    run_methods,
)
from ensemble_kd.benchmarks.methods.compared._table import Cut, cut, with_noise
from ensemble_kd.benchmarks.methods.compared._taught import Taught, taught
from ensemble_kd.benchmarks.methods.compared._verdict import (
    DEGREES,
    SIGNIFICANCE,
    holm,
    judge,
    verdict,
)

__all__ = [
    "CONDITIONS",
    "DATASETS",
    "DEGREES",
    "FEW",
    "FEWER_DATASETS",
    "FULL_SIZES",
    "HARD",
    "METHODS",
    "NOISY",
    "PLAIN",
    "ROW_CODE",
    "SIGNIFICANCE",
    "SMALL",
    "USUAL",
    "Classroom",
    "Condition",
    "Cut",
    "Method",
    "Size",
    "Taught",
    "collect",
    "cut",
    "gain",
    "holm",
    "is_failed",
    "judge",
    "known_names",
    "read_rows",
    "report",
    "run_methods",
    "taught",
    "verdict",
    "with_noise",
]
