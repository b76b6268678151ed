"""The rules of what may be chosen, checked once, before all else."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from ensemble_kd.compress import as_steps
from ensemble_kd.decision import check_contamination
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.flow.lessons import as_lessons
from ensemble_kd.flow.settings._settings import Settings
from ensemble_kd.losses import check_alpha
from ensemble_kd.rows import RealRows
from ensemble_kd.students import as_student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import PRESETS
from ensemble_kd.transfer import as_synthesizer

GivenLabels = Literal["auto", "out_of_fold", "in_sample"]


def check_settings(settings: Settings, task: BaseTask) -> None:
    """Refuse what no distillation could follow.

    Parameters
    ----------
    settings : Settings
        What was chosen.
    task : BaseTask
        What is predicted.

    Raises
    ------
    InputError
        If a setting is out of range, or does not suit the task.
    NotDistillableError
        If the teacher is a text that names no preset.
    """
    if isinstance(settings.teacher, str) and settings.teacher not in PRESETS:
        raise NotDistillableError(
            "teacher must be a scikit-learn estimator with a fit method, or one of "
            f"{', '.join(map(repr, PRESETS))}, got {settings.teacher!r}."
        )
    if settings.recipe not in ("auto", "fast"):
        raise InputError(f"recipe must be 'auto' or 'fast', got {settings.recipe!r}.")
    if settings.time_limit is not None and not settings.time_limit > 0:
        raise InputError(f"time_limit must be > 0 seconds, got {settings.time_limit!r}.")
    is_whole = isinstance(settings.min_frequency, int | np.integer)
    if not is_whole or isinstance(settings.min_frequency, bool) or settings.min_frequency < 1:
        raise InputError(
            f"min_frequency must be a whole number >= 1, got {settings.min_frequency!r}."
        )
    if settings.labels not in get_args(GivenLabels):
        raise InputError(
            f"labels must be 'auto', 'out_of_fold' or 'in_sample', got {settings.labels!r}."
        )
    if settings.alpha != "auto":
        check_alpha(settings.alpha)  # type: ignore[arg-type]
    if settings.row_scoring is not None and not task.has_classes:
        raise InputError(f"scoring must be None without classes, got {settings.scoring!r}.")
    if not settings.given_losses:
        raise InputError("loss must be a loss, its name or a list of them, got none.")
    if len(settings.given_losses) > 1 and not settings.races:
        raise InputError(
            f"recipe must be 'auto' to choose among {len(settings.given_losses)} losses, got "
            f"{settings.recipe!r}; give one loss."
        )
    for loss in settings.given_losses:
        if isinstance(loss, str) or loss is None:
            _check_named_loss(settings, task, loss)
    if not settings.is_open("synthesizer"):
        as_synthesizer(settings.synthesizer)
    check_contamination(settings.contamination)
    student = as_student(settings.student)
    for lesson in as_lessons(settings.lessons):
        lesson.check(student)
    as_steps(settings.compression)


def check_rows(settings: Settings, rows: RealRows) -> None:
    """Refuse what these rows, whose classes are known by now, do not allow.

    Parameters
    ----------
    settings : Settings
        What was chosen.
    rows : RealRows
        What is to be learned.

    Raises
    ------
    InputError
        If a setting is for two classes and there are more or none, or several labels, or for more
        rows than are held out.
    """
    n_classes, n_held_out = rows.task.n_outputs, int(rows.held_out.sum())
    if settings.scoring is not None and n_classes > 1 and not rows.task.has_classes:
        raise InputError(f"scoring={settings.scoring!r} is for one column of two classes.")
    if n_classes != 2 and settings.scoring is not None:
        raise InputError(f"scoring={settings.scoring!r} is for two classes, got {n_classes}.")
    for loss in settings.given_losses:
        rows.task.check_loss(loss)
        if n_classes > 2 and isinstance(loss, str) and loss in rows.task.losses_of_rare:
            raise InputError(f"loss={loss!r} is for two classes, got {n_classes}.")
    if settings.row_scoring is not None and 0 < n_held_out < settings.row_scoring.fewest_rows:
        raise InputError(
            f"scoring={settings.scoring!r} is of more rows than the {n_held_out} that are held out "
            "to judge by; name fewer."
        )


def _check_named_loss(settings: Settings, task: BaseTask, named: Any) -> None:
    names = ("auto", *task.all_losses)
    if named not in names:
        listed = ", ".join(map(repr, names[:-1])) + f" or {names[-1]!r}"
        raise InputError(f"loss must be {listed}, got {named!r}.")
    loss = settings.distillation_loss(task, 0.5, named)
    if settings.temperature != 1.0 and not hasattr(loss, "temperature"):
        name = task.losses[0] if named == "auto" else named
        raise InputError(
            f"temperature must be 1 with loss={name!r}, which has none, got "
            f"{settings.temperature!r}."
        )
