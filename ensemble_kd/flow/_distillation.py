"""What comes of a distillation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ensemble_kd.flow._recipes import Recipe
from ensemble_kd.flow.judging import Comparison
from ensemble_kd.metrics import Fidelity
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import Student


@dataclass(frozen=True)
class Distillation:
    """What came of a distillation.

    Parameters
    ----------
    teacher : estimator or None
        Fitted on all real rows; None where no recipe has use for a teacher, and of a log.
    transfer_set : TransferSet
        The rows the student learned from, the first time.
    student : Student
        Fitted, and where it was refitted the second time: on all rows, by the teacher that saw all.
    model : CompactModel
        The student as plain arrays.
    recipe : Recipe
        What the student was taught by.
    race : list of dict
        A record for each short fit of the race; empty where there was none.
    gate : list of Comparison
        The teacher beside its best member, the student beside one trained plainly, rows that a
        surrogate of a log labels beside none, as far as they were compared.
    fidelity : Fidelity or None
        Student beside teacher on held-out real rows, which neither has seen; None without a
        teacher. A refitted student was measured before, as were the two of the gate.
    times : dict
        Seconds spent on "teacher", "synthesis", "labels", "race", "student" and "refit", of which
        rows and labels are under their names; with a time limit rows and seconds of each of the
        teacher's "members", too.
    compression : list of dict
        What each compression step cost; empty where there was none.
    lessons : tuple of str, default=()
        What the student was taught by beside its recipe.
    refitted : bool, default=False
        Whether the student was trained once more, on all rows.
    queries : list of dict, default=[]
        What each round of queries bought, where the teacher has a budget of them; see `spend`.
    """

    teacher: Any
    transfer_set: TransferSet
    student: Student
    model: CompactModel
    recipe: Recipe
    race: list[dict[str, Any]]
    gate: list[Comparison]
    fidelity: Fidelity | None
    times: dict[str, Any]
    compression: list[dict[str, Any]]
    lessons: tuple[str, ...] = ()
    refitted: bool = False
    queries: list[dict[str, float]] = field(default_factory=list)
