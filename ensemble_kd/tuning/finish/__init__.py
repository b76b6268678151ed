"""The end of a search: finalists, timing again, the student handed over and its certificate."""

from ensemble_kd.tuning.finish._certificate import Certificate
from ensemble_kd.tuning.finish._findings import Findings, check_files, read_findings
from ensemble_kd.tuning.finish._finish import Finish, Outcome
from ensemble_kd.tuning.finish._front import (
    affordable,
    as_table,
    candidates,
    choose,
    nearest,
    status,
)
from ensemble_kd.tuning.finish._selection import (
    Selection,
    as_selection,
    pick,
    pick_and_refit,
    warn_if_useless,
)
from ensemble_kd.tuning.finish._timing import SecondTiming, latency_afresh

__all__ = [
    "Certificate",
    "Findings",
    "Finish",
    "Outcome",
    "SecondTiming",
    "Selection",
    "affordable",
    "as_selection",
    "as_table",
    "candidates",
    "check_files",
    "choose",
    "latency_afresh",
    "nearest",
    "pick",
    "pick_and_refit",
    "read_findings",
    "status",
    "warn_if_useless",
]
