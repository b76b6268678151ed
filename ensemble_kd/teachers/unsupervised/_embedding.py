"""A transformer as a teacher: what it makes of a row are the values to learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.rows import record_features, table
from ensemble_kd.teachers._given import is_fitted, name_of
from ensemble_kd.teachers._wrap import allows_missing, fit_teacher
from ensemble_kd.teachers.unsupervised._numbers import is_piped, on_numbers


class EmbeddingTeacher(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Let a transformer teach its numbers, an output each; no target is needed.

    Use it as the teacher of a `DistilledRegressor` that is fitted without `y`: the student embeds
    new rows in one small file, where the transformer is slow, or large, or needs its library.

    Parameters
    ----------
    transformer : estimator, object or callable
        Any transformer of scikit-learn's kind, cloned and fitted to the rows, of which `transform`
        is learned; or ``FrozenEstimator(fitted)``. An object with `transform` that cannot be cloned
        and fitted, such as a torch encoder, and a function from rows to numbers, are used as they
        are. It gets the rows as a `ClusterTeacher` gives them to its clusterer.

    Attributes
    ----------
    transformer_ : object
        Fitted.
    n_outputs_ : int
        Numbers of a row.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> X = np.random.default_rng(0).normal(size=(50, 4))
    >>> EmbeddingTeacher(PCA(2)).fit(X).predict(X[:3]).shape
    (3, 2)
    """

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the transformer.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : None
            Ignored.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, for a transformer that takes it.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the transformer cannot be fitted to the rows.
        NotDistillableError
            If it embeds no new rows, or is frozen and not fitted.
        """
        X = table(X)
        record_features(self, X)
        given = self.transformer
        if not hasattr(given, "transform") and not callable(given):
            raise NotDistillableError(
                f"the transformer must have a method transform for new rows, or be a function, "
                f"got {name_of(given)}."
            )
        if isinstance(given, FrozenEstimator):
            if not is_fitted(given):
                raise NotDistillableError("the frozen teacher must be fitted first.")
            self.transformer_ = given.estimator
        elif hasattr(given, "fit") and hasattr(given, "get_params"):
            estimator = on_numbers(given, X, "transformer")
            self.transformer_ = fit_teacher(estimator, X, None, sample_weight)
        else:
            self.transformer_ = given
        self.n_outputs_ = self.predict(X[:1]).shape[1]
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the numbers of each row.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
        """
        check_is_fitted(self, "transformer_")
        X = table(X, fitted=self)
        numbers = getattr(self.transformer_, "transform", self.transformer_)(X)
        if hasattr(numbers, "toarray"):
            numbers = numbers.toarray()
        return np.asarray(numbers, dtype=np.float64).reshape(len(X), -1)

    def response_of_fit(self, X: Any) -> NDArray[np.float64]:
        """Return the numbers of the rows of the fit.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            The rows given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
        """
        return self.predict(X)

    def __sklearn_tags__(self) -> Any:
        """Say what the transformer takes; of what it does not, numbers are made."""
        tags = super().__sklearn_tags__()
        given = self.transformer
        tags.input_tags.allow_nan = not is_piped(given) or allows_missing(given)
        tags.input_tags.string = True
        tags.target_tags.required, tags.target_tags.multi_output = False, True
        return tags
