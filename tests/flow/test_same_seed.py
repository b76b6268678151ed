"""The same seed gives the same model, in threads, in processes, under any hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state

from ensemble_kd import DistilledClassifier
from ensemble_kd.students import MLPStudent
from ensemble_kd.tasks import Classification
from ensemble_kd.teachers import make_folds
from ensemble_kd.teachers.members import NetworkMember
from ensemble_kd.transfer import ForestLeafSynthesizer

PROGRAM = """
import sys, joblib
model, X, y = joblib.load(sys.argv[1])
joblib.dump(model.fit(X, y).predict_proba(X), sys.argv[2])
"""
X, Y = (part[:300] for part in load_breast_cancer(return_X_y=True))


def unfitted(n_jobs: int | None = None, **options) -> DistilledClassifier:
    """Return a network that is quickly trained."""
    student = MLPStudent(hidden=(16, 8), n_updates=80)
    choices = {
        "teacher": DecisionTreeClassifier(max_depth=4),
        "student": student,
        "cv": 2,
    } | options
    return DistilledClassifier(
        **choices, recipe="fast", n_synthetic=800, n_jobs=n_jobs, random_state=0
    )


def answer(model: DistilledClassifier) -> np.ndarray:
    """Return its probabilities."""
    return np.asarray(model.fit(X, Y).predict_proba(X))


@pytest.fixture(scope="module")
def alone() -> np.ndarray:
    """What the fit comes to that nothing runs beside."""
    return answer(unfitted())


def test_fits_in_threads_are_the_fit_alone(alone):
    interval, ended = sys.getswitchinterval(), threading.Event()

    def disturb():
        while not ended.wait(0.001):
            torch.manual_seed(5)

    other = threading.Thread(target=disturb)
    with torch.random.fork_rng(devices=[]):
        other.start()
        sys.setswitchinterval(1e-6)  # makes a rare race a frequent one
        try:
            found = joblib.Parallel(4, backend="threading")(
                joblib.delayed(answer)(unfitted()) for _ in range(8)
            )
        finally:
            sys.setswitchinterval(interval)
            ended.set()
            other.join()
    for each in found:
        np.testing.assert_array_equal(each, alone)


def test_fits_in_processes_are_the_fit_alone(alone):
    fits = (joblib.delayed(DistilledClassifier.fit)(unfitted(), X, Y) for _ in range(2))
    for each in joblib.Parallel(2, backend="loky")(fits):
        np.testing.assert_array_equal(each.predict_proba(X), alone)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_fit_is_the_same_for_any_number_of_jobs(alone, n_jobs):
    np.testing.assert_array_equal(answer(unfitted(n_jobs)), alone)


def test_a_network_is_the_same_as_a_member_of_a_teacher_in_threads():
    member = NetworkMember("classification", random_state=1)
    alone = member.fit(X[:120], Y[:120]).predict_proba(X)
    found = joblib.Parallel(2, backend="threading")(
        joblib.delayed(clone(member).fit)(X[:120], Y[:120]) for _ in range(2)
    )
    for each in found:
        np.testing.assert_array_equal(each.predict_proba(X), alone)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_a_fit_is_the_same_under_any_hash_seed(alone, seed, tmp_path):
    joblib.dump((unfitted(), X, Y), tmp_path / "given")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, tmp_path / "given", tmp_path / "found"],
        env=os.environ | {"PYTHONHASHSEED": seed},
        check=True,
    )
    np.testing.assert_array_equal(joblib.load(tmp_path / "found"), alone)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fit_neither_reads_nor_moves_numpys_global_state(seed):
    unseeded = {
        "teacher": RandomForestClassifier(5),
        "cv": KFold(2, shuffle=True),
        "synthesizer": ForestLeafSynthesizer(n_trees=3, random_state=None),
        "student": "tree",
    }
    legacy = check_random_state(None)
    before = legacy.get_state()
    try:
        legacy.seed(0)
        expected = answer(unfitted(**unseeded))
        legacy.seed(seed)
        state = legacy.get_state()[1].copy()
        np.testing.assert_array_equal(answer(unfitted(**unseeded)), expected)
        np.testing.assert_array_equal(legacy.get_state()[1], state)
    finally:
        legacy.set_state(before)


class SlowFolds(KFold):
    """Folds that take their time, so that two threads cut at once."""

    def split(self, X, y=None, groups=None):
        """Wait, then split."""
        time.sleep(0.05)
        return super().split(X, y, groups)


def test_folds_cut_in_threads_leave_the_warnings_filters():
    y, before = np.arange(40) % 2, list(warnings.filters)
    task, _ = Classification().read_target(y)

    def cut(delay):
        time.sleep(delay)
        make_folds(y, SlowFolds(4), task, 0)

    joblib.Parallel(2, backend="threading")(joblib.delayed(cut)(0.02 * i) for i in range(2))
    assert list(warnings.filters) == before


def test_a_splitter_stays_as_it_was_given():
    y = np.arange(40) % 2
    task, _ = Classification().read_target(y)
    given = KFold(4, shuffle=True)
    first, second = (make_folds(y, given, task, 3) for _ in range(2))
    assert given.random_state is None
    for (_, one), (_, other) in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
