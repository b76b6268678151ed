"""The scores of a model that nobody can call any more: what they say of rows, and where not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from ensemble_kd.errors import InputError, NotDistillableError, cause, reason, shown
from ensemble_kd.rows._checks import check_target
from ensemble_kd.rows.splits import take_values
from ensemble_kd.schema import unmasked
from ensemble_kd.tasks import BaseTask

KINDS = ("response", "decisions", "ranks")


@dataclass(frozen=True)
class LoggedScores:
    """Scores that a model has written beside rows, in the place of a teacher.

    Parameters
    ----------
    scores : array-like or data frame of shape (n_samples,) or (n_samples, n_classes)
        One entry a row. Of probabilities in one column it is that of the second class. A row with
        a missing entry was not scored.
    kind : {"response", "decisions", "ranks"}, default="response"
        "response" is what a teacher of the task answers: probabilities, values, or scores that are
        low for what is abnormal. "decisions" are the class that it named, or -1 and 1. "ranks" are
        numbers whose order alone counts, high for the second class, for large values, for what is
        normal: each becomes the share of rows below it, and, where targets are known, a probability
        of them by one logistic curve [1]_, or the value of the same rank.
    classes : sequence or None, default=None
        Classes in the order of the columns, at least two; of one column the second is the one it is
        about. None takes them from the targets, else from the names of the columns, else 0, 1 and
        so on.

    References
    ----------
    .. [1] Platt (1999). Probabilistic Outputs for Support Vector Machines.
    """

    scores: Any
    kind: str = "response"
    classes: Any = None

    @classmethod
    def of(cls, scores: Any, n_rows: int) -> LoggedScores:
        """Return what was given as a log of one entry a row.

        Parameters
        ----------
        scores : LoggedScores, or what it takes
            As a user gives it.
        n_rows : int
            Rows of the table.

        Raises
        ------
        InputError
            If it is of another length or kind, or no row is scored.
        """
        given = scores if isinstance(scores, cls) else cls(scores)
        if given.kind not in KINDS:
            raise InputError(f"kind of soft_labels must be among {KINDS}, got {given.kind!r}.")
        read = given.scores
        if not isinstance(read, pd.DataFrame | pd.Series):
            read = read.to_pandas() if hasattr(read, "to_pandas") else unmasked(np.asanyarray(read))
        if isinstance(read, np.ndarray) and read.dtype.kind == "f":
            read = np.asarray(read, dtype=np.float64)
        if read.ndim == 2 and read.shape[1] == 1:
            read = read.iloc[:, 0] if isinstance(read, pd.DataFrame) else read[:, 0]
        if read.ndim not in (1, 2) or len(read) != n_rows:
            raise InputError(
                f"soft_labels must be one entry or one line for each of {n_rows:,} rows, got shape "
                f"{read.shape}."
            )
        found = replace(given, scores=read)
        if not found.known.any():
            raise InputError("soft_labels must score some row, got missing entries alone.")
        return found

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rows are scored, of shape (n_samples,)."""
        missing = np.asarray(pd.isna(self.scores), dtype=bool)
        return np.asarray(~missing.reshape(len(missing), -1).any(axis=1))

    def take(self, rows: NDArray[Any]) -> LoggedScores:
        """Return those of some rows, by mask."""
        return replace(self, scores=take_values(self.scores, rows))

    def task(self, task: BaseTask) -> BaseTask:
        """Return the task with the classes that the log knows of, where no targets tell them.

        Parameters
        ----------
        task : BaseTask
            That has read no target.
        """
        if not task.has_classes:
            return task
        # Of many labels that are all different scikit-learn says that they look like values.
        return task.read_target(np.asarray(self._classes() * 3))[0]

    def _classes(self) -> list[Any]:
        if self.classes is not None:
            return list(self.classes)
        if self.kind == "decisions":
            named = np.asarray(self.scores)[self.known]
            return list(dict.fromkeys(named.tolist()))
        if self.scores.ndim == 1:
            return [0, 1]
        names = getattr(self.scores, "columns", None)
        return list(range(self.scores.shape[1])) if names is None else list(names)

    def response(self, task: BaseTask, hard: NDArray[Any]) -> NDArray[np.float64]:
        """Return what the model answered, as the response of a teacher.

        Parameters
        ----------
        task : BaseTask
            With its classes.
        hard : ndarray of shape (n_samples,)
            True targets, as far as they are known.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
            NaN for rows that were not scored.

        Raises
        ------
        InputError
            If the scores are not of their kind.
        """
        known = self.known
        found = np.full((len(known), task.n_outputs), np.nan)
        rows = self.take(known)
        try:
            if self.kind == "decisions":
                found[known] = rows._decided(task)
            elif self.kind == "ranks":
                found[known] = rows._by_rank(task, hard[known])
            else:
                found[known] = rows._asked(task)
        except NotDistillableError as error:
            raise InputError(
                f"soft_labels: {reason(error)} Of scores whose order alone counts give "
                "LoggedScores(scores, kind='ranks')."
            ) from cause(error)
        return found

    def _asked(self, task: BaseTask) -> NDArray[np.float64]:
        """Return it as `task.ask` reads the answer of any teacher, to the last bit."""
        answer, classes = self.scores, None
        if self.classes is not None and task.has_classes:
            classes = list(self.classes)
            answer = np.asarray(answer, dtype=np.float64)
            if answer.ndim == 1 and len(classes) == 2:
                answer = np.column_stack([1 - answer, answer])
        return task.ask(_Log(answer, classes), self.scores, "of the log")

    def _decided(self, task: BaseTask) -> NDArray[np.float64]:
        if not task.has_classes and task.is_supervised:
            raise InputError(f"soft_labels of kind 'decisions' are not for a {task.name}.")
        named = np.asarray(self.scores)
        if named.ndim != 1:
            raise InputError(
                f"soft_labels of kind 'decisions' must be one a row, got shape {named.shape}."
            )
        if named.dtype.kind in "fO":  # a column with gaps holds whole numbers as floats
            plain = np.array(named.tolist())
            whole = plain.dtype.kind == "f" and (plain == np.round(plain)).all()
            named = plain.astype(np.int64) if whole else named
        hard = task.hard_of(named, "soft_labels")
        return task.truth(hard) if task.has_classes else 1 - 2 * hard[:, None]

    def _by_rank(self, task: BaseTask, hard: NDArray[Any]) -> NDArray[np.float64]:
        scores = np.asarray(self.scores, dtype=np.float64)
        if scores.ndim != 1 or task.n_outputs > 2:
            raise InputError(
                "soft_labels of kind 'ranks' must be one number a row, of two classes at most, got "
                f"shape {scores.shape} of {task.n_outputs} classes."
            )
        share = (rankdata(scores) - 0.5) / len(scores)
        told = task.has_target(hard)
        if not task.has_classes:
            value = np.quantile(hard[told], share, method="hazen") if told.any() else share
            return np.asarray(value[:, None])
        second = self._classes()[1] if self.classes is not None else task.classes[1]
        is_second = hard[told] == task.classes.index(second)
        if 0 < is_second.sum() < len(is_second):
            logit = np.log(share / (1 - share))[:, None]
            curve = LogisticRegression(C=1e6).fit(logit[told], is_second)
            if curve.coef_[0, 0] <= 0:
                raise InputError(
                    f"soft_labels of kind 'ranks' must be high for the class {shown(second)}, but "
                    "are low for it; give -scores, or classes= in the other order."
                )
            share = curve.predict_proba(logit)[:, 1]
        found = np.column_stack([1 - share, share])
        return found if second == task.classes[1] else found[:, ::-1]


def known_targets(y: Any, n_rows: int) -> NDArray[np.bool_]:
    """Return which targets are known, none of None.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or None
        Targets.
    n_rows : int
        Rows of the table.

    Returns
    -------
    ndarray of shape (n_rows,), bool

    Raises
    ------
    InputError
        If there are more or fewer of them.
    """
    if y is None:
        return np.zeros(n_rows, dtype=bool)
    known = ~np.asarray(pd.isna(y if hasattr(y, "iloc") else unmasked(np.asanyarray(y))))
    if known.shape[:1] != (n_rows,):
        raise InputError(f"y must be one target a row of {n_rows:,}, got shape {known.shape}.")
    return np.asarray(known.reshape(n_rows, -1).all(axis=1))


def check_targets_beside(
    log: LoggedScores, y: Any, n_rows: int, task: BaseTask
) -> tuple[BaseTask, NDArray[Any]]:
    """Return the task with its classes and the target of each row, as `check_target` does.

    Parameters
    ----------
    log : LoggedScores
        Tells the classes where no target does.
    y : array-like of shape (n_rows,) or None
        True targets, None or NaN where they are not known.
    n_rows : int
        Rows of the table.
    task : BaseTask
        That has read no target.

    Returns
    -------
    task : BaseTask
        With the classes found.
    hard : ndarray of shape (n_rows,)
        As far as it is known.
    """
    if task.is_supervised and np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise InputError(
            f"soft_labels are scores of one target, got y of shape {np.shape(y)}; give a teacher, "
            "or distil each column by itself."
        )
    told = known_targets(y if task.is_supervised else None, n_rows)
    if told.all():
        return check_target(y, n_rows, task)
    if not told.any():
        known = log.task(task)
        return known, known.no_target(n_rows)
    values = np.array(np.asarray(take_values(y, told)).tolist())
    known, of_told = check_target(values, int(told.sum()), task)
    hard = known.no_target(n_rows)
    hard[told] = of_told
    return known, hard


class _Log:
    """Answers as it has answered."""

    def __init__(self, answer: Any, classes: list[Any] | None) -> None:
        self._answer = answer
        if classes is not None:
            self.classes_ = classes

    def predict_proba(self, X: Any) -> Any:
        return self._answer

    predict = score_samples = predict_proba
