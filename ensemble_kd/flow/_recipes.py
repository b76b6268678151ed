"""The recipes of a race: labels, synthetic rows, loss; the default, and one change at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd
from sklearn.base import clone

from ensemble_kd.flow.settings import Settings
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.students import MLPStudent, Student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import allows_missing
from ensemble_kd.teachers.detectors import as_detectors
from ensemble_kd.transfer import (
    ForestLeafSynthesizer,
    GuardSynthesizer,
    MarginalSynthesizer,
    MungeSynthesizer,
    Synthesizer,
    TailSynthesizer,
    as_synthesizer,
)

Labels = Literal["out_of_fold", "in_sample", "true"]
Share = tuple[Synthesizer, float]


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


def default_recipe(task: BaseTask, settings: Settings, n_synthetic: int = 1) -> Recipe:
    """Return what the user fixed, the rest at its default.

    Parameters
    ----------
    task : BaseTask
        What is learned.
    settings : Settings
        What the user fixed.
    n_synthetic : int, default=1
        Synthetic rows; with 0 it makes none.

    Returns
    -------
    Recipe
        MUNGE, labels out of fold, soft targets (regression: squared error), alpha 0.7. Without a
        target, rows from around and outside of the table, too.
    """
    chosen: tuple[Share, ...] = ((MungeSynthesizer(), 1.0),)
    if not settings.is_open("synthesizer"):
        synthesizer = as_synthesizer(settings.synthesizer)
        chosen = () if synthesizer is None else ((synthesizer, 1.0),)
    elif not task.is_supervised:
        chosen = _around(settings)
    return Recipe(
        "default",
        "in_sample" if settings.labels == "in_sample" else "out_of_fold",
        settings.distillation_loss(task),
        () if n_synthetic == 0 else chosen,
    )


def _around(settings: Settings) -> tuple[Share, ...]:
    """Return what makes rows where rows are and where none are, so that a student knows both."""
    guards = GuardSynthesizer(missing=allows_missing(as_detectors(settings.teacher)))
    return ((MungeSynthesizer(), 0.55), (MarginalSynthesizer(), 0.2), (guards, 0.25))


def plain_recipe(task: BaseTask) -> Recipe:
    """Return the recipe without a teacher: the true targets alone.

    Parameters
    ----------
    task : BaseTask
        What is predicted.

    Returns
    -------
    Recipe
    """
    return Recipe("plain", "true", task.plain_loss(), ())


def candidate_recipes(
    task: BaseTask,
    student: Student,
    settings: Settings,
    n_synthetic: int,
    *,
    has_splits: bool,
    has_numbers: bool,
    frozen: bool,
    is_rare: bool = False,
) -> list[Recipe]:
    """Return the recipes to race: the default first, then those with one thing changed.

    Parameters
    ----------
    task : BaseTask
        What is learned.
    student : Student
        Who learns.
    settings : Settings
        What the user fixed, which no candidate changes.
    n_synthetic : int
        Synthetic rows; with 0 no candidate makes any.
    has_splits : bool
        Whether the teacher's splits are known.
    has_numbers : bool
        Whether the table has numeric columns.
    frozen : bool
        Whether the teacher is, so that its labels are in-sample whatever is chosen.
    is_rare : bool, default=False
        Whether the second of two classes is rare.

    Returns
    -------
    list of Recipe
    """
    default = default_recipe(task, settings, n_synthetic)
    found = [default]
    if settings.is_open("synthesizer") and n_synthetic > 0:
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
        if is_rare:
            found.append(replace(default, name="tail", synthesizers=((TailSynthesizer(), 1.0),)))
        if not isinstance(student, MLPStudent):
            found.append(replace(default, name="real rows alone", synthesizers=()))
    if settings.is_open("labels") and not frozen:
        found.append(replace(default, name="in-sample labels", labels="in_sample"))
    if settings.fixed_alpha is None:
        half = settings.distillation_loss(task, alpha=0.4)
        found.append(replace(default, name="more truth", loss=half))
    if isinstance(student, MLPStudent) or not settings.is_open("loss"):
        for other in settings.raced_losses(task, is_rare):
            name = other.replace("_", " ") if isinstance(other, str) else repr(other)
            loss = settings.distillation_loss(task, loss=other)
            found.append(replace(default, name=name, loss=loss))
    if not isinstance(student, MLPStudent):
        return found
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
