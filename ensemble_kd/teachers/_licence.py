"""What binds a student of a teacher: the note that goes into the model card."""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ensemble_kd.teachers._given import GivenTeacher
from ensemble_kd.teachers.queries import QueriedTeacher

# Packages whose models come with weights of their own, under licences of their own.
PRETRAINED = ("tabpfn", "tabpfn_client", "tabicl", "tabdpt", "limix")


def licence_note(teacher: Any) -> str | None:
    """Return what is known of the licence that binds what a teacher taught.

    Parameters
    ----------
    teacher : object
        As a user gave it. An attribute `licence_note` of it, or of what it holds, says it.

    Returns
    -------
    str or None
        None where there is nothing to say; of a known foundation model without a note, that its
        licence is to be looked at.
    """
    found = dict.fromkeys(note for note in map(_own_note, _inside(teacher)) if note)
    return " ".join(found) or None


def _inside(teacher: Any) -> list[Any]:
    """Return a teacher and what it holds."""
    if isinstance(teacher, list | tuple):
        return [part for one in teacher for part in _inside(one)]
    if isinstance(teacher, FrozenEstimator):
        return _inside(teacher.estimator)
    if isinstance(teacher, GivenTeacher | QueriedTeacher):
        return [teacher, *_inside(teacher.source)]
    if isinstance(teacher, Pipeline):
        return _inside([step for _, step in teacher.steps])
    members = getattr(teacher, "members", None)
    return [teacher, *(_inside(members) if isinstance(members, list | tuple) else [])]


def _own_note(teacher: Any) -> str | None:
    note = getattr(teacher, "licence_note", None)
    if isinstance(note, str):
        return note
    package = type(teacher).__module__.partition(".")[0]
    if package in PRETRAINED:
        return (
            f"The teacher is a pretrained model of {package}, whose licence may bind what is "
            "distilled of it: read it before this model is passed on."
        )
    return None
