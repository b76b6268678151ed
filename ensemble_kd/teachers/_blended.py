"""Fitted models that answer as one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import EncodedTable
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._wrap import teacher_response
from ensemble_kd.teachers.weighing import Blend


class BlendedMembers:
    """Fitted members, and how their responses become one, which was found before.

    Parameters
    ----------
    members : list of (str, estimator)
        Fitted.
    blend : Blend
        What makes one response of theirs.
    task : BaseTask
        What they predict.
    """

    def __init__(self, members: list[tuple[str, Any]], blend: Blend, task: BaseTask) -> None:
        self.members_, self.blend_, self.task_ = members, blend, task
        self.weights_, self.classes_ = blend.weights, task.labels

    def predict_proba(self, X: Any, *, n_jobs: int | None = None) -> NDArray[np.float64]:
        """Return the blend of the members' responses, some threads for each."""
        models = [model for _, model in self.members_]
        X = _read_once(X, models)
        return self.blend_(
            np.array([teacher_response(model, X, self.task_, n_jobs=n_jobs) for model in models])
        )

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the blend of the members' values."""
        return self.predict_proba(X)[:, 0]


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
