"""A new head on the trunk of a model of a related task."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.model import CompactModel, Task
from ensemble_kd.rows import TargetScale
from ensemble_kd.tasks import DEFAULT_TASK, task_named
from ensemble_kd.teachers.members import has_classes
from ensemble_kd.teachers.related._features import (
    answers_of,
    compact_of,
    has_trunk,
    hidden_of,
    with_head,
)

Array = NDArray[np.float64]

# Strengths of the penalty on the weights of inputs of spread 1, weakest last; equals take the
# strongest.
STRENGTHS = (1000.0, 100.0, 10.0, 1.0, 0.1)
N_PARTS = 5


class NewHead(BaseEstimator):  # type: ignore[misc]
    """Learn a task of few labels on what a model of a related task sees in a row [1]_ [2]_.

    Of a distilled network the last layer is learned anew, logistic or linear, and the layers before
    it stay as they are. Of any other model its answers are what is learned from, so that they are
    blended with the new labels. The strength of the penalty is found over parts of the rows.

    As a teacher it is one among others: in a list beside a model of the new labels alone, ensemble
    selection says out of fold which of the two knows more, and by how much. With few labels that is
    the old trunk, with many the new model.

    Parameters
    ----------
    model : CompactModel, FrozenEstimator, object or callable
        Fitted to the related task: the `model_` of a distilled estimator, the `model` of a loaded
        file, or ``FrozenEstimator(any_model)``. The new rows have its columns, and maybe more.
    task : {"classification", "regression"}, default="classification"
        The new task.

    Attributes
    ----------
    model_ : CompactModel or None
        The network with its new head, as many bytes as before, which `ensemble_kd.scoring.save`
        writes; None where the model is no such network.
    task_ : BaseTask
        What is predicted, with its classes.
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification).

    References
    ----------
    .. [1] Yosinski, Clune, Bengio, Lipson (2014). How transferable are features in deep neural
       networks?
    .. [2] Kumar, Raghunathan, Jones, Ma, Liang (2022). Fine-Tuning can Distort Pretrained Features
       and Underperform Out-of-Distribution.
    """

    model_: CompactModel | None

    def __init__(self, model: Any, *, task: Task = DEFAULT_TASK) -> None:
        self.model = model
        self.task = task

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the head.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples,)
            Class labels or values.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row.

        Returns
        -------
        self
        """
        self.task_, hard = task_named(self.task).read_target(np.asarray(y))
        if self.task_.has_classes:
            self.classes_ = self.task_.labels
        weight = np.ones(len(hard)) if sample_weight is None else np.asarray(sample_weight, float)
        compact = compact_of(self.model)
        self._trunk = compact if has_trunk(compact) else None
        inputs = self._inputs(X)
        mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
        spread = np.where(spread > 1e-9 * np.abs(mean).max(initial=1.0), spread, np.inf)
        scale = TargetScale() if self.task_.has_classes else TargetScale.of(hard)
        target = hard if self.task_.has_classes else scale.scale(hard)
        slopes, shift = self._learn((inputs - mean) / spread, target, weight)
        self._weight = slopes / spread[:, None]
        self._bias = shift - mean @ self._weight
        self._scale = scale
        self.model_ = None
        if self._trunk is not None:
            self.model_ = with_head(
                self._trunk, self._weight, self._bias, task=self.task_, mean=scale.mean,
                spread=scale.spread,
            )  # fmt: skip
        return self

    @available_if(has_classes)
    def predict_proba(self, X: Any) -> Array:
        """Return probabilities of shape (n_samples, n_classes)."""
        return self._respond(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return class labels or values of shape (n_samples,)."""
        return self.task_.decide(self._respond(X))

    def _inputs(self, X: Any) -> Array:
        return answers_of(self.model, X) if self._trunk is None else hidden_of(self._trunk, X)

    def _respond(self, X: Any) -> Array:
        check_is_fitted(self, "task_")
        outputs = self._inputs(X) @ self._weight + self._bias
        return self._scale.put_back(self.task_.respond(outputs))

    def _learn(self, Z: Array, target: NDArray[Any], weight: Array) -> tuple[Array, Array]:
        """Return weights of shape (n_inputs, n_outputs) and shifts of the best strength."""
        part = self._parts(target)
        losses = [0.0] * len(STRENGTHS)
        for k in range(int(part.max()) + 1 if part.max() > 0 else 0):
            train, test = part != k, part == k
            for i, strength in enumerate(STRENGTHS):
                slopes, shift = self._head(Z[train], target[train], weight[train], strength)
                answer = self.task_.respond(Z[test] @ slopes + shift)
                truth = self.task_.truth(target[test])
                losses[i] += float(weight[test] @ self.task_.row_losses(answer, truth, floor=1e-6))
        # Without parts to judge by there is no better guess than the middle.
        best = int(np.argmin(losses)) if part.max() > 0 else len(STRENGTHS) // 2
        return self._head(Z, target, weight, STRENGTHS[best])

    def _parts(self, target: NDArray[Any]) -> NDArray[np.int64]:
        """Return the part of each row, of each class in every one; all 0 where rows are too few."""
        n_parts = min(N_PARTS, len(target))
        if self.task_.has_classes:
            n_parts = min(n_parts, int(np.bincount(target).min()))
        if n_parts < 2:
            return np.zeros(len(target), dtype=np.int64)
        parts = np.zeros(len(target), dtype=np.int64)
        strata = self.task_.strata(target)
        order = np.lexsort((np.random.default_rng(0).random(len(target)), strata))
        parts[order] = np.arange(len(target)) % n_parts
        return parts

    def _head(
        self, Z: Array, target: NDArray[Any], weight: Array, strength: float
    ) -> tuple[Array, Array]:
        if not self.task_.has_classes:
            found = Ridge(alpha=strength).fit(Z, target, sample_weight=weight)
            return found.coef_[:, None], np.array([found.intercept_])
        found = LogisticRegression(C=1 / strength, max_iter=1000)
        found.fit(Z, target, sample_weight=weight)
        slopes, shift = found.coef_.T, found.intercept_
        if slopes.shape[1] == 1:  # of two classes it tells the difference
            slopes, shift = np.hstack([-slopes, slopes]) / 2, np.array([-1, 1]) * shift / 2
        return slopes, shift

    def __sklearn_tags__(self) -> Any:
        """Say what is predicted, and that categories and missing values are welcome."""
        tags = super().__sklearn_tags__()
        task_named(self.task).describe_to_sklearn(tags)
        tags.input_tags.allow_nan = True
        return tags
