"""The rows that a teacher with a budget may be asked for, and its answers so far."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.flow.teaching import Teaching, Told, has_label
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import Dependence, RealRows, TimeOrder, concatenate, take_rows
from ensemble_kd.students import Student
from ensemble_kd.teachers import QueriedTeacher, teacher_response

Array = NDArray[np.float64]

# Of a round after the first: rows drawn where students disagree; the others are drawn at random.
DISPUTED_SHARE = 0.5
# Share of the student's own effort that each of the two takes.
EFFORT = 0.1


class AskedRows:
    """All rows that may be asked for, and the answers so far.

    Parameters
    ----------
    queried : QueriedTeacher
        Asked, and so changed.
    teacher : estimator
        The same, as a teacher is asked.
    rows : RealRows
        Real rows.
    student : Student
        Unfitted.
    loss : DistillationLoss
        What it minimises.
    deadline : float or None
        Time of `time.monotonic` from which on no student is fitted.
    """

    def __init__(
        self, queried: QueriedTeacher, teacher: Any, rows: RealRows, student: Student,
        loss: DistillationLoss, deadline: float | None,
    ) -> None:  # fmt: skip
        self._queried, self._teacher, self._rows = queried, teacher, rows
        self._student, self._loss, self._deadline = student, loss, deadline
        self._rng = np.random.default_rng(rows.seed)
        self.history: list[dict[str, float]] = []

    def open(self, more: list[tuple[Any, int]]) -> None:
        """Take further rows to those of the table."""
        rows = self._rows
        self._X = concatenate([rows.X, *(X for X, _ in more)]) if more else rows.X
        self._codes = np.vstack([rows.codes, *(rows.schema.encode(X) for X, _ in more)])
        self._origins = [(len(X), origin) for X, origin in more]
        self.response = np.full((len(self._codes), rows.task.n_outputs), np.nan)
        self.asked = np.zeros(len(self._codes), dtype=bool)
        self.is_held_out = self.asked.copy()
        self.is_held_out[: len(rows)] = rows.held_out
        self.judged = self.asked.copy()
        self.known = self._queried.knows(self._X)
        self.counts = ~self.asked  # what a row of weight 0 is answered teaches nobody
        self.counts[: len(rows)] = rows.weights > 0

    def choose_judges(self, n_rows: int) -> None:
        """Ask for held-out rows, first for those that cost nothing; what goes together whole."""
        if self._rows.dependence is None:
            self.ask(self.draw(self.is_held_out & self.known, n_rows))
            n_more = min(n_rows - int(self.asked.sum()), self._queried.left)
            self.ask(self.draw(self.is_held_out, n_more))
        else:
            self.ask(self._judging_together(self._rows.dependence, n_rows))
        self.judged = self.asked.copy()

    def _judging_together(self, dependence: Dependence, n_rows: int) -> NDArray[np.int64]:
        """Return held-out rows of whole groups, or of the latest times, at most so many."""
        held_out, is_known = np.flatnonzero(self.is_held_out), self.known
        by_time = isinstance(dependence, TimeOrder)
        tie = dependence.rank if isinstance(dependence, TimeOrder) else dependence.group
        parts = [held_out[tie[held_out] == value] for value in np.unique(tie[held_out])]
        if by_time:
            parts = parts[::-1]
        else:
            parts = [parts[i] for i in self._rng.permutation(len(parts))]
            parts.sort(key=lambda part: not is_known[part].all())
        chosen, n_left = [held_out[:0]], self._queried.left
        for part in parts:
            n_new = int((~is_known[part]).sum())
            if len(part) <= n_rows and n_new <= n_left:
                chosen.append(part)
                n_rows, n_left = n_rows - len(part), n_left - n_new
            elif by_time:  # what is learned is no later than what judges
                break
        return np.concatenate(chosen)

    def draw(self, allowed: NDArray[np.bool_], n_rows: int, weight: Array | None = None) -> Any:
        """Return rows that were not asked for, in proportion to a weight where there is one."""
        free = np.flatnonzero(allowed & self.counts & ~self.asked)
        share = None
        if weight is not None:
            share = weight[free]
            n_rows = min(n_rows, int((share > 0).sum()))
            share = share / share.sum() if n_rows else None
        return self._rng.choice(free, min(n_rows, len(free)), replace=False, p=share)

    def ask(self, chosen: NDArray[np.int64]) -> None:
        """Ask for some rows."""
        chosen = np.sort(chosen)
        if len(chosen):
            X = take_rows(self._X, chosen)
            self.response[chosen] = teacher_response(self._teacher, X, self._rows.task)
            self.asked[chosen] = True

    def round(self, n_rows: int) -> None:
        """Ask for so many rows more, and note what the answers are worth."""
        if n_rows == 0 and self.history:
            return
        everything = np.ones(len(self.asked), dtype=bool)
        real = np.arange(len(self.asked)) < len(self._rows)
        n_disputed = 0
        if self.history and not self._is_late:
            pair = self._committee()
            answers = [one.respond(self._codes) for one in pair]
            disputed = self.draw(
                everything, int(DISPUTED_SHARE * n_rows), self._rows.task.divergence(*answers)
            )
            self.ask(disputed)
            n_disputed = len(disputed)
        at_random = self.draw(everything if self.history else real, n_rows - n_disputed)
        self.ask(at_random)
        if len(at_random) < n_rows - n_disputed:  # the first round has no more real rows
            self.ask(self.draw(everything, n_rows - n_disputed - len(at_random)))
        self._note()

    @property
    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _learned(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.asked & ~self.judged)

    def _committee(self) -> list[Student]:
        learned = self._rng.permutation(self._learned())
        halves = learned[::2], learned[1::2]
        return [self._fitted(half if len(half) > 1 else learned) for half in halves]

    def _fitted(self, learned: NDArray[np.int64]) -> Student:
        """Return a student of the answers alone, stopped by those that judge."""
        chosen = np.concatenate([np.flatnonzero(self.judged), np.sort(learned)])
        task, schema = self._rows.task, self._rows.schema
        taught = replace(
            self._rows.as_transfer_set(np.zeros((len(self._rows), task.n_outputs))),
            X=self._codes[chosen], response=self.response[chosen], schema=schema,
            hard=task.no_target(len(chosen)), sample_weight=np.ones(len(chosen)),
            origin=np.zeros(len(chosen), dtype=np.int8), held_out=self.judged[chosen],
        )  # fmt: skip
        one = self._student.with_effort(EFFORT)
        return one.fit_transfer(taught, self._loss, deadline=self._deadline)

    def _note(self) -> None:
        if not self.judged.any() or self._is_late:
            self.history.append({"queries": self._queried.n_asked})
            return
        answer = self._fitted(self._learned()).respond(self._codes[self.judged])
        goal = self.response[self.judged]
        self.history.append(
            {
                "queries": self._queried.n_asked,
                "rmse": float(np.sqrt(np.mean((answer - goal) ** 2))),
                "divergence": float(np.mean(self._rows.task.divergence(goal, answer))),
            }
        )

    def bought(self, teacher: Any) -> Told:
        """Return the answers in the places where a flow looks for them."""
        n_real = len(self._rows)
        rows = replace(self._rows, held_out=self.judged[:n_real])
        teaching = Teaching(teacher, None, None, self.response[:n_real], True, task=rows.task)
        extra, start = [], n_real
        for n_rows, origin in self._origins:
            own = np.arange(start, start + n_rows)
            own = own[has_label(self.response[own])]
            extra.append((self._codes[own], self.response[own], origin))
            start += n_rows
        return Told(rows, teaching, extra, self.history)
