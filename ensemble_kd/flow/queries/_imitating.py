"""Imitate a policy: it is asked about the states that its student comes to, round after round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.rows import LoggedScores, concatenate, match_columns, table, take_rows
from ensemble_kd.teachers import QueriedTeacher


def imitate(
    estimator: Any,
    policy: QueriedTeacher,
    X: Any,
    visit: Callable[[Any], Any],
    *,
    classes: Any = None,
    n_rounds: int = 4,
) -> tuple[Any, list[dict[str, float]]]:
    """Distil a policy by dataset aggregation, within its budget of queries.

    Learning from the log of a policy alone is behavioural cloning [1]_: where the student errs, it
    comes to states that no log holds, and errs again. Here the policy is asked about those states
    too, and the student is fitted to all answers so far [2]_.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
        Without a teacher; cloned and fitted in each round.
    policy : QueriedTeacher
        From states to the probability of each action, or to values. Each round has its share of
        what is left of the budget.
    X : data frame or array of shape (n_states, n_features)
        States to begin with, such as those of a log of the policy; no more are asked about than
        the first round's share.
    visit : callable
        From a fitted estimator to the states that it comes to by its own actions.
    classes : sequence or None, default=None
        Actions in the order of the policy's answer; see `LoggedScores`.
    n_rounds : int, default=4
        At least 1; one round is behavioural cloning.

    Returns
    -------
    estimator : estimator
        Fitted to all answers.
    history : list of dict
        For each round "queries" so far and "states" learned from, and from the second on
        "away", the root mean squared difference of the student before it to the policy on the
        states that this student came to.

    Raises
    ------
    InputError
        If a round would have no query.

    References
    ----------
    .. [1] Torabi, Warnell, Stone (2018). Behavioral Cloning from Observation.
    .. [2] Ross, Gordon, Bagnell (2011). A Reduction of Imitation Learning and Structured Prediction
       to No-Regret Online Learning.
    """
    if n_rounds < 1 or policy.left < n_rounds:
        raise InputError(
            f"each round must have a query at least, got {n_rounds!r} rounds and {policy.left:,} "
            "queries left."
        )
    rng = np.random.default_rng(0)
    shares = np.diff(np.linspace(0, policy.left, n_rounds + 1).astype(int)).tolist()
    states: list[Any] = []
    answers: list[Any] = []
    history: list[dict[str, float]] = []
    fitted, came_to = None, table(X)
    for share in shares:
        kept = np.sort(rng.permutation(len(came_to))[:share])
        came_to = take_rows(came_to, kept)
        answer = policy.predict_proba(came_to)
        note: dict[str, float] = {"queries": policy.n_asked}
        if fitted is not None:
            ask = getattr(fitted, "predict_proba", fitted.predict)
            note["away"] = _away(LoggedScores(answer, classes=classes), ask(came_to), fitted)
        states.append(came_to if not states else match_columns(came_to, states[0]))
        answers.append(answer)
        everything = concatenate(states) if len(states) > 1 else states[0]
        log = LoggedScores(
            concatenate(answers) if hasattr(answer, "columns") else np.concatenate(answers),
            classes=classes,
        )
        fitted = clone(estimator).fit(everything, soft_labels=log)
        history.append(note | {"states": len(everything)})
        came_to = table(visit(fitted))
    return fitted, history


def _away(log: LoggedScores, own: Any, fitted: Any) -> float:
    task = fitted.transfer_set_.task
    log = LoggedScores.of(log, len(own))
    goal = log.response(task, task.no_target(len(own)))
    return float(np.sqrt(np.mean((np.asarray(own).reshape(goal.shape) - goal) ** 2)))
