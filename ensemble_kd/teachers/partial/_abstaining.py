"""A teacher that has no answer to some rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import name_of
from ensemble_kd.teachers.partial._around import Around


class Abstaining(Around):
    """Let a teacher answer NaN where it does not know: in an ensemble the others then answer.

    Without it NaN is refused, as most often it is a mistake. With such a member the weights of a
    `TeacherEnsemble` are not selected but equal, unless they are given or are weights per row.

    Parameters
    ----------
    estimator : estimator, object or callable
        As any teacher; a row whose answer holds a NaN is one that it does not answer.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    """

    may_abstain = True

    def respond(self, X: Any, task: BaseTask) -> NDArray[np.float64]:
        """Return the checked response.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        task : BaseTask
            What is predicted.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            NaN in the rows without an answer.
        """
        answer = getattr(self, task.answers_by)(X)
        told = answer if hasattr(answer, "columns") else np.asarray(answer, dtype=np.float64)
        silent = np.asarray(pd.isna(told)).reshape(len(told), -1).any(axis=1)
        if silent.any():
            told = told.copy()
            told[silent] = 1.0  # anything that is checked as an answer would be
        response = task.ask(_Told(told, self.estimator_), X, name_of(self.estimator))
        response[silent] = np.nan
        return response


class _Told:
    """What a teacher has said."""

    def __init__(self, told: Any, teacher: Any) -> None:
        self._told = told
        if hasattr(teacher, "classes_"):
            self.classes_ = teacher.classes_

    def predict_proba(self, X: Any) -> Any:
        return self._told

    predict = predict_proba


def abstains(member: Any) -> bool:
    """Tell whether a member may leave rows without an answer.

    Parameters
    ----------
    member : estimator
        Any.

    Returns
    -------
    bool
    """
    return bool(getattr(type(member), "may_abstain", False))
