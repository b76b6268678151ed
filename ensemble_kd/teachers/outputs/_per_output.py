"""A regressor of one output, fitted once for each of several."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers._wrap import fit_teacher


class PerOutput(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """One model for each output, of a regressor that has one.

    A `DistilledRegressor` that is given several outputs takes it of itself where the teacher says
    that it has one.

    Parameters
    ----------
    estimator : estimator
        Cloned and fitted to the raw rows and each output.

    Attributes
    ----------
    estimators_ : list of estimator
        Fitted, in the order of the outputs.
    out_of_fold_response_ : ndarray of shape (n_samples, n_outputs)
        Of a `TeacherEnsemble`, after `fit_beside`.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a model to each output.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples, n_outputs)
            Values.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.

        Returns
        -------
        self
        """
        self.estimators_ = [
            fit_teacher(fresh(self.estimator), X, column, sample_weight) for column in y.T
        ]
        return self

    @available_if(lambda of: hasattr(of.estimator, "fit_beside"))
    def fit_beside(
        self, X: Any, y: NDArray[Any], sample_weight: Any, *, deadline: float | None = None,
        **how: Any,
    ) -> Self | None:  # fmt: skip
        """Fit an ensemble to each output, and one beside it; see `TeacherEnsemble.fit_beside`.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples, n_outputs)
            Values.
        sample_weight : array of shape (n_samples,) or None
            Weight of each row.
        deadline : float or None, default=None
            Time of `time.monotonic` by which to end; each output has its share of the time left.
        **how
            Held-out rows and what splits respect.

        Returns
        -------
        PerOutput or None
            The ensembles that saw no held-out row; None where none are held out.
        """
        self.estimators_, beside, columns = [], [], list(y.T)
        for j, column in enumerate(columns):
            ensemble = fresh(self.estimator)
            if deadline is not None:
                left = deadline - time.monotonic()
                how["deadline"] = time.monotonic() + left / (len(columns) - j)
            beside.append(ensemble.fit_beside(X, column, sample_weight, **how))
            self.estimators_.append(ensemble)
        found = [ensemble.out_of_fold_response_ for ensemble in self.estimators_]
        self.out_of_fold_response_ = np.hstack(found)
        return None if None in beside else self.of(beside)

    def of(self, estimators: list[Any]) -> PerOutput:
        """Return the same of other fitted models.

        Parameters
        ----------
        estimators : list of estimator
            One an output.

        Returns
        -------
        PerOutput
        """
        found = PerOutput(self.estimator)
        found.estimators_ = estimators
        return found

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the values of each row.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
        """
        check_is_fitted(self, "estimators_")
        each = [np.asarray(one.predict(X), dtype=np.float64) for one in self.estimators_]
        return np.column_stack([values.reshape(len(values)) for values in each])

    def parts(self) -> Iterator[tuple[float, Any]]:
        """Yield the models, each with its share of the whole."""
        for one in self.estimators_:
            yield 1 / len(self.estimators_), one

    def __sklearn_tags__(self) -> Any:
        """Say what the estimator says, and that there are several outputs."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags.multi_output = True
        return tags


def for_outputs(teacher: Any, task: BaseTask) -> Any:
    """Return a teacher that learns as many outputs as the task has.

    Parameters
    ----------
    teacher : estimator
        Unfitted, or frozen.
    task : BaseTask
        What is predicted.

    Returns
    -------
    estimator
        The teacher itself where there is one output, there are classes, it is frozen, or says that
        it learns several; else one for each.
    """
    if task.has_classes or task.n_outputs == 1 or isinstance(teacher, FrozenEstimator):
        return teacher
    try:
        several = get_tags(teacher).target_tags.multi_output
    except AttributeError:  # not of scikit-learn's kind
        several = False
    return teacher if several else PerOutput(teacher)
