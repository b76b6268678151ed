"""A killed worker costs no trial, and no live one loses its own to another."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import optuna
import pytest
from optuna.trial import TrialState

from ensemble_kd.tuning.study import StudyPlace
from ensemble_kd.tuning.study._recovery import (
    HEARTBEAT,
    RETRY_OF,
    SILENCE,
    WORKER,
    heartbeat,
    requeue_dead_trials,
    who_am_i,
)
from ensemble_kd.tuning.study._work import tally, work

N_TRIALS = 12
# A worker that ends with whoever started it, and after two trials holds each until it may go on.
WORKER_CODE = """
import os, sys, time
from pathlib import Path
from ensemble_kd.tuning.study import StudyPlace
from ensemble_kd.tuning.study._work import work

folder, starter = Path(sys.argv[1]), os.getppid()

def runner(study, trial):
    x = trial.suggest_float("x", 0, 1)
    while trial.number >= 2 and not (folder / "go").exists():
        if os.getppid() != starter:
            os._exit(1)
        time.sleep(0.01)
    return [x, 1 - x, 1.0]

work(runner, StudyPlace(None, folder, "s", "tpe"), int(sys.argv[2]), None, 0)
"""


def start(folder):
    return subprocess.Popen([sys.executable, "-c", WORKER_CODE, str(folder), str(N_TRIALS)])


def held(study, worker):
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    of_worker = [t for t in trials if t.user_attrs.get(WORKER, {}).get("pid") == worker.pid]
    return [t for t in of_worker if t.number >= 2 and t.params]


def wait_for(condition, *workers):
    while not (found := condition()):
        assert all(worker.poll() is None for worker in workers)
        time.sleep(0.02)
    return found


def kill(worker):
    worker.kill()
    worker.wait()


def quick(study, trial):
    return [trial.suggest_float("x", 0, 1), 0.0, 0.0]


@pytest.fixture
def place(tmp_path):
    return StudyPlace(None, tmp_path, "s", "tpe")


def test_study_survives_the_killing_of_one_of_two_workers(place):
    workers = [start(place.folder) for _ in range(2)]
    study = place.open()
    try:
        (lost,) = wait_for(lambda: held(study, workers[0]), *workers)
        kill(workers[0])
        (place.folder / "go").touch()
        assert workers[1].wait() == 0
    finally:
        for worker in workers:
            kill(worker)
    trials = study.get_trials(deepcopy=False)
    states = Counter(t.state for t in trials)
    assert states[TrialState.COMPLETE] == N_TRIALS
    assert states[TrialState.RUNNING] == 0
    assert trials[lost.number].state == TrialState.FAIL
    retried = [t for t in trials if t.user_attrs.get(RETRY_OF) == lost.number]
    assert [t.state for t in retried] == [TrialState.COMPLETE]
    assert retried[0].params == lost.params


def test_study_is_finished_on_resume_where_all_workers_were_killed(place):
    worker = start(place.folder)
    study = place.open()
    try:
        (lost,) = wait_for(lambda: held(study, worker), worker)
    finally:
        kill(worker)
    assert tally(study).running == 1
    work(quick, place, N_TRIALS, None, 0)
    found = tally(study)
    assert (found.complete, found.running, found.broken) == (N_TRIALS, 0, 0)
    params = [t.params for t in study.get_trials(states=(TrialState.COMPLETE,))]
    assert params.count(lost.params) == 1
    work(quick, place, N_TRIALS, None, 0)
    assert tally(study) == found


def test_requeue_leaves_the_trials_of_live_workers_alone(place):
    study = place.open()
    with heartbeat(study.ask()):
        assert requeue_dead_trials(study) == []
        elsewhere = study.ask()
        elsewhere.set_user_attr(WORKER, who_am_i() | {"host": "elsewhere"})
        elsewhere.set_user_attr(HEARTBEAT, time.time())
        assert requeue_dead_trials(study) == []
        elsewhere.set_user_attr(HEARTBEAT, time.time() - SILENCE - 1)
        assert requeue_dead_trials(study) == [elsewhere.number]
        assert requeue_dead_trials(study) == []


def test_requeue_knows_a_process_number_that_was_given_again(place):
    study = place.open()
    trial = study.ask()
    trial.set_user_attr(WORKER, who_am_i() | {"born": -1.0})
    assert requeue_dead_trials(study) == [trial.number]


def test_work_counts_trials_given_up_and_broken_ones(place):
    def runner(study, trial):
        if trial.number == 1:
            raise optuna.TrialPruned
        if trial.number == 2:
            raise RuntimeError("no luck")
        return [0.0, 0.0, 0.0]

    work(runner, place, 5, None, 0)
    found = tally(place.open())
    assert (found.complete, found.pruned, found.broken) == (3, 1, 1)


def test_work_gives_up_where_every_trial_breaks(place):
    def runner(study, trial):
        raise RuntimeError("never")

    with pytest.raises(RuntimeError, match="never"):
        work(runner, place, 50, None, 0)


def test_work_queues_an_interrupted_trial_again(place):
    def runner(study, trial):
        trial.suggest_float("x", 0, 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(runner, place, 5, None, 0)
    states = [t.state for t in place.open().get_trials()]
    assert states == [TrialState.FAIL, TrialState.WAITING]


def test_work_with_a_database(place, tmp_path):
    place = StudyPlace(f"sqlite:///{tmp_path}/study.db", tmp_path, "s", "nsga2")
    work(quick, place, 3, None, 0)
    assert tally(place.open()).complete == 3
