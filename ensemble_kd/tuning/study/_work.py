"""The loop of a worker: dead trials are queued again, the next one is run, until all are done."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.tuning.study._recovery import heartbeat, requeue_dead_trials, withdraw
from ensemble_kd.tuning.study._storage import StudyPlace, quiet

ERROR = "error"
# Trials of one worker that fail in a row before it gives up.
MOST_ERRORS = 5
WAIT = 0.5
# Runs a trial of a study, and returns the objectives.
Runner = Callable[[Any, Any], Sequence[float]]


@dataclass(frozen=True)
class Tally:
    """How many trials are done and running.

    Parameters
    ----------
    complete, pruned, broken, running, waiting : int
        Trials that ended, were given up, raised an error, are being run, or are in the queue.
    """

    complete: int
    pruned: int
    broken: int
    running: int
    waiting: int

    @property
    def done(self) -> int:
        """Trials that count."""
        return self.complete + self.pruned + self.broken


def tally(study: Any, before: int | None = None) -> Tally:
    """Count the trials of a study; those that were withdrawn and queued again do not count.

    Parameters
    ----------
    study : optuna.study.Study
        Any.
    before : int or None, default=None
        Only those of a lower number.

    Returns
    -------
    Tally
    """
    state = require("optuna", extra="tune").trial.TrialState
    trials = study.get_trials(deepcopy=False)[:before]
    states = Counter(trial.state for trial in trials)
    broken = sum(t.state == state.FAIL and ERROR in t.user_attrs for t in trials)
    return Tally(
        states[state.COMPLETE], states[state.PRUNED], broken, states[state.RUNNING],
        states[state.WAITING],
    )  # fmt: skip


def enqueue(study: Any, points: Sequence[dict[str, Any]]) -> int:
    """Put points that are new to a study in its queue, and return how many trials it is to have.

    Parameters
    ----------
    study : optuna.study.Study
        Of a search.
    points : sequence of dict
        Parameters by name.

    Returns
    -------
    int
    """
    for point in points:
        study.enqueue_trial(point, skip_if_exists=True)
    found = tally(study)
    return found.done + found.running + found.waiting


def work(
    runner: Runner,
    place: StudyPlace,
    n_trials: int,
    deadline: float | None,
    seed: int,
    worker: int = 0,
) -> None:
    """Run trials until the study has so many, or no time is left.

    Parameters
    ----------
    runner : callable
        Runs one: takes study and trial, returns the objectives.
    place : StudyPlace
        The study.
    n_trials : int
        Trials that the study is to have, of all workers and of earlier runs.
    deadline : float or None
        Time of `time.time` after which no trial is begun.
    seed : int
        Of the sampler: the same of one worker on a new study gives the same trials.
    worker : int, default=0
        Which of several this one is.

    Raises
    ------
    Exception
        What the trials raise, where several in a row do.
    """
    optuna = require("optuna", extra="tune")
    state = optuna.trial.TrialState
    study = place.open()
    requeue_dead_trials(study)
    found = tally(study)
    others = os.getpid() if found.running else 0
    study = place.open((seed + 1_000 * found.done + worker + others) % 2**32)
    n_errors = 0
    with quiet():
        while True:
            requeue_dead_trials(study)
            found = tally(study)
            if found.done >= n_trials or (deadline is not None and time.time() >= deadline):
                return
            if found.done + found.running >= n_trials:
                time.sleep(WAIT)  # for the others: one that dies leaves its trial to this worker
                continue
            trial = study.ask()
            with heartbeat(trial):
                ahead = tally(study, trial.number)
                if ahead.done + ahead.running >= n_trials:  # another worker was a moment faster
                    study.tell(trial, state=state.FAIL)
                    continue
                try:
                    values = runner(study, trial)
                except optuna.TrialPruned:
                    study.tell(trial, state=state.PRUNED)
                except Exception as error:
                    trial.set_user_attr(ERROR, f"{type(error).__name__}: {error}")
                    study.tell(trial, state=state.FAIL)
                    n_errors += 1
                    if n_errors >= MOST_ERRORS:
                        raise
                except BaseException:  # Ctrl-C: another run takes it up
                    withdraw(study, study.get_trials(deepcopy=False)[trial.number])
                    raise
                else:
                    study.tell(trial, values)
                    n_errors = 0
