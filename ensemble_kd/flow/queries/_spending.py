"""Spend a budget of queries: first on rows at random, then where two students disagree."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd.errors import InputError, warn
from ensemble_kd.flow._recipes import default_recipe
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import Teaching, Told, has_label, refuse_views
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import (
    SYNTHETIC,
    UNLABELLED,
    Dependence,
    RealRows,
    TimeOrder,
    concatenate,
    match_columns,
    table,
    take_rows,
)
from ensemble_kd.students import Student
from ensemble_kd.teachers import QueriedTeacher, as_teacher, teacher_response

Array = NDArray[np.float64]

# Of the budget, for held-out rows: they tell what each query bought, and when to stop.
CHECK_SHARE = 0.2
N_ROUNDS = 4
# Of a round after the first: rows drawn where students disagree; the others are drawn at random.
DISPUTED_SHARE = 0.5
# Share of the student's own effort that each of the two takes.
EFFORT = 0.1
FEWEST_QUERIES = 20


def spend(
    queried: QueriedTeacher,
    rows: RealRows,
    student: Student,
    settings: Settings,
    n_new: int,
    X_unlabeled: Any = None,
    deadline: float | None = None,
) -> Told:
    """Ask for as many rows as the budget allows, those that teach most first.

    Rows that it was asked for before cost nothing and are taken first. A fifth of the budget at
    most goes to held-out rows. The rest is spent in rounds: the first on real rows at random; of
    each other one a half at random, and a half in proportion to the divergence of two students,
    each fitted briefly on a random half of the answers so far: where a committee disagrees, an
    answer tells most [1]_, and rows are labelled that the students come to by themselves [2]_.
    Where the budget is larger than the real rows, synthetic ones join them.

    Parameters
    ----------
    queried : QueriedTeacher
        Asked, and so changed: what is spent is spent.
    rows : RealRows
        Real rows.
    student : Student
        Unfitted.
    settings : Settings
        The loss, and what makes synthetic rows.
    n_new : int
        Synthetic rows that may be made at most.
    X_unlabeled : data frame or array or None, default=None
        Further real rows.
    deadline : float or None, default=None
        Time of `time.monotonic` from which on rows are drawn at random, as no student is fitted.

    Returns
    -------
    Told
        The real rows, held out being those alone that were asked for to judge by; what was answered
        to them, NaN where nothing was asked; further rows that were asked for; and after each round
        "queries" so far, and of a first student of so many the "rmse", the root mean squared
        difference to the teacher, and the "divergence", on held-out rows.

    Raises
    ------
    InputError
        If fewer than 20 queries are left and rows would go without an answer for that.

    References
    ----------
    .. [1] Seung, Opper, Sompolinsky (1992). Query by Committee.
    .. [2] Ross, Gordon, Bagnell (2011). A Reduction of Imitation Learning and Structured Prediction
       to No-Regret Online Learning (dataset aggregation).
    """
    refuse_views(settings, rows.task, "to look at rows would spend the teacher's queries")
    teacher = as_teacher(queried, rows.task)
    loss = default_recipe(rows.task, settings).loss
    desk = _Desk(queried, teacher, rows, student, loss, deadline)
    more = [] if X_unlabeled is None else [(match_columns(table(X_unlabeled), rows.X), UNLABELLED)]
    n_real = len(rows) + sum(len(X) for X, _ in more)
    n_known = sum(int(queried.knows(X).sum()) for X in (rows.X, *(X for X, _ in more)))
    n_made = min(n_new, max(0, queried.left - (n_real - n_known)))
    if n_made:
        more.append((_made(rows, settings, n_made), SYNTHETIC))
    desk.open(more)
    n_rows, n_paid = len(desk.asked), queried.left + n_known
    if n_paid < min(FEWEST_QUERIES, n_rows):
        raise InputError(
            f"a budget must leave {FEWEST_QUERIES} queries or one for each row, got "
            f"{queried.left:,} left of {queried.budget:,} for {n_rows:,} rows."
        )
    desk.choose_judges(min(int(rows.held_out.sum()), int(CHECK_SHARE * n_paid)))
    desk.ask(np.flatnonzero(desk.known & ~desk.asked))
    n_left = min(queried.left, int((~desk.asked).sum()))
    for n_next in np.diff(np.linspace(0, n_left, N_ROUNDS + 1).astype(int)).tolist():
        desk.round(n_next)
    n_without = int((~desk.asked[: len(rows)]).sum())
    if n_without:
        warn(
            f"the budget of {queried.budget:,} queries leaves {n_without:,} of {len(rows):,} rows "
            "without an answer: the student learns their true targets alone."
        )
    return desk.bought(teacher)


def _made(rows: RealRows, settings: Settings, n_rows: int) -> Any:
    """Return synthetic rows by the first synthesizer of the default recipe."""
    synthesizer = clone(default_recipe(rows.task, settings).synthesizers[0][0])
    if synthesizer.get_params(deep=False).get("random_state", 0) is None:
        synthesizer.set_params(random_state=rows.seed)
    drawn = ~rows.held_out & (rows.weights > 0)
    weights = {} if rows.weight is None else {"sample_weight": rows.weight[drawn]}
    synthesizer.fit(take_rows(rows.X, drawn), **weights)
    return synthesizer.sample(n_rows, [rows.seed, 0])


class _Desk:
    """All rows that may be asked for, and the answers so far."""

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
        free = np.flatnonzero(allowed & ~self.asked)
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
