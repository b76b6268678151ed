"""What a distillation may choose: labels, synthetic rows, loss; one change at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import pandas as pd
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.losses import (
    DistillationLoss,
    LogitMatchingLoss,
    SoftTargetLoss,
    SquaredErrorLoss,
)
from ensemble_kd.losses._base import check_alpha
from ensemble_kd.model import Task
from ensemble_kd.students import MLPStudent, Student
from ensemble_kd.transfer import (
    ForestLeafSynthesizer,
    MarginalSynthesizer,
    MungeSynthesizer,
    Synthesizer,
    as_synthesizer,
)

Labels = Literal["out_of_fold", "in_sample", "true"]
Share = tuple[Synthesizer, float]

DEFAULT_ALPHA = 0.7


@dataclass(frozen=True)
class Recipe:
    """How a student is taught.

    Parameters
    ----------
    name : str
        What sets it apart from the default, in words.
    labels : {"out_of_fold", "in_sample", "true"}
        Where the labels of real rows come from.
    loss : DistillationLoss
        What the student minimises; its `alpha` blends the labels with the true targets.
    synthesizers : tuple of (Synthesizer, float)
        What makes new rows, and the share each makes; empty where none are made.
    changes : dict
        Parameters of the student that differ from its own.
    """

    name: str
    labels: Labels
    loss: DistillationLoss
    synthesizers: tuple[Share, ...]
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def needs_teacher(self) -> bool:
        """Whether a teacher's response is used."""
        return self.labels != "true"

    def departs_from(self, default: Recipe) -> bool:
        """Tell whether a student is to follow the teacher less, or elsewhere, than by default.

        So it does where real rows are given other labels or another share of the truth, and where
        curves are kept smooth where the teacher's are not.
        """
        mine, its = (
            (recipe.labels, recipe.loss.alpha, recipe.changes.get("encoding"))
            for recipe in (self, default)
        )
        return mine != its

    def student(self, student: Student) -> Student:
        """Return an unfitted student with the recipe's changes."""
        changed: Student = clone(student).set_params(**self.changes)
        return changed

    def describe(self) -> dict[str, Any]:
        """Return the recipe as plain values."""
        made_by = " + ".join(
            f"{share:.0%} {synthesizer!r}" if share < 1 else repr(synthesizer)
            for synthesizer, share in self.synthesizers
        )
        return {
            "recipe": self.name,
            "labels": self.labels,
            "alpha": float(self.loss.alpha),
            "synthesizer": made_by or "none",
            "loss": type(self.loss).__name__,
            "student": ", ".join(f"{k}={v!r}" for k, v in self.changes.items()) or "as given",
        }


@dataclass(frozen=True)
class Choices:
    """What the user fixed; "auto" leaves the choice open.

    Parameters
    ----------
    labels : {"auto", "out_of_fold", "in_sample"}
    synthesizer : "auto", str, Synthesizer or None
    alpha : "auto" or float
    loss : "auto", "soft_targets", "logit_matching" or DistillationLoss
    temperature : float
    """

    labels: str = "auto"
    synthesizer: Any = "auto"
    alpha: float | str = "auto"
    loss: Any = "auto"
    temperature: float = 1.0

    @property
    def fixed_alpha(self) -> float | None:
        """The alpha that the user gave, as such or in a loss; None where it is open."""
        if not isinstance(self.loss, str):
            return float(self.loss.alpha)
        return None if isinstance(self.alpha, str) else float(self.alpha)

    def is_open(self, name: str) -> bool:
        """Tell whether the user left something to the race."""
        value = getattr(self, name)
        return isinstance(value, str) and value == "auto"

    def check(self, task: Task) -> None:
        """Refuse what no recipe could follow."""
        if self.labels != "auto" and self.labels not in get_args(Labels)[:2]:
            raise InputError(
                f"labels must be 'auto', 'out_of_fold' or 'in_sample', got {self.labels!r}."
            )
        if self.alpha != "auto":
            check_alpha(self.alpha)  # type: ignore[arg-type]
        if isinstance(self.loss, str) or self.loss is None:
            self._check_named_loss()
        if isinstance(self.synthesizer, str) and self.synthesizer == "auto":
            return
        as_synthesizer(self.synthesizer)

    def _check_named_loss(self) -> None:
        if self.loss not in ("auto", "soft_targets", "logit_matching"):
            raise InputError(
                f"loss must be 'auto', 'soft_targets' or 'logit_matching', got {self.loss!r}."
            )
        if self.loss == "logit_matching" and self.temperature != 1.0:
            raise InputError(
                "temperature must be 1 with loss='logit_matching', which has none, got "
                f"{self.temperature!r}."
            )
        SoftTargetLoss(self.temperature)

    def distillation_loss(
        self, task: Task, alpha: float | None = None, kind: str | None = None
    ) -> DistillationLoss:
        """Return the loss, with what is open at its default or as given here."""
        if not isinstance(self.loss, str):
            given: DistillationLoss = self.loss
            return given
        if alpha is None:
            alpha = DEFAULT_ALPHA if self.fixed_alpha is None else self.fixed_alpha
        if task == "regression":
            return SquaredErrorLoss(alpha)
        kind = kind or ("soft_targets" if self.loss == "auto" else self.loss)
        if kind == "logit_matching":
            return LogitMatchingLoss(alpha)
        return SoftTargetLoss(self.temperature, alpha)


def default_recipe(task: Task, choices: Choices, n_synthetic: int = 1) -> Recipe:
    """Return what the user fixed, the rest at its default.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is learned.
    choices : Choices
        What the user fixed.
    n_synthetic : int, default=1
        Synthetic rows; with 0 it makes none.

    Returns
    -------
    Recipe
        MUNGE, labels out of fold, soft targets (regression: squared error), alpha 0.7.
    """
    synthesizer = MungeSynthesizer() if choices.is_open("synthesizer") else as_synthesizer(
        choices.synthesizer
    )  # fmt: skip
    return Recipe(
        "default",
        "in_sample" if choices.labels == "in_sample" else "out_of_fold",
        choices.distillation_loss(task),
        () if synthesizer is None or n_synthetic == 0 else ((synthesizer, 1.0),),
    )


def plain_recipe(task: Task) -> Recipe:
    """Return the recipe without a teacher: the true targets alone."""
    loss = SquaredErrorLoss(0.0) if task == "regression" else SoftTargetLoss(1.0, 0.0)
    return Recipe("plain", "true", loss, ())


def candidate_recipes(
    task: Task,
    student: Student,
    choices: Choices,
    n_synthetic: int,
    *,
    has_splits: bool,
    has_numbers: bool,
    frozen: bool,
) -> list[Recipe]:
    """Return the recipes to race: the default first, then those with one thing changed.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is learned.
    student : Student
        Who learns.
    choices : Choices
        What the user fixed, which no candidate changes.
    n_synthetic : int
        Synthetic rows; with 0 no candidate makes any.
    has_splits : bool
        Whether the teacher's splits are known.
    has_numbers : bool
        Whether the table has numeric columns.
    frozen : bool
        Whether the teacher is, so that its labels are in-sample whatever is chosen.

    Returns
    -------
    list of Recipe
    """
    default = default_recipe(task, choices, n_synthetic)
    found = [default]
    if choices.is_open("synthesizer") and n_synthetic > 0:
        munge: Synthesizer = MungeSynthesizer()
        leaves: Synthesizer = ForestLeafSynthesizer()
        with_marginals = ((munge, 0.75), (MarginalSynthesizer(), 0.25))
        with_leaves = ((munge, 0.5), (leaves, 0.5))
        found += [
            replace(default, name="light MUNGE", synthesizers=((MungeSynthesizer(p=0.25), 1.0),)),
            replace(default, name="MUNGE and marginals", synthesizers=with_marginals),
            replace(default, name="MUNGE and leaves", synthesizers=with_leaves),
            replace(default, name="forest leaves", synthesizers=((leaves, 1.0),)),
        ]
        if not isinstance(student, MLPStudent):
            found.append(replace(default, name="real rows alone", synthesizers=()))
    if choices.is_open("labels") and not frozen:
        found.append(replace(default, name="in-sample labels", labels="in_sample"))
    if choices.fixed_alpha is None:
        half = choices.distillation_loss(task, alpha=0.4)
        found.append(replace(default, name="more truth", loss=half))
    if not isinstance(student, MLPStudent):
        return found
    if task == "classification" and choices.is_open("loss") and choices.temperature == 1.0:
        logits = choices.distillation_loss(task, kind="logit_matching")
        found.append(replace(default, name="logit matching", loss=logits))
    if student.edges == "auto" and has_splits:
        found.append(replace(default, name="quantile edges", changes={"edges": "quantiles"}))
    if student.encoding == "auto" and has_numbers:
        found.append(replace(default, name="periodic", changes={"encoding": "periodic"}))
    if student.hidden == "auto":
        third = {"max_bytes": student.max_bytes // 3}
        found.append(replace(default, name="a third of the bytes", changes=third))
    return found


def recipe_table(recipe: Recipe, race: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the recipes of a race with their scores, the chosen one marked.

    Parameters
    ----------
    recipe : Recipe
        The one that the student was trained with.
    race : list of dict
        A record for each short fit; empty where there was no race.

    Returns
    -------
    DataFrame
        A row for each short fit: what the recipe is, the share of the student's effort, the loss
        against the true targets of held-out rows and that against the teacher's response to them
        (`run_race` says how they choose), seconds, and whether it was chosen.
    """
    table = pd.DataFrame(race or [recipe.describe()])
    return table.assign(chosen=table["recipe"] == recipe.name)
