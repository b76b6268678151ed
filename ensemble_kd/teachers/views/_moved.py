"""What each column adds for any teacher: what its usual value takes away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import EncodedTable, take_rows
from ensemble_kd.schema import Column
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._wrap import teacher_response

Array = NDArray[np.float64]
# Rows whose mean change is taken off.
N_ROWS = 500


class MovedColumns:
    """The change of a teacher's logits, or values, as columns are moved to usual values.

    It asks the teacher once more for each column, or group of columns, of a row.

    Parameters
    ----------
    teacher : fitted estimator
        Any.
    X : data frame or array of shape (n_samples, n_columns)
        Raw real rows, whose usual values are taken: of numbers the one next to the median, else the
        most frequent one.
    task : BaseTask
        What is predicted.
    group : ndarray of shape (n_columns,)
        Of each column; a group is moved as one.
    """

    def __init__(self, teacher: Any, X: Any, task: BaseTask, group: NDArray[np.int64]) -> None:
        self._teacher, self._task, self._group = teacher, task, group
        read = EncodedTable.read(X)
        columns = zip(read.schema.columns, read.codes.T, strict=True)
        usual = [_usual(column, codes) for column, codes in columns]
        self._usual = [take_rows(X, np.array([i])) for i in usual]
        self._mean: Any = 0.0
        some = take_rows(X, np.arange(0, len(X), -(-len(X) // N_ROWS)))
        self._mean = self(some).mean(axis=0)

    def __call__(self, X: Any) -> Array:
        """Return what groups of columns add to each output, (n_rows, n_outputs, n_groups)."""
        before = self._outputs(X)
        n_groups = int(self._group.max()) + 1
        changes = [before - self._outputs(self._moved(X, g)) for g in range(n_groups)]
        return np.asarray(np.stack(changes, axis=2) - self._mean)

    def _outputs(self, X: Any) -> Array:
        return self._task.outputs_of(teacher_response(self._teacher, X, self._task))

    def _moved(self, X: Any, g: int) -> Any:
        """Return rows with the usual values of a group of columns."""
        moved = X.copy()
        for j in np.flatnonzero(self._group == g).tolist():
            usual = take_rows(self._usual[j], np.zeros(len(X), dtype=np.int64))
            if hasattr(X, "iloc"):
                column = usual.iloc[:, j]
                column.index = X.index
                moved.isetitem(j, column)
            else:
                moved[:, j] = usual[:, j]
        return moved


def _usual(column: Column, codes: Array) -> int:
    """Return the place of a row that has a column's usual value."""
    present = codes[~np.isnan(codes)]
    if column.kind == "numeric" and len(present):
        return int(np.nanargmin(np.abs(codes - np.median(present))))
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return int(first[counts.argmax()])
