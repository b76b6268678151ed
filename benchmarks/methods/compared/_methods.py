"""The methods that are compared: to add one, write a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ensemble_kd.flow.lessons import Assistant, AssistantChain, BornAgain

# Where a method may be apt beside the usual students: labels that are wrong, few rows, few bytes.
NOISY, FEW, SMALL = "noisy_labels", "few_rows", "small_student"
# What was best there, with the default student.
FULL, FULL_NOISY, FULL_FEW = "full_size", "full_size_noisy_labels", "full_size_few_rows"
FULL_SIZES = (FULL, FULL_NOISY, FULL_FEW)
# What others are compared with, and the same student trained on the true targets alone.
PLAIN, HARD = "soft_targets", "hard_labels"
# Networks between the teacher and a student of 64 units a layer.
WIDE, NARROWER = (192, 96), (96, 80)


@dataclass(frozen=True)
class Method:
    """One way to teach a student.

    Parameters
    ----------
    family : str
        What it is a kind of.
    choices : mapping, default={}
        Parameters of `ensemble_kd.flow.Settings` that differ from plain soft targets.
    row_weights : str or None, default=None
        Name in `ensemble_kd.teachers.per_row.PER_ROW`: how the teachers weigh on a row.
    is_plain : bool, default=False
        Whether the student learns the true targets alone.
    looks : bool, default=False
        Whether it is asked how far its explanations agree with the teacher's.
    most_classes : int, default=1000
        With more it is left out, as it would take minutes.
    conditions : tuple of str, default=()
        Conditions beside the usual one for which the question is apt.
    """

    family: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    row_weights: str | None = None
    is_plain: bool = False
    looks: bool = False
    most_classes: int = 1000
    conditions: tuple[str, ...] = ()


def _lesson(family: str, *lessons: Any, conditions: tuple[str, ...] = (), **more: Any) -> Method:
    return Method(family, {"lessons": list(lessons)}, conditions=conditions, **more)


def _loss(family: str, name: str, *conditions: str, **more: Any) -> Method:
    return Method(family, {"loss": name}, conditions=conditions, **more)


METHODS: dict[str, Method] = {
    PLAIN: Method("reference", looks=True, conditions=(NOISY, FEW, SMALL, *FULL_SIZES)),
    HARD: Method("reference", is_plain=True, looks=True,
                 conditions=(NOISY, FEW, SMALL, *FULL_SIZES)),
    "logit_matching": _loss("loss", "logit_matching", FEW, SMALL),
    "squared_probabilities": _loss("loss", "squared_probabilities", NOISY),
    "decoupled": _loss("loss", "decoupled", FEW, SMALL),
    "dist": _loss("loss", "dist", SMALL),
    "annealed": _loss("curriculum", "annealed", SMALL),
    "ranking": _loss("loss", "ranking"),
    "temperature_4": Method("loss", {"temperature": 4.0}, conditions=(FEW,)),
    "alpha_0.4": Method("loss", {"alpha": 0.4}, conditions=(NOISY,)),
    "alpha_1": Method("loss", {"alpha": 1.0}, conditions=(NOISY, FEW)),
    "relational_distance": _loss("relations", "relational_distance", FEW, looks=True),
    "relational_angle": _loss("relations", "relational_angle", FEW),
    "similarity": _loss("relations", "similarity", FEW, looks=True),
    "attention": _loss("attention", "attention", FEW, looks=True, most_classes=8),
    "sobolev": _loss("attention", "sobolev", FEW, FULL_FEW, looks=True, most_classes=8),
    "hints": _lesson("hints", "hints", looks=True, conditions=(FEW, SMALL)),
    "residual": _lesson("hints", "residual", conditions=(SMALL,)),
    "born_again": _lesson("self", "born_again", conditions=(NOISY,)),
    "born_again_ensemble": _lesson("self", BornAgain(ensemble=True), conditions=(NOISY, FULL)),
    "refinement": _lesson("self", "refinement", conditions=(NOISY,)),
    "assistant": _lesson("curriculum", Assistant(WIDE), conditions=(SMALL,)),
    "assistant_chain": _lesson("curriculum", AssistantChain((WIDE, NARROWER)),
                               conditions=(SMALL,)),
    "easy_to_hard": _lesson("curriculum", "easy_to_hard", conditions=(NOISY,)),
    "hard_rows": _lesson("rows", "hard_rows"),
    "cut_pairs": Method("rows", {"synthesizer": "cut_pairs"}),
    "doubted_rows": _lesson("several teachers", "doubted_rows", conditions=(NOISY, FULL_NOISY)),
    "competence": Method("several teachers", row_weights="competence", conditions=(NOISY,)),
    "confidence": Method("several teachers", row_weights="confidence"),
    "disagreement": Method("several teachers", row_weights="disagreement"),
}  # fmt: skip
