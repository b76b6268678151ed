"""The mean of fitted models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import EncodedTable
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._wrap import teacher_response


class WeightedMean:
    """Fitted members and the weights that were found before.

    Parameters
    ----------
    members : list of (str, estimator)
        Fitted.
    weights : ndarray of shape (n_members,)
        They sum to 1; a member of weight 0 is not asked.
    task : BaseTask
        What they predict.
    temperature : float, default=1.0
        Of the mean of probabilities, see `tempered`.
    """

    def __init__(
        self,
        members: list[tuple[str, Any]],
        weights: NDArray[np.float64],
        task: BaseTask,
        temperature: float = 1.0,
    ) -> None:
        self.members_, self.weights_, self.task_ = members, weights, task
        self.temperature_, self.classes_ = temperature, task.labels

    def predict_proba(self, X: Any, *, n_jobs: int | None = None) -> NDArray[np.float64]:
        """Return the weighted mean of the members' responses, some threads for each."""
        members = zip(self.weights_, self.members_, strict=True)
        used = [(weight, model) for weight, (_, model) in members if weight > 0]
        X = _read_once(X, [model for _, model in used])
        parts = [w * teacher_response(model, X, self.task_, n_jobs=n_jobs) for w, model in used]
        return tempered(np.asarray(np.sum(parts, axis=0)), self.temperature_)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the weighted mean of the members' values."""
        return self.predict_proba(X)[:, 0]


def tempered(response: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return probabilities with their logarithms divided by a temperature; those of 1 as they are.

    Parameters
    ----------
    response : ndarray of shape (n_samples, n_classes)
        Probabilities; values have a temperature of 1.
    temperature : float
        Greater than 0; below 1 it sharpens.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    if temperature == 1.0:
        return response
    powers = (response / response.max(axis=1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _read_once(X: Any, models: list[Any]) -> Any:
    """Return rows as all models take them, where these are default members of one schema."""
    schemas = [_schema_of(model) for model in models]
    schema = schemas[0]
    if schema is None or any(other != schema for other in schemas):
        return X
    return EncodedTable(schema, schema.encode(X, check_types=False))


def _schema_of(model: Any) -> TableSchema | None:
    """Return the schema of a default member, which takes rows that were read; None of another."""
    schema = getattr(model, "schema_", None)
    return schema if isinstance(schema, TableSchema) and hasattr(model, "inputs") else None
