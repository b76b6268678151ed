"""Whose trial is running, and what becomes of the trials of a worker that was killed."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ensemble_kd._optional import require

WORKER = "worker"
HEARTBEAT = "heartbeat"
RETRY_OF = "retry_of"
# Tells which of the trials that this process began it still works on.
KEY = "key"
_at_work: set[str] = set()
# Seconds between two signs of life, and after how many without one a worker of another machine, or
# one that never said who it is, counts as dead.
BEAT, SILENCE = 20.0, 120.0


def who_am_i() -> dict[str, Any]:
    """Return what tells this process from any other: machine, number, and when it was started."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}


def is_alive(trial: Any, now: float) -> bool:
    """Tell whether the worker of a running trial is at work.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        Running.
    now : float
        Seconds since 1970.
    """
    worker = trial.user_attrs.get(WORKER)
    if worker is not None and worker["host"] == socket.gethostname():
        # A number may have gone to another process since; its time of birth has not.
        born = _born(worker["pid"])
        if born is None or born != worker["born"]:
            return False
        return worker["pid"] != os.getpid() or worker.get(KEY) in _at_work
    began = trial.datetime_start
    last = trial.user_attrs.get(HEARTBEAT, 0.0 if began is None else began.timestamp())
    return bool(now - last < SILENCE)


def requeue_dead_trials(study: Any) -> list[int]:
    """Mark the running trials of dead workers as failed, and put their parameters in the queue.

    A storage lets a trial end once alone, so of several workers that find it one requeues it.

    Parameters
    ----------
    study : optuna.study.Study
        Any.

    Returns
    -------
    list of int
        Numbers of the trials.
    """
    optuna = require("optuna", extra="tune")
    running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    now = time.time()
    return [t.number for t in running if not is_alive(t, now) and withdraw(study, t)]


def withdraw(study: Any, trial: Any) -> bool:
    """End a running trial as failed and queue its parameters; tell whether it was ours to end."""
    optuna = require("optuna", extra="tune")
    try:
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    except (ValueError, RuntimeError):  # ended by another worker in the meantime
        return False
    first = trial.user_attrs.get(RETRY_OF, trial.number)
    study.enqueue_trial(dict(trial.params), user_attrs={RETRY_OF: first})
    return True


@contextmanager
def heartbeat(trial: Any) -> Iterator[None]:
    """Say in a running trial who works on it, and every so often that the worker is alive."""
    key = secrets.token_hex(8)
    _at_work.add(key)
    try:
        trial.set_user_attr(WORKER, who_am_i() | {KEY: key})
        with every(BEAT, lambda: trial.set_user_attr(HEARTBEAT, time.time())):
            yield
    finally:
        _at_work.discard(key)


@contextmanager
def every(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    """Act in a thread, every so many seconds."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _born(pid: int) -> float | None:
    """Return when a process of this machine was started, None where there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None if os.path.isdir("/proc/self") else _exists(pid)
    return None if fields[0] == "Z" else float(fields[19])


def _exists(pid: int) -> float | None:
    """Return 0 where a process is there, on systems that tell no time of birth."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return 0.0
