"""One fitted teacher for many students: no student may refit it, nor show it other rows."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if

from ensemble_kd.errors import InputError
from ensemble_kd.rows import read_rows, table_digest
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import TeacherEnsemble


def _has_classes(teacher: Any) -> bool:
    return bool(teacher.task_.has_classes)


class SharedTeacher(BaseEstimator):
    """A fitted `TeacherEnsemble` in the place of an unfitted one.

    A distilled estimator clones and fits its teacher; a clone of this one is itself, and its `fit`
    does no more than make sure that the rows are those it was fitted on, so that the out-of-fold
    labels are theirs.

    Parameters
    ----------
    ensemble : TeacherEnsemble
        Fitted.
    rows : str
        `table_digest` of rows and targets it was fitted on.
    beside : estimator or None
        What `TeacherEnsemble.fit_beside` returned.
    held_out : ndarray of shape (n_samples,), bool
        These rows.
    """

    def __init__(
        self, ensemble: TeacherEnsemble, rows: str, beside: Any, held_out: NDArray[np.bool_]
    ) -> None:
        self.ensemble = ensemble
        self.rows = rows
        self.beside = beside
        self.held_out = held_out

    def __sklearn_clone__(self) -> Self:
        """Return self: a clone keeps the fit."""
        return self

    def fit(self, X: Any, y: Any) -> Self:
        """Make sure that these are the rows of the fit.

        Raises
        ------
        InputError
            If they are not.
        """
        if table_digest(X, np.asarray(y)) != self.rows:
            raise InputError(
                f"a shared teacher must be given the rows it was fitted on, got {len(X)} rows that "
                "differ from them; fit a TeacherEnsemble on these."
            )
        return self

    def fit_beside(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        held_out: NDArray[np.bool_],
        dependence: Any = None,
    ) -> Any:
        """Make sure that rows and held-out rows are those of the fit; return what it returned.

        Raises
        ------
        InputError
            If they are not.
        """
        self.fit(X, y)
        if not np.array_equal(held_out, self.held_out):
            raise InputError(
                f"a shared teacher must be given the held-out rows of its fit, got {held_out.sum()}"
                f" of them for {self.held_out.sum()}; use its random_state."
            )
        return self.beside

    @property
    def weights(self) -> Any:
        """Whether weights are selected, or those that were given."""
        return self.ensemble.weights

    @property
    def task_(self) -> BaseTask:
        """What is predicted, with its classes."""
        return self.ensemble.task_

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return self.ensemble.classes_

    @property
    def out_of_fold_response_(self) -> NDArray[np.float64]:
        """Response to each training row of models that had not seen it."""
        return self.ensemble.out_of_fold_response_

    @property
    def member_responses_(self) -> NDArray[np.float64]:
        """The same of each member alone."""
        return self.ensemble.member_responses_

    @property
    def members_(self) -> list[tuple[str, Any]]:
        """Members, fitted."""
        return self.ensemble.members_

    @property
    def weights_(self) -> NDArray[np.float64]:
        """Their weights."""
        return self.ensemble.weights_

    @property
    def best_member_(self) -> str | None:
        """Name of the member with the least loss out of fold, None where none answers all."""
        return self.ensemble.best_member_

    @property
    def blend_(self) -> Any:
        """What makes one response of the members'."""
        return self.ensemble.blend_

    @available_if(_has_classes)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the ensemble's probabilities."""
        return self.ensemble.predict_proba(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the ensemble's labels or values."""
        return self.ensemble.predict(X)

    def served(self) -> TeacherEnsemble:
        """Return the ensemble as one would deploy it, without its out-of-fold responses."""
        ensemble = copy.copy(self.ensemble)
        del ensemble.member_responses_, ensemble.out_of_fold_response_
        return ensemble

    def __sklearn_is_fitted__(self) -> bool:
        """Say that it is."""
        return True

    def __sklearn_tags__(self) -> Any:
        """Say what the ensemble says."""
        return self.ensemble.__sklearn_tags__()


def fit_shared(ensemble: TeacherEnsemble, X: Any, y: Any, seed: int) -> SharedTeacher:
    """Fit an ensemble for the students of one seed.

    Parameters
    ----------
    ensemble : TeacherEnsemble
        Fitted in place.
    X : DataFrame of shape (n_samples, n_features)
        Raw rows.
    y : array of shape (n_samples,)
        Targets.
    seed : int
        `random_state` of the students, which says what rows they hold out.

    Returns
    -------
    SharedTeacher
    """
    rows = read_rows(X, y, None, ensemble.task, ensemble.cv, seed)
    beside = ensemble.fit_beside(X, y, held_out=rows.held_out)
    return SharedTeacher(ensemble, table_digest(X, rows.targets), beside, rows.held_out)
