"""Other rows say when to stop: a left-out fold, or a tenth of the rows."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd.rows import EncodedTable
from ensemble_kd.tasks import Regression
from ensemble_kd.teachers import cross_fit, make_folds
from ensemble_kd.teachers.members import (
    CatBoostMember,
    LightGBMMember,
    NetworkMember,
    StoppedMember,
    XGBoostMember,
)
from ensemble_kd.teachers.members._stopping import stopping_split

BOOSTED = [XGBoostMember, LightGBMMember, *([CatBoostMember] if find_spec("catboost") else [])]


@pytest.mark.parametrize("n_groups", [1, 2])
def test_stopping_split_takes_a_tenth_away(n_groups):
    train, stop = stopping_split(np.arange(200) % n_groups, seed=0)
    assert (len(train), len(stop)) == (180, 20)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, stop])), np.arange(200))


def test_stopping_split_leaves_rare_classes_in_training():
    target = np.concatenate([np.arange(200) % 2, [2, 2, 2]])
    train, _ = stopping_split(target, seed=0)
    assert (target[train] == 2).sum() == 3


def test_stopping_split_leaves_a_small_table_whole():
    train, stop = stopping_split(np.arange(99) % 2, seed=0)
    np.testing.assert_array_equal(train, stop)


def test_stopping_split_leaves_a_table_of_rare_classes_alone_whole():
    train, _ = stopping_split(np.arange(120) // 5, seed=0)
    np.testing.assert_array_equal(np.sort(train), np.arange(120))


# --- members that learn in rounds ----------------------------------------------------------------

TABLE = np.arange(600.0)[:, None]
VALUES = np.sin(TABLE[:, 0] / 60)


class Recorder(StoppedMember):
    """Stops after as many rounds as there are rows to stop by, and tells which these were."""

    seen: ClassVar[list[tuple[str, int, NDArray[np.float64]]]] = []

    def __init__(self, task="regression", *, n_rounds=None, n_jobs=1, random_state=0):
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.n_rounds = n_rounds

    def expected_seconds(self, n_rows, n_columns, n_outputs):
        return 1.0

    def _fit_stopped(self, train, stop):
        self.n_rounds_, self.model_ = len(stop[0]), 0.0
        self.seen.append(("stopped", len(train[0]), stop[0][:, 0]))

    def _fit_for(self, train, n_rounds):
        self.model_ = 0.0
        self.seen.append(("for", n_rounds, train[0][:, 0]))

    def _respond(self, X):
        return np.zeros((len(X), 1))


@pytest.fixture
def seen(monkeypatch):
    """What the fits of a test were given."""
    monkeypatch.setattr(Recorder, "seen", [])
    return Recorder.seen


def test_member_in_an_ensemble_stops_by_the_left_out_fold_and_never_by_held_out_rows(seen):
    held_out = np.arange(600) % 10 == 0
    folds = make_folds(VALUES, 3, Regression(), 0, held_out)
    cross_fit([("a", Recorder())], TABLE, VALUES, folds=folds, task=Regression(), held_out=held_out)
    assert [kind for kind, *_ in seen] == ["stopped"] * 3 + ["for"] * 2
    for (_, test), (_, n_train, stop) in zip(folds, seen[:3], strict=True):
        np.testing.assert_array_equal(stop, TABLE[test, 0])
        assert n_train + len(stop) == 540
    # 180 rows of a fold are 180 rounds, and all rows are worth a tenth more.
    assert [n_rounds for _, n_rounds, _ in seen[3:]] == [198, 198]
    assert [len(rows) for *_, rows in seen[3:]] == [600, 540]


def test_member_alone_stops_by_a_tenth_and_learns_from_all_rows(seen):
    Recorder().fit(TABLE, VALUES)
    assert [(kind, n) for kind, n, _ in seen] == [("stopped", 540), ("for", 60)]


def test_member_of_given_rounds_is_fitted_once(seen):
    member = Recorder(n_rounds=7).fit(TABLE, VALUES)
    assert [(kind, n) for kind, n, _ in seen] == [("for", 7)]
    assert member.n_rounds_ == 7


@pytest.mark.parametrize("kind", [*BOOSTED, NetworkMember])
def test_rows_of_a_class_that_is_not_learned_do_not_stop(kind):
    X, y = np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) % 2
    table = EncodedTable.read(X)
    stop = table[:40], np.where(np.arange(40) < 10, 2, y[:40]), None
    member = kind().fit_until(table[40:], y[40:], None, stop)
    assert member.n_rounds_ >= 1 and member.classes_.tolist() == [0, 1]
    nothing = table[:10], np.full(10, 2), None
    assert kind(n_rounds=3).fit_until(table[40:], y[40:], None, nothing).n_rounds_ == 3


@pytest.mark.parametrize("kind", BOOSTED)
@pytest.mark.parametrize("scale", [1.0, 2.0**-40, 2.0**40])
def test_rounds_do_not_depend_on_the_unit_of_values(kind, scale):
    table = EncodedTable.read(TABLE)
    stop = table[::5], VALUES[::5] * scale, None
    train = np.arange(600) % 5 > 0
    member = kind("regression").fit_until(table[train], VALUES[train] * scale, None, stop)
    plain = kind("regression").fit_until(
        table[train], VALUES[train], None, (table[::5], VALUES[::5], None)
    )
    assert member.n_rounds_ == plain.n_rounds_


# --- members that end by the clock ----------------------------------------------------------------


@pytest.fixture
def ticks(monkeypatch):
    """A clock that is looked at once a second."""
    now = [0.0]

    def tick():
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(time, "monotonic", tick)


def values(table):
    return table[:, 0] * 3 + table[:, 1]


@pytest.mark.parametrize("kind", BOOSTED)
@pytest.mark.parametrize("seconds", [0.0, 7.0])
def test_boosting_that_ends_by_the_clock_is_that_of_its_rounds(kind, seconds, ticks):
    X = np.random.default_rng(0).normal(size=(400, 3))
    cut = kind("regression", n_rounds=50).by(seconds).fit(X, values(X))
    assert cut.n_rounds_ == max(1, seconds)
    whole = kind("regression", n_rounds=cut.n_rounds_).fit(X, values(X))
    np.testing.assert_array_equal(cut.predict(X), whole.predict(X))


@pytest.mark.parametrize("kind", BOOSTED)
def test_boosting_that_ends_by_the_clock_has_the_best_of_its_rounds(kind, ticks):
    X = np.random.default_rng(0).normal(size=(400, 3))
    noise = np.random.default_rng(1).normal(size=400)
    table = EncodedTable.read(X)
    stop = table[200:], noise[200:], None
    cut = kind("regression").by(20.0).fit_until(table[:200], noise[:200], None, stop)
    free = kind("regression").fit_until(table[:200], noise[:200], None, stop)
    assert cut.n_rounds_ == free.n_rounds_ < 20  # noise is learned by heart: the first are best
    np.testing.assert_array_equal(cut.predict(X), free.predict(X))


def test_network_ends_by_the_clock():
    X = np.random.default_rng(0).normal(size=(4000, 3))
    start = time.process_time()
    cut = NetworkMember("regression", n_rounds=40).by(time.monotonic()).fit(X, values(X))
    whole_is_longer = time.process_time() - start
    start = time.process_time()
    NetworkMember("regression", n_rounds=40).fit(X, values(X))
    assert time.process_time() - start > whole_is_longer
    assert np.isfinite(cut.predict(X)).all()


def test_clone_of_a_member_has_no_deadline():
    assert clone(LightGBMMember().by(1.0)).deadline is None
