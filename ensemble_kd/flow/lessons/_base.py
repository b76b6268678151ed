"""What a method of teaching is: it changes what the student is about to learn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ensemble_kd.flow._clock import Deadlines
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import Student

Codes = NDArray[np.float64]
Labelled = tuple[Codes, NDArray[np.float64]]


@dataclass(frozen=True)
class Desk:
    """What a lesson may use: the student to be taught, and more rows like those it has.

    Parameters
    ----------
    student : Student
        Unfitted, as it is going to learn.
    loss : DistillationLoss
        What it is going to minimise.
    n_synthetic : int
        Synthetic rows of the transfer set; 0 where none are made.
    seed : int
        Of whatever has no seed of its own.
    clock : Deadlines
        When the making of rows, and a training for a lesson, have to end.
    new_rows : callable
        From a number of rows to that many synthetic rows of the transfer set, encoded, and the
        teacher's response to them.
    rows_around : callable
        From encoded rows and a number to that many new rows made of them, and the response.
    view : callable
        From encoded rows, and a view or its name, to how the teacher sees each of them.
    """

    student: Student
    loss: DistillationLoss
    n_synthetic: int
    seed: int
    clock: Deadlines
    new_rows: Callable[[int], Labelled]
    rows_around: Callable[[Codes, int], Labelled]
    view: Callable[[Codes, Any], NDArray[np.float32]]


class Lesson(BaseEstimator):  # type: ignore[misc]
    """Base of the methods of teaching: parameters that clone well, and `teach`."""

    # Whether it looks at how the teacher sees rows.
    needs_view: ClassVar[bool] = False

    def check(self, student: Student) -> None:
        """Refuse parameters out of range, and a student that it cannot teach; before all else.

        Parameters
        ----------
        student : Student
            Unfitted.

        Raises
        ------
        InputError
            If it is so.
        """

    @abstractmethod
    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return what the student is to learn from.

        Parameters
        ----------
        transfer_set : TransferSet
            What it would learn from without this lesson; it stays as it is.
        desk : Desk
            The student, and what makes more rows.

        Returns
        -------
        TransferSet
        """

    def pupil(self, transfer_set: TransferSet, desk: Desk) -> Student:
        """Return who is to learn that: the student as it is, or with something learned already.

        Parameters
        ----------
        transfer_set : TransferSet
            What `teach` returned.
        desk : Desk
            The student, and what makes more rows.

        Returns
        -------
        Student
            Unfitted.
        """
        return desk.student
