"""Students: small models that learn a transfer set and become plain records."""

from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.students._base import Ask, Respond, Student, Watch
from ensemble_kd.students._beyond import how_beyond
from ensemble_kd.students._gbdt import GBDTStudent
from ensemble_kd.students._mlp import MLPStudent
from ensemble_kd.students._residual import ResidualStudent
from ensemble_kd.students._size import SIZES, NetworkSize, TableBytes
from ensemble_kd.students._tree import TreeStudent
from ensemble_kd.students._width import MOST_COLUMNS, check_width, telling_columns
from ensemble_kd.students.for_people import AdditiveStudent, SoftTreeStudent, TrepanStudent

STUDENTS = {
    "mlp": MLPStudent,
    "gbdt": GBDTStudent,
    "tree": TreeStudent,
    "trepan": TrepanStudent,
    "soft_tree": SoftTreeStudent,
    "additive": AdditiveStudent,
}


def as_student(student: Any) -> Student:
    """Return the student a name stands for, or the student itself.

    Parameters
    ----------
    student : {"mlp", "gbdt", "tree", "trepan", "soft_tree", "additive"} or Student
        What the caller chose.

    Returns
    -------
    Student

    Raises
    ------
    InputError
        If it is neither.
    """
    if isinstance(student, Student):
        return student
    if isinstance(student, str) and student in STUDENTS:
        made: Student = STUDENTS[student]()
        return made
    raise InputError(f"student must be one of {sorted(STUDENTS)} or a Student, got {student!r}.")


__all__ = [
    "MOST_COLUMNS",
    "SIZES",
    "STUDENTS",
    "AdditiveStudent",
    "Ask",
    "GBDTStudent",
    "MLPStudent",
    "NetworkSize",
    "ResidualStudent",
    "Respond",
    "SoftTreeStudent",
    "Student",
    "TableBytes",
    "TreeStudent",
    "TrepanStudent",
    "Watch",
    "as_student",
    "check_width",
    "how_beyond",
    "telling_columns",
]
