"""One trial: rows and labels that all share, a point of the space, a student weighed and timed."""

from ensemble_kd.tuning.trial._classroom import Classroom, digest, teach_once, trained_plainly
from ensemble_kd.tuning.trial._file import Meter, pack, timed_rows
from ensemble_kd.tuning.trial._judge import Judge, Verdict, train_plainly
from ensemble_kd.tuning.trial._rows import DividedRows, divide
from ensemble_kd.tuning.trial._sizes import FileBytes
from ensemble_kd.tuning.trial._space import (
    SYNTHESIZERS,
    SearchSpace,
    Setting,
    starting_points,
)
from ensemble_kd.tuning.trial._trial import (
    FILE,
    FINAL,
    IN_EARNEST,
    MEASURED,
    Measured,
    TrialRunner,
    card_lines,
    fit_setting,
)

__all__ = [
    "FILE",
    "FINAL",
    "IN_EARNEST",
    "MEASURED",
    "SYNTHESIZERS",
    "Classroom",
    "DividedRows",
    "FileBytes",
    "Judge",
    "Measured",
    "Meter",
    "SearchSpace",
    "Setting",
    "TrialRunner",
    "Verdict",
    "card_lines",
    "digest",
    "divide",
    "fit_setting",
    "pack",
    "starting_points",
    "teach_once",
    "timed_rows",
    "train_plainly",
    "trained_plainly",
]
