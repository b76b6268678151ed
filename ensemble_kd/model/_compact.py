"""What a compact model is: the table it takes, the task, and the numbers of one student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ensemble_kd._schema import Category, TableSchema
from ensemble_kd.model._layers import MLPRecord
from ensemble_kd.model._trees import TreesRecord

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class CompactModel:
    """One student as plain data, without behaviour.

    Parameters
    ----------
    task : {"classification", "regression"}
        What the outputs mean.
    schema : TableSchema
        How raw rows become the matrix that `body` takes.
    body : MLPRecord or TreesRecord
        The numbers of the student.
    classes : tuple
        The class labels in output order; empty for regression.
    """

    task: Task
    schema: TableSchema
    body: MLPRecord | TreesRecord
    classes: tuple[Category, ...] = ()

    @property
    def n_outputs(self) -> int:
        """Number of outputs: one a class, or one value."""
        return len(self.classes) if self.task == "classification" else 1
