"""A rival's distiller at the shared teacher: numbers and soft labels go out, answers come back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.quality.methods._base import Shared, TaskData
from ensemble_kd.benchmarks.quality.methods._peer import Peer
from ensemble_kd.rows import table_digest
from ensemble_kd.schema import TableSchema
from ensemble_kd.teachers import teacher_response


class TaughtPeer(Peer):
    """Base of the distillers: only what follows the teacher differs from our own methods.

    The teacher stays in this process, so ``task.npz`` holds what the distiller would ask of it: its
    response to the training rows as they are, and that of members that had not seen the row
    (`n_train`, `n_outputs`). A category is its code, a missing number the column's median and a
    missing category -1. One row is timed from such numbers, so without what turns a raw row into
    them.
    """

    worker = Path(__file__).with_name("_taught_worker.py")

    def causes(self, data: TaskData, shared: Shared) -> Hashable:
        """Return the rows and the teacher's out-of-fold labels, which tell one teacher apart."""
        labels = np.ascontiguousarray(shared.teacher.out_of_fold_response_)
        digest = hashlib.sha256(labels.tobytes()).hexdigest()
        return self.peer, table_digest(data.X_train, data.y_train), digest, data.seed

    def write_task(self, data: TaskData, shared: Shared, folder: Path) -> None:
        """Write encoded rows, true targets and both kinds of soft labels."""
        start = time.perf_counter()
        labels = teacher_response(shared.teacher, data.X_train, data.task)
        taken = time.perf_counter() - start
        train, test = numbers(data)
        np.savez(
            folder / "task.npz",
            X_train=train,
            X_test=test,
            y=data.task.read_target(data.y_train)[1],
            labels=labels,
            out_of_fold=shared.teacher.out_of_fold_response_,
        )
        task = {"peer": self.peer, "kind": data.kind, "seed": data.seed, "label_seconds": taken}
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")

    def seconds(self, facts: dict[str, Any]) -> float:
        """Return what the chosen student took; labels out of fold come with the teacher."""
        labelling = facts["label_seconds"] if self._facts["kind"] == "labels" else 0.0
        return float(labelling + self._facts["fit_seconds"])


def numbers(data: TaskData) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return training and test rows as numbers without a gap.

    Parameters
    ----------
    data : TaskData
        Raw rows.

    Returns
    -------
    train, test : ndarray of shape (n_rows, n_columns)
        Numbers as they are and codes of categories; a missing number is the median of the training
        rows (0 where they have none), a missing category -1.
    """
    schema = TableSchema.infer(data.X_train)
    train, test = schema.encode(data.X_train), schema.encode(data.X_test)
    some = ~np.isnan(train).all(axis=0) & ~schema.is_discrete
    fill = np.where(schema.is_discrete, -1.0, 0.0)
    fill[some] = np.nanmedian(train[:, some], axis=0)
    return tuple(np.where(np.isnan(X), fill, X) for X in (train, test))  # type: ignore[return-value]
