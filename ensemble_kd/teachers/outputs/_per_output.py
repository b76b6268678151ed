"""Teachers of several outputs: a regressor of one for each value, a classifier for each label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.outputs._base import OnePerOutput


class PerOutput(RegressorMixin, OnePerOutput):  # type: ignore[misc]
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


class PerLabel(ClassifierMixin, OnePerOutput):  # type: ignore[misc]
    """One classifier of two classes for each of several labels (binary relevance [1]_).

    A `DistilledClassifier` that is given several labels takes it of itself where the teacher does
    not say that it learns them. A label that is the same in all rows, as it may be in a fold, is
    answered with what it is.

    Parameters
    ----------
    estimator : estimator
        Cloned and fitted to the raw rows and each label.

    Attributes
    ----------
    estimators_ : list of estimator
        Fitted, in the order of the labels.
    out_of_fold_response_ : ndarray of shape (n_samples, n_labels)
        Of a `TeacherEnsemble`, after `fit_beside`.

    References
    ----------
    .. [1] Tsoumakas, Katakis (2007). Multi-Label Classification: An Overview.
    """

    def _unfitted(self, column: NDArray[Any]) -> Any:
        if np.ptp(column) == 0:
            return DummyClassifier()
        return super()._unfitted(column)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each label.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_labels), float64
        """
        check_is_fitted(self, "estimators_")
        found = np.zeros((len(X), len(self.estimators_)))
        for k, model in enumerate(self.estimators_):
            known = np.asarray(model.classes_).tolist()
            if 1 in known:
                found[:, k] = np.asarray(model.predict_proba(X))[:, known.index(1)]
        return found

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return 1 for each label of probability above a half, else 0.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_labels), int64
        """
        return (self.predict_proba(X) > 0.5).astype(np.int64)


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
        The teacher itself where there is one output, or a class a row, it is frozen, or says that
        it learns several; else one for each.
    """
    if not task.takes_several or task.n_outputs == 1 or isinstance(teacher, FrozenEstimator):
        return teacher
    try:
        tags = get_tags(teacher)
        of_labels = tags.classifier_tags is not None and tags.classifier_tags.multi_label
        several = tags.target_tags.multi_output or of_labels
    except AttributeError:  # not of scikit-learn's kind
        several = False
    if several:
        return teacher
    return PerLabel(teacher) if task.has_probabilities else PerOutput(teacher)
