"""What students of encoded columns share: the encoding of the rows, and a network as a record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import MLPRecord
from ensemble_kd.networks import Beyond, Encoding, fit_encoding
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.students._base import Student
from ensemble_kd.students._size import NetworkSize, choose_size


def learned_real_rows(transfer_set: TransferSet) -> NDArray[np.bool_]:
    """Return which rows are real and not held out: sizes and encodings are found on them.

    Parameters
    ----------
    transfer_set : TransferSet
        What is to be learned.

    Returns
    -------
    ndarray of shape (n_samples,), bool
    """
    return ~transfer_set.held_out & (transfer_set.origin == REAL)


def encoding_of_size(
    transfer_set: TransferSet,
    loss: DistillationLoss,
    size: NetworkSize,
    beyond: Beyond,
    *,
    uses_splits: bool = True,
) -> Encoding:
    """Return the encoding of some fineness.

    Parameters
    ----------
    transfer_set : TransferSet
        What is to be learned.
    loss : DistillationLoss
        Without a teacher, its alpha being 0, categories are not grouped by labels.
    size : NetworkSize
        How fine it is.
    beyond : {"edges", "numbers", "both"} or None
        What tells rows outside of what was seen; see `fit_encoding`.
    uses_splits : bool, default=True
        Whether columns are cut where the teacher's trees split them.

    Returns
    -------
    Encoding
    """
    is_real = learned_real_rows(transfer_set)
    return fit_encoding(
        transfer_set.X[is_real],
        transfer_set.schema,
        n_bins=size.n_bins,
        max_categories=size.max_categories,
        splits=transfer_set.splits if uses_splits else (),
        # Groups made by a row's own true target would tell it.
        response=transfer_set.response[is_real] if loss.alpha > 0 else None,
        fewest_rows=size.fewest_rows,
        discretion=transfer_set.discretion,
        beyond=beyond,
    )


class EncodedStudent(Student):
    """Base of students of encoded columns that stay within `max_bytes`, coarser if need be."""

    n_bins: int
    max_categories: int
    max_bytes: int

    def within(self, n_bytes: int, n_outputs: int) -> Self:
        """Return an unfitted student that stays within some bytes.

        Parameters
        ----------
        n_bytes : int
            Bytes that its arrays and schema may take.
        n_outputs : int
            Numbers in a response.

        Returns
        -------
        Student
        """
        student: Self = clone(self)
        return student.set_params(max_bytes=min(self.max_bytes, n_bytes))  # type: ignore[no-any-return]

    def _fit_encoding(
        self, transfer_set: TransferSet, loss: DistillationLoss, hidden: tuple[int, ...]
    ) -> Encoding:
        """Return the richest encoding that fits the bytes beside hidden layers."""
        beyond: Beyond = "edges" if transfer_set.task.looks_beyond else None
        size = choose_size(
            transfer_set.X[learned_real_rows(transfer_set)], transfer_set.schema,
            transfer_set.n_outputs, self.max_bytes, hidden=hidden, beyond=beyond,
        )  # fmt: skip
        n_bins = min(size.n_bins, self.n_bins)
        max_categories = min(size.max_categories, self.max_categories)
        size = replace(size, n_bins=n_bins, max_categories=max_categories)
        return encoding_of_size(transfer_set, loss, size, beyond)


class NetworkStudent(Student):
    """Base of students that are one network, trained step by step."""

    batch_size: int
    learning_rate: Any
    _network: Any
    _stop_after: int | None = None

    def for_all_rows(self) -> Self:
        """Return an unfitted student that ends its training where this one was best.

        It is for rows none of which are held out: the learning rate falls as it did, and training
        ends at the same share of the steps.

        Returns
        -------
        Student
        """
        student: Self = clone(self)
        student._stop_after = self._network.kept + 1
        return student

    def _rows_a_step(self, n_train: int) -> int:
        """Return the size of a batch, which is smaller on small sets."""
        return int(np.clip(n_train // 20, min(16, self.batch_size), self.batch_size))

    def _respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._task.respond(self._network.outputs(X))

    def _body(self) -> MLPRecord:
        network = self._network
        if not np.isfinite(network.history[network.kept]):
            raise InputError(
                f"the training of {type(self).__name__} diverged, as its loss is not finite: "
                f"choose a lower learning_rate, got {self.learning_rate!r}."
            )
        record: MLPRecord = network.to_record()
        return record

    def _model_schema(self) -> TableSchema:
        schema: TableSchema = self._network.encoding.pooled_schema(self._schema)
        return schema
