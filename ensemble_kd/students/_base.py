"""The contract of a student: learn a transfer set, respond to encoded rows, become a record."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord, in_units
from ensemble_kd.rows import Discretion, TargetScale, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask

Respond = Callable[[NDArray[np.float64]], NDArray[np.float64]]
# Told the share of the training that is done, and how the student responds by then; it ends the
# training by raising.
Watch = Callable[[float, Respond], None]
# From rows, encoded as those of the transfer set, to the teacher's response.
Ask = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Student(BaseEstimator):  # type: ignore[misc]
    """Base of the students. A student has the parameters `random_state` and `verbose`."""

    # Whether it learns more where it may ask the teacher.
    asks: ClassVar[bool] = False

    _task: BaseTask
    _scale: TargetScale
    _discretion: Discretion | None = None
    _deadline: float | None = None
    _watch: Watch | None = None
    _ask: Callable[[NDArray[np.int64]], NDArray[np.float64]] | None = None

    def fit_transfer(
        self,
        transfer_set: TransferSet,
        loss: DistillationLoss,
        *,
        deadline: float | None = None,
        watch: Watch | None = None,
        ask: Ask | None = None,
    ) -> Self:
        """Learn the rows that are not held out, stopped by those that are.

        Parameters
        ----------
        transfer_set : TransferSet
            Encoded rows with the teacher's response.
        loss : DistillationLoss
            What to minimise, in the mean over rows.
        deadline : float or None, default=None
            Time of `time.monotonic` by which to end with the best so far.
        watch : callable or None, default=None
            Called now and then with the share of the training that is done, in (0, 1], and a
            function from encoded rows to the response by then. What it raises ends the training. A
            student that is fitted in one go never calls it.
        ask : callable or None, default=None
            From encoded rows to the teacher's response, for a student that `asks`: others never
            call it. None leaves the transfer set alone to learn from.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If a parameter is out of range, or the student cannot learn this loss.
        """
        self._check(loss)
        weighted, told = transfer_set.weighted(), transfer_set.discretion
        transfer_set = weighted.discreet()
        scale = self._scale = TargetScale.of_rows(transfer_set)
        self._schema, self._task = transfer_set.schema, transfer_set.task
        self._deadline, self._discretion = deadline, told
        if watch is not None:
            self._watch = lambda share, respond: watch(
                share, lambda X: scale.put_back(respond(self._in_own_codes(X)))
            )
        if ask is not None:
            # Rows made of values of the set's own are told by where each value is taken from, as a
            # code that several categories share cannot be shown to the teacher.
            self._ask = lambda taken: scale.scale(ask(np.take_along_axis(weighted.X, taken, 0)))
        try:
            self._fit(scale.scale_rows(transfer_set), loss)
        finally:
            self._watch = self._ask = None
        return self

    def with_effort(self, effort: float) -> Self:
        """Return an unfitted student that trains for a share of the time, or for longer.

        Parameters
        ----------
        effort : float
            Greater than 0; 1 changes nothing. What sets the size of a student does not grow.

        Returns
        -------
        Student
        """
        student: Self = clone(self)
        return student

    def for_all_rows(self) -> Self:
        """Return an unfitted student for rows none of which are held out.

        Returns
        -------
        Student
            One that ends its training where this one, which is fitted, was best.
        """
        student: Self = clone(self)
        return student

    def within(self, n_bytes: int, n_outputs: int) -> Self:
        """Return an unfitted student that stays within some bytes.

        Parameters
        ----------
        n_bytes : int
            Bytes that its arrays may take.
        n_outputs : int
            Numbers in a response.

        Returns
        -------
        Student
            The same where the user chose its size.
        """
        student: Self = clone(self)
        return student

    def respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the response to encoded rows, by the library that trained the student.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns)
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities or values.
        """
        return self._scale.put_back(self._respond(self._in_own_codes(X)))

    def to_model(self) -> CompactModel:
        """Return the student as plain arrays, with the same response.

        Returns
        -------
        CompactModel
        """
        task, body = self._task, self._body()
        if not task.has_probabilities:
            body = _put_back(body, self._scale)
        return CompactModel(task.name, self._model_schema(), body, task.classes)

    def _in_own_codes(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return X if self._discretion is None else self._discretion.recode(X)

    @abstractmethod
    def _check(self, loss: DistillationLoss) -> None:
        """Refuse parameters that are out of range, and a loss that cannot be learned."""

    @abstractmethod
    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        """Learn the rows, whose values have mean 0 and spread 1."""

    @abstractmethod
    def _respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities, or values of mean 0 and spread 1."""

    @abstractmethod
    def _body(self) -> MLPRecord | TreesRecord:
        """Return the arrays of what was learned."""

    def _model_schema(self) -> TableSchema:
        """Return the schema that the arrays take."""
        return self._schema


def _put_back(body: MLPRecord | TreesRecord, scale: TargetScale) -> MLPRecord | TreesRecord:
    """Return arrays of values of mean 0 and spread 1 as arrays of the values themselves."""
    if isinstance(scale.spread, np.ndarray):
        return in_units(body, scale.mean, scale.spread)
    if isinstance(body, MLPRecord):
        return replace(body, output_mean=scale.mean, output_scale=scale.spread)
    value = (scale.spread * body.value.astype(np.float64)).astype(np.float32)
    return replace(body, value=value, base=scale.put_back(body.base))
