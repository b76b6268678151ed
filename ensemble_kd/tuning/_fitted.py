"""What a search is once it is fitted: it predicts as its student does, and picks others again."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.files import write_atomically
from ensemble_kd.metrics import GainKept
from ensemble_kd.rows import rows_to_score
from ensemble_kd.tasks import task_named, task_of
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish import (
    Finish,
    Selection,
    as_selection,
    pick,
    pick_and_refit,
    warn_if_useless,
)


def _is_classifier(search: FittedSearch) -> bool:
    return task_named(search.estimator.task).has_classes


class FittedSearch(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """A search that has found its student, or refused to hand one over."""

    def select(
        self,
        *,
        max_latency_us: float | None = None,
        max_bytes: int | None = None,
        min_gain_kept: float | None = None,
        refit: bool = False,
    ) -> Selection:
        """Pick again from the front, without fitting anything unless so told.

        Parameters
        ----------
        max_latency_us : float or None, default=None
            Microseconds that one row may take; None is no limit.
        max_bytes : int or None, default=None
            Bytes of the model file.
        min_gain_kept : float or None, default=None
            Share of the teacher's gain to keep on validation rows, at most 1.
        refit : bool, default=False
            Whether the student is trained again on all rows of the search but the certified ones,
            and in earnest, as the one that `fit` hands over; takes as long as the refit of `fit`.

        Returns
        -------
        Selection
            The student as its trial made it, timed again; or refitted, with a certificate.

        Raises
        ------
        BudgetError
            If no student of the front keeps the budget.
        InputError
            If one is to be refitted by a search from a pickle or a copy, which holds no rows.
        """
        check_is_fitted(self, "front_")
        budget = Budget(max_latency_us, max_bytes, min_gain_kept, self.latency, self.margin)
        budget.check()
        if refit:
            found = pick_and_refit(self._finish_here(), self._front, budget)
        else:
            found = pick(self._front, self._files, budget, self._timed_rows, self.meter)
        one, told = found.candidate, found.certificate
        if told is None:
            line = self.front_.set_index("trial").loc[one.number]
            loss, worse = line["certified_loss"], line["worse_than_plain"]
            kept = GainKept(*(line[f"certified_gain_{end}"] for end in ("kept", "low", "high")))
        else:
            loss, kept, worse = told.loss, told.kept, told.is_worse_than_plain
        warn_if_useless(one, loss, kept, self._front, budget, is_worse=worse)
        return found

    def student(self, trial: int, *, refit: bool = False) -> Selection:
        """Return a student of the front, whatever it costs.

        Parameters
        ----------
        trial : int
            Its number, as `front_` has it.
        refit : bool, default=False
            Whether it is trained again, as by `select`.

        Returns
        -------
        Selection
            The student as its trial made and timed it; or refitted, with a certificate.

        Raises
        ------
        InputError
            If the front has no such trial, or if the student is to be refitted by a search from a
            pickle or a copy.
        """
        check_is_fitted(self, "front_")
        known = {one.number: one for one in self._front}
        if trial not in known:
            raise InputError(f"trial must be one of {sorted(known)}, got {trial!r}.")
        one = known[trial]
        if refit:
            return as_selection(self._finish_here().refitted(one))
        return Selection(one, self._files[trial], one.measured.latency)

    def _finish_here(self) -> Finish:
        found: Finish | None = getattr(self, "_finish", None)
        if found is None:
            raise InputError(
                "refit must be False for a search from a pickle or a copy, as this holds neither "
                "rows nor labels; fit the search again, with its workdir to go on from its trials."
            )
        return found

    def predict(self, X: Any) -> Any:
        """Return the student's class labels or values.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict(rows_to_score(X, self))

    @available_if(_is_classifier)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the student's probability of each class.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict_proba(rows_to_score(X, self))

    @available_if(_is_classifier)
    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of the student's probability of each class.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows with the columns given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`; minus infinity for a probability of 0.
        """
        check_is_fitted(self, "model_")
        return self._scorer.predict_log_proba(rows_to_score(X, self))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the student's accuracy, or in regression R2.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples,) or (n_samples, n_outputs)
            True targets; of labels in a data frame the columns have to be those of `fit`.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.

        Returns
        -------
        float
        """
        check_is_fitted(self, "model_")
        return task_of(self._scorer.model).score(y, self.predict(X), sample_weight)

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the very file that was measured; `ensemble_kd.load` reads it.

        Parameters
        ----------
        path : str or path
            File to write, by custom ending in `.ekd`; a file that is there is replaced at once.

        Returns
        -------
        int
            Bytes written.
        """
        check_is_fitted(self, "model_")
        write_atomically(self._data, path)
        return len(self._data)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the study, which is tied to its storage, and what a refit takes: the rows."""
        left_out = ("study_", "_finish")
        return {k: v for k, v in super().__getstate__().items() if k not in left_out}

    def __sklearn_tags__(self) -> Any:
        """Say what the estimator says."""
        tags = super().__sklearn_tags__()
        inner = self.estimator.__sklearn_tags__()
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        return tags
