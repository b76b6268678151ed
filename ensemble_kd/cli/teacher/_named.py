"""A teacher out of a file that the user named, the columns it knows, and a fit on them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from ensemble_kd.cli._console import Console
from ensemble_kd.cli._data import Data, take_columns
from ensemble_kd.errors import InputError

# How an object that cannot be fitted here answers rows.
ANSWERS = ("predict_proba", "predict", "score_samples", "decision_function")


def read_teacher(choice: str, data: Data, console: Console) -> tuple[Any, bool, Data]:
    """Open the teacher that was chosen, and keep the columns that it knows.

    Parameters
    ----------
    choice : str
        ``auto`` or the name of a preset, or a joblib file; see `load_teacher`.
    data : Data
        The rows.
    console : Console
        Told of what is left out.

    Returns
    -------
    teacher : estimator, str or None
        None for the default one, or the name of another preset.
    frozen : bool
        Whether it is used as it is.
    data : Data
        The rows, with the columns that such a teacher knows, in its order.
    """
    from ensemble_kd.teachers import PRESETS

    if choice == "auto" or choice in PRESETS:
        return None if choice == "auto" else choice, False, data
    teacher, frozen = load_teacher(choice, console)
    if frozen:
        data = with_columns_of(teacher, data, console)
    return teacher, frozen, data


def load_teacher(path: str, console: Console, flag: str = "--teacher") -> tuple[Any, bool]:
    """Open a teacher from a joblib file, which runs the code in it.

    Parameters
    ----------
    path : str
        File that the user has named.
    console : Console
        Told of the risk.
    flag : str, default="--teacher"
        The option that named it.

    Returns
    -------
    teacher : estimator, object or callable
        As the file holds it.
    frozen : bool
        Whether it is used as it is: frozen, or nothing that could be cloned and fitted here.

    Raises
    ------
    InputError
        If the file holds nothing that answers rows.
    """
    import joblib
    from sklearn.frozen import FrozenEstimator

    console.warn(f"opening {path} runs code that is in it: only open files you trust.")
    try:
        teacher = joblib.load(path)
    except FileNotFoundError as error:
        raise InputError(
            f"--teacher must be auto, fast, default, best or a joblib file, found no file {path!r}."
        ) from error
    except Warning:
        raise
    except Exception as error:  # unpickling can raise anything
        raise InputError(f"{flag} {path} cannot be opened as a joblib file: {error}") from error
    if isinstance(teacher, type) or not (
        callable(teacher) or any(hasattr(teacher, name) for name in ("fit", *ANSWERS))
    ):
        raise InputError(
            f"{flag} {path} must hold a scikit-learn estimator, got {type(teacher).__name__}; "
            "another object with predict_proba or predict, or a callable, is used as it is."
        )
    frozen = isinstance(teacher, FrozenEstimator) or not (
        hasattr(teacher, "fit") and hasattr(teacher, "get_params")
    )
    if frozen:
        console.note(
            "the teacher is fitted and used as it is; where it has seen rows of this table, its "
            "answers to them, and its quality below, look better than they are."
        )
    return teacher, frozen


def with_columns_of(teacher: Any, data: Data, console: Console) -> Data:
    """Return the rows with the columns that a fitted teacher knows, in its order.

    Parameters
    ----------
    teacher : estimator
        Fitted; where it knows no names the rows stay as they are.
    data : Data
        The rows.
    console : Console
        Told of what is left out.

    Returns
    -------
    Data
    """
    names = getattr(teacher, "feature_names_in_", None)
    if names is None:
        return data
    wanted = [str(name) for name in names]
    X = take_columns(data.X, wanted, "the table, as the teacher was fitted on it,")
    others = [name for name in data.X.columns if name not in wanted]
    if others:
        console.note(f"the teacher does not know {', '.join(map(repr, others))}; left out.")
    more = None if data.X_unlabeled is None else data.X_unlabeled[wanted]
    return replace(data, X=X, X_test=data.X_test[wanted], X_unlabeled=more)


def fit(estimator: Any, data: Data) -> None:
    """Fit on the rows; that a teacher is frozen was said in a note before.

    Parameters
    ----------
    estimator : estimator
        Unfitted; it is fitted here.
    data : Data
        The rows, and what is known of each.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the teacher .* in-sample", category=UserWarning)
        log = {} if data.log is None else {"soft_labels": data.log}
        if not data.task.is_supervised:
            estimator.fit(data.X, **log)
            return
        estimator.fit(
            data.X, data.y, data.weight, X_unlabeled=data.X_unlabeled, groups=data.groups,
            time=data.time, **log,
        )  # fmt: skip
