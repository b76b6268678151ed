"""Clusterings that label the rows of their fit alone, extended to new rows by near ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN
from sklearn.neighbors import NearestNeighbors

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.teachers._given import name_of

NOISE = -1


@dataclass(frozen=True)
class NearestLabels:
    """The label of the nearest of some rows, or noise where none of them is near enough.

    Parameters
    ----------
    rows : NearestNeighbors or None
        Fitted to these rows; None where there are none.
    labels : ndarray of shape (n_rows,)
        Their clusters.
    within : float, default=inf
        How far away the nearest may be.
    """

    rows: NearestNeighbors | None
    labels: NDArray[np.int64]
    within: float = np.inf

    @classmethod
    def of(cls, clusterer: Any, X: Any) -> Self:
        """Return what answers new rows as a fitted clustering would.

        Parameters
        ----------
        clusterer : fitted clusterer
            With `labels_`. New rows of `DBSCAN` have the cluster of the nearest core sample within
            `eps`, else they are noise; those of others have the label of the nearest row.
        X : array of shape (n_samples, n_features) or None
            The rows that it was fitted to; None where nobody knows them, as of a frozen one.

        Raises
        ------
        NotDistillableError
            If it has no labels, knows distances between these rows alone, or they are not known.
        """
        if not hasattr(clusterer, "labels_"):
            raise NotDistillableError(
                f"the clusterer {name_of(clusterer)} must predict, or leave labels_ after fit."
            )
        given = clusterer.get_params(deep=False)
        if "precomputed" in (given.get("metric"), given.get("affinity")):
            raise NotDistillableError(
                f"the clusterer {name_of(clusterer)} must take rows, got distances or affinities "
                "made before, which new rows have not; choose a metric."
            )
        how = {key: given[key] for key in ("metric", "metric_params", "p") if given.get(key)}
        labels, within = np.asarray(clusterer.labels_), np.inf
        if isinstance(clusterer, DBSCAN):
            X, labels = clusterer.components_, labels[clusterer.core_sample_indices_]
            within = float(clusterer.eps)
        elif X is None:
            raise NotDistillableError(
                f"the clusterer {name_of(clusterer)} does not predict, and of a frozen one the "
                "rows of its fit are not known; give it unfitted."
            )
        rows = NearestNeighbors(n_neighbors=1, **how).fit(np.asarray(X)) if len(labels) else None
        return cls(rows, labels, within)

    def __call__(self, X: Any) -> NDArray[np.int64]:
        """Return the label of each row."""
        if self.rows is None:
            return np.full(len(X), NOISE)
        distance, place = (found[:, 0] for found in self.rows.kneighbors(np.asarray(X)))
        return np.where(distance <= self.within, self.labels[place], NOISE)
