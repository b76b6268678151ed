"""What every distilled estimator tells of itself on rows that nothing was fitted on."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.estimators._on_test import (
    MEMBER,
    PLAIN,
    STUDENT,
    TEACHER,
    OnTest,
    measure_on_test,
)
from ensemble_kd.flow import Recipe, plain_twin
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import REAL, LoggedScores, TransferSet, given_target, table
from ensemble_kd.schema import is_frame, unmasked
from ensemble_kd.scoring import Scorer
from ensemble_kd.teachers import best_member, teacher_response


class Measuring:
    """Mixin: compares student, teacher and their rivals on rows of the caller's."""

    model_: CompactModel
    student_: Any
    teacher_: Any
    transfer_set_: TransferSet
    _refitted: bool
    test_: OnTest | None
    _recipe: Recipe
    _plain: CompactModel | None = None
    _tested_before_decision: bool = False

    def measure(
        self, X: Any, y: Any = None, sample_weight: Any = None, *, soft_labels: Any = None
    ) -> Self:
        """Compare the student with its final teacher on rows that nothing was fitted on.

        What was found is in `test_`, and goes into the card and the facts of a saved file.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Rows that were not given to `fit`.
        y : array of shape (n_samples,) or None, default=None
            True targets. Of outliers labels, 1 (or -1) for what is abnormal and 0 (or 1) for all
            else, or None, as of a student that learned from a log of scores alone.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row; where all are 0 rows count alike.
        soft_labels : array or data frame, LoggedScores or None, default=None
            Logged scores of these rows, one for each, in the place of a teacher that can be asked.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If there is a class that `fit` has not seen, a target is missing, or a value is of the
            wrong kind.
        """
        X, hard, weight = self._checked_test(X, y, sample_weight)
        task = self.transfer_set_.task
        found = self._teacher_and_student(X)
        if soft_labels is not None:
            found[TEACHER] = self._logged(soft_labels, len(X), hard)
        self.test_ = measure_on_test(found, task, hard, weight)
        self._tested_before_decision = False
        return self

    def evaluate(self, X: Any, y: Any = None, sample_weight: Any = None) -> OnTest:
        """Compare teacher, best member, plain training and student on rows of your own.

        The first call trains the student plainly, on the true targets of the rows given to `fit`,
        by several schedules of which held-out rows choose one, and takes as long as that.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Rows that were not given to `fit`.
        y : array of shape (n_samples,) or None, default=None
            As `measure` takes it.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row; where all are 0 rows count alike.

        Returns
        -------
        OnTest
            Its `table` is a data frame with a line for each model: quality, and by how much its
            loss is above the student's, with the interval of 95 %; `kept` is the share of the
            teacher's gain over plain training that the student keeps. Who was not there, such as
            the teacher of a student without one, has no line.

        Raises
        ------
        InputError
            As `measure` does.
        """
        X, hard, weight = self._checked_test(X, y, sample_weight)
        task, found = self.transfer_set_.task, self._teacher_and_student(X)
        member = best_member(self.teacher_)
        if member is not None:
            found[MEMBER] = teacher_response(member[1], X, task)
        if self._recipe.needs_teacher and self._knows_truth():  # else it is the student
            found[PLAIN] = Scorer(self._plain_model()).respond(X)
        return measure_on_test(found, task, hard, weight)

    def _checked_test(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        """Return rows, the index of their classes or their values, and their weights or None."""
        check_is_fitted(self, "model_")
        X, task = table(X, fitted=self), self.transfer_set_.task
        if y is None and not self._knows_truth():
            hard = task.no_target(len(X))
        else:
            task = task.named(list(y.columns)) if is_frame(y) and task.takes_several else task
            hard = task.hard_of(given_target(y), "y")
        weight = (
            None if sample_weight is None else unmasked(np.asanyarray(sample_weight, np.float64))
        )
        several = () if not task.takes_several or task.n_outputs == 1 else (task.n_outputs,)
        each = [("y", hard, several)] + ([] if weight is None else [("sample_weight", weight, ())])
        for name, values, further in each:
            if values.shape != (len(X), *further):
                outputs = f" and of {further[0]} outputs" if further else ""
                raise InputError(
                    f"{name} must be one value for each of {len(X):,} rows{outputs}, got shape "
                    f"{values.shape}."
                )
        if y is not None and not task.has_target(hard).all():
            raise InputError("y must have a target for each row, got missing ones; drop them.")
        if weight is not None and not weight.sum() > 0:  # they tell no row from another
            weight = None
        return X, hard, weight

    def _teacher_and_student(self, X: Any) -> dict[str, NDArray[np.float64]]:
        found = {STUDENT: Scorer(self.model_).respond(X)}
        if self.teacher_ is not None:
            found[TEACHER] = teacher_response(self.teacher_, X, self.transfer_set_.task)
        return found

    def _logged(self, soft_labels: Any, n_rows: int, hard: Any) -> NDArray[np.float64]:
        log = LoggedScores.of(soft_labels, n_rows)
        if not log.known.all():
            raise InputError("soft_labels must score each row of a test; leave the others out.")
        return log.response(self.transfer_set_.task, hard)

    def _knows_truth(self) -> bool:
        """Tell whether there were targets to learn."""
        rows = self.transfer_set_
        return bool(rows.task.has_target(rows.hard[rows.origin == REAL]).all())

    def _plain_model(self) -> CompactModel:
        """Return the student trained plainly; it is trained once."""
        if self._plain is None:
            self._plain = plain_twin(
                self.student_, self.transfer_set_, refit=self._refitted
            ).to_model()
        return self._plain
