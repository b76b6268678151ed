"""A clustering as a teacher: its clusters are the classes, its answers the labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import (
    EnsembleKDError,
    InputError,
    NotDistillableError,
    cause,
    reason,
    shown,
)
from ensemble_kd.rows import record_features, table
from ensemble_kd.teachers._given import is_fitted, name_of
from ensemble_kd.teachers._wrap import allows_missing, fit_teacher
from ensemble_kd.teachers.unsupervised._nearest import NearestLabels
from ensemble_kd.teachers.unsupervised._numbers import is_piped, on_numbers


class ClusterTeacher(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Let a clustering teach: each cluster is a class, and no target is needed.

    Use it as the teacher of a `DistilledClassifier` that is fitted without `y`. The student then
    says of a new row, in one small file, in which cluster it is and how surely.

    Parameters
    ----------
    clusterer : estimator
        Any clusterer or mixture of scikit-learn's kind, cloned and fitted to the rows, or
        ``FrozenEstimator(fitted)``. It gets the rows as they are; only where these hold categories
        or gaps, and it is no Pipeline that has its own way with them, `TableNumbers` stands before
        it. With `predict_proba`, such as `GaussianMixture`, it teaches probabilities, else labels.

    Attributes
    ----------
    clusterer_ : estimator
        Fitted.
    classes_ : ndarray of shape (n_clusters,)
        The clusters by their numbers; -1 is noise.
    labels_ : ndarray of shape (n_samples,)
        Cluster of each row of the fit.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Notes
    -----
    A clusterer without `predict` labels the rows of its fit alone. New rows of `DBSCAN` [1]_ have
    the cluster of the nearest core sample within `eps`, else they are noise, which is what the
    algorithm would say of one more row that makes no row a core sample. New rows of all others,
    such as `HDBSCAN`, `AgglomerativeClustering` and `SpectralClustering`, have the label of the
    nearest row of the fit, by their own `metric` where they have one.

    The clustering of the rows of the fit is what is to be learned: there is no target that it could
    have memorised, so they keep the labels that it gave them.

    References
    ----------
    .. [1] Ester, Kriegel, Sander, Xu (1996). A Density-Based Algorithm for Discovering Clusters in
       Large Spatial Databases with Noise.

    Examples
    --------
    >>> from sklearn.cluster import DBSCAN
    >>> X = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> ClusterTeacher(DBSCAN(eps=0.5, min_samples=3)).fit(X).predict([[0.4], [5.3], [2.0]])
    array([ 0,  1, -1])
    """

    def __init__(self, clusterer: Any) -> None:
        self.clusterer = clusterer

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the clusters.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : None
            Ignored.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, for a clusterer that takes it.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the clusterer cannot be fitted to the rows, or finds a single cluster.
        NotDistillableError
            If it labels no rows, or is frozen and not fitted.
        """
        X = table(X)
        record_features(self, X)
        kind = _kind_of(self.clusterer)
        if kind in ("classifier", "regressor"):
            raise NotDistillableError(
                f"clusters must come from a clusterer or a mixture, got the {kind} "
                f"{name_of(self.clusterer)}, which requires y; fit it with y as any teacher."
            )
        is_frozen = isinstance(self.clusterer, FrozenEstimator)
        if is_frozen:
            fitted = self.clusterer.estimator
            if not is_fitted(fitted):
                raise NotDistillableError("the frozen teacher must be fitted first.")
        else:
            fitted = fit_teacher(on_numbers(self.clusterer, X, "clusterer"), X, None, sample_weight)
        self.clusterer_ = fitted
        self._before: Any = fitted[:-1] if is_piped(fitted) else None
        last, self._nearest = fitted[-1] if is_piped(fitted) else fitted, None
        if not hasattr(last, "predict"):
            self._nearest = NearestLabels.of(last, None if is_frozen else self._numbers(X))
        is_told = self._nearest is not None and not is_frozen
        self.labels_ = np.asarray(last.labels_) if is_told else self._first_answer(X)
        self.classes_ = np.unique([*self.labels_.tolist(), *_all_clusters(last)])
        if len(self.classes_) < 2:
            raise InputError(
                f"the clusterer {name_of(last)} must find at least two clusters, found "
                f"{len(self.classes_)}, {shown(self.classes_.tolist()[0])}; change its parameters."
            )
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the cluster of each row.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Numbers of clusters, -1 for noise.
        """
        check_is_fitted(self, "clusterer_")
        X = table(X, fitted=self)
        if self._nearest is not None:
            return self._nearest(self._numbers(X))
        return np.asarray(self.clusterer_.predict(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return how surely each row is of each cluster.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters), float64
            In the order of `classes_`; 0 and 1 of a clusterer without probabilities.
        """
        check_is_fitted(self, "clusterer_")
        if hasattr(self.clusterer_, "predict_proba"):
            return np.asarray(self.clusterer_.predict_proba(table(X, fitted=self)))
        return self._as_classes(self.predict(X))

    def response_of_fit(self, X: Any) -> NDArray[np.float64]:
        """Return the same of the rows of the fit, whose labels a clustering may know otherwise.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            The rows given to `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters), float64
        """
        return self.predict_proba(X) if self._nearest is None else self._as_classes(self.labels_)

    def _first_answer(self, X: Any) -> NDArray[np.int64]:
        try:
            return self.predict(X)
        except (EnsembleKDError, MemoryError, Warning):
            raise
        except Exception as error:  # one that is frozen has not seen these rows
            raise InputError(
                f"the clusterer {name_of(self.clusterer)} could not answer the rows given to fit: "
                f"{reason(error)}"
            ) from cause(error)

    def _as_classes(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        return (labels[:, None] == self.classes_).astype(np.float64)

    def _numbers(self, X: Any) -> Any:
        return X if self._before is None else self._before.transform(X)

    def __sklearn_tags__(self) -> Any:
        """Say what the clusterer takes; of what it does not, numbers are made."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = not is_piped(self.clusterer) or allows_missing(self.clusterer)
        tags.input_tags.string = True
        return tags


def _kind_of(clusterer: Any) -> str | None:
    try:
        kind = get_tags(clusterer).estimator_type
    except AttributeError:  # not of scikit-learn's kind
        return None
    return None if kind is None else str(kind)


def _all_clusters(clusterer: Any) -> list[int]:
    """Return the clusters that it may name, though none of the rows is of them."""
    for name in ("cluster_centers_", "means_"):
        if hasattr(clusterer, name):
            return list(range(len(getattr(clusterer, name))))
    return []
