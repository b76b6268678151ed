"""A fitted teacher in a file: written after a fit, and asked again beside its student."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ensemble_kd.cli._console import Console
from ensemble_kd.cli.teacher._named import load_teacher
from ensemble_kd.errors import InputError


def keep_teacher(teacher: Any, path: str) -> None:
    """Write a fitted teacher to a joblib file.

    Parameters
    ----------
    teacher : estimator
        Fitted.
    path : str
        The file, written whole or not at all.
    """
    import joblib

    from ensemble_kd.files import write_atomically

    held = io.BytesIO()
    joblib.dump(teacher, held, compress=1)
    write_atomically(held.getvalue(), Path(path))


def fitted_teacher(path: str, console: Console) -> Any:
    """Open a fitted teacher from a joblib file, which runs the code in it.

    Parameters
    ----------
    path : str
        File that the user has named.
    console : Console
        Told what is taken of a distilled estimator.

    Returns
    -------
    estimator
        To be asked and not fitted; of a distilled estimator its teacher.

    Raises
    ------
    InputError
        If the file holds no teacher, or one that is not fitted.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.frozen import FrozenEstimator
    from sklearn.utils.validation import check_is_fitted

    teacher, _ = load_teacher(path, Console(quiet=True))  # its notes are on fits
    if isinstance(teacher, FrozenEstimator):
        teacher = teacher.estimator
    if getattr(teacher, "teacher_", None) is not None:
        console.note(f"{path} holds a {type(teacher).__name__}: its teacher_ is asked.")
        return teacher.teacher_
    try:
        if hasattr(teacher, "fit"):
            check_is_fitted(teacher)
    except NotFittedError as error:
        raise InputError(
            f"--teacher {path} must hold a fitted model, got a {type(teacher).__name__} that is "
            "not; `distill --keep-teacher` writes one."
        ) from error
    return teacher
