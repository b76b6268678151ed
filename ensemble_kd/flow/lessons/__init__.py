"""Methods of teaching beyond the plain transfer set: one a file, chosen by object or by name."""

from __future__ import annotations

from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons._assistant import Assistant, AssistantChain
from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.flow.lessons._born_again import BornAgain
from ensemble_kd.flow.lessons._easy_to_hard import EasyToHard
from ensemble_kd.flow.lessons._hard_rows import HardRows
from ensemble_kd.flow.lessons._hints import Hints
from ensemble_kd.flow.lessons._refinement import Refinement
from ensemble_kd.flow.lessons._residual import Residual

LESSONS: dict[str, type[Lesson]] = {
    "hard_rows": HardRows,
    "assistant": Assistant,
    "assistant_chain": AssistantChain,
    "born_again": BornAgain,
    "refinement": Refinement,
    "easy_to_hard": EasyToHard,
    "hints": Hints,
    "residual": Residual,
}


def as_lessons(lessons: Any) -> list[Lesson]:
    """Return the lessons that names and objects stand for.

    Parameters
    ----------
    lessons : Lesson, str, sequence of them, or None
        What was chosen, in order.

    Returns
    -------
    list of Lesson

    Raises
    ------
    InputError
        If one is neither a lesson nor the name of one.
    """
    if lessons is None:
        return []
    found = []
    for lesson in lessons if isinstance(lessons, list | tuple) else [lessons]:
        if isinstance(lesson, str) and lesson in LESSONS:
            found.append(LESSONS[lesson]())
        elif isinstance(lesson, Lesson):
            found.append(lesson)
        else:
            raise InputError(
                f"lessons must be among {sorted(LESSONS)} or Lesson objects, got {lesson!r}."
            )
    return found


__all__ = [
    "LESSONS",
    "Assistant",
    "AssistantChain",
    "BornAgain",
    "Desk",
    "EasyToHard",
    "HardRows",
    "Hints",
    "Lesson",
    "Refinement",
    "Residual",
    "as_lessons",
]
