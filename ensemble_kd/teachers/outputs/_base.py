"""A model of one output, fitted once for each of several."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers._wrap import fit_teacher


class OnePerOutput(BaseEstimator):  # type: ignore[misc]
    """Base of what has one model for each output, of an estimator that has one."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a model to each output.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples, n_outputs)
            Targets.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.

        Returns
        -------
        self
        """
        self.estimators_ = [
            fit_teacher(self._unfitted(column), X, column, sample_weight)
            for column in np.asarray(y).T
        ]
        return self

    def _unfitted(self, column: NDArray[Any]) -> Any:
        """Return what is fitted to an output."""
        return fresh(self.estimator)

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
            Targets.
        sample_weight : array of shape (n_samples,) or None
            Weight of each row.
        deadline : float or None, default=None
            Time of `time.monotonic` by which to end; each output has its share of the time left.
        **how
            Held-out rows and what splits respect.

        Returns
        -------
        estimator or None
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
        found = [ensemble.out_of_fold_response_[:, -1] for ensemble in self.estimators_]
        self.out_of_fold_response_ = np.column_stack(found)
        self.fit_times_ = _all_times([ensemble.fit_times_ for ensemble in self.estimators_])
        return None if None in beside else self.of(beside)

    def of(self, estimators: list[Any]) -> Self:
        """Return the same of other fitted models.

        Parameters
        ----------
        estimators : list of estimator
            One an output.

        Returns
        -------
        estimator
        """
        found = type(self)(self.estimator)
        found.estimators_ = estimators
        return found

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


def _all_times(of_each: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what each member took for all outputs, and the fewest rows that it had for one."""
    found = {}
    for name in dict.fromkeys(name for times in of_each for name in times):
        took = [times[name] for times in of_each if name in times]
        found[name] = replace(
            took[0], n_rows=min(one.n_rows for one in took), seconds=sum(t.seconds for t in took),
            is_short=any(one.is_short for one in took),
        )  # fmt: skip
    return found
