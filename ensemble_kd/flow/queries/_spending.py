"""Spend a budget of queries: first on rows at random, then where two students disagree."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from ensemble_kd.errors import InputError, warn
from ensemble_kd.flow._recipes import default_recipe
from ensemble_kd.flow.queries._asked_rows import AskedRows
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import Told, refuse_views
from ensemble_kd.rows import SYNTHETIC, UNLABELLED, RealRows, match_columns, table, take_rows
from ensemble_kd.students import Student
from ensemble_kd.teachers import QueriedTeacher, as_teacher

# Of the budget, for held-out rows: they tell what each query bought, and when to stop.
CHECK_SHARE = 0.2
N_ROUNDS = 4
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
    desk = AskedRows(queried, teacher, rows, student, loss, deadline)
    more = [] if X_unlabeled is None else [(match_columns(table(X_unlabeled), rows.X), UNLABELLED)]
    tables = [take_rows(rows.X, rows.weights > 0), *(X for X, _ in more)]
    n_known = sum(int(queried.knows(X).sum()) for X in tables)
    n_made = min(n_new, max(0, queried.left - (sum(map(len, tables)) - n_known)))
    if n_made:
        more.append((_made(rows, settings, n_made), SYNTHETIC))
    desk.open(more)
    n_rows, n_paid = int(desk.counts.sum()), queried.left + n_known
    if n_paid < min(FEWEST_QUERIES, n_rows):
        raise InputError(
            f"a budget must leave {FEWEST_QUERIES} queries or one for each row, got "
            f"{queried.left:,} left of {queried.budget:,} for {n_rows:,} rows."
        )
    desk.choose_judges(min(int(rows.held_out.sum()), int(CHECK_SHARE * n_paid)))
    desk.ask(np.flatnonzero(desk.known & ~desk.asked))
    n_left = min(queried.left, int((desk.counts & ~desk.asked).sum()))
    for n_next in np.diff(np.linspace(0, n_left, N_ROUNDS + 1).astype(int)).tolist():
        desk.round(n_next)
    n_without = int((desk.counts & ~desk.asked)[: len(rows)].sum())
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
