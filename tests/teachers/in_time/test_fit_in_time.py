"""A teacher with a deadline: never nothing, never much later, as without one where time lasts."""

from __future__ import annotations

import time
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier, TeacherEnsemble
from ensemble_kd.errors import InputError
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.rows import TimeOrder, thin
from ensemble_kd.tasks import Classification
from ensemble_kd.teachers import in_time
from ensemble_kd.teachers._fit_members import fit_members
from ensemble_kd.teachers.in_time import _fitter
from ensemble_kd.teachers.in_time._plan import Fit
from ensemble_kd.teachers.members import (
    ExtraTreesMember,
    LightGBMMember,
    StoppedMember,
    default_members,
)

N = 20_000
X = np.random.default_rng(0).normal(size=(N, 2))
Y = (X[:, 0] > 0).astype(int)
HELD_OUT = np.arange(N) % 10 == 0
TASK = Classification(np.arange(2))


class Clock:
    """Time that passes only where a model is fitted."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        for name in ("monotonic", "perf_counter"):
            monkeypatch.setattr(time, name, lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


class Slow(ClassifierMixin, BaseEstimator):
    """Takes some seconds for a thousand rows, by a power of their number."""

    clock: Clock
    fits: list

    def __init__(self, seconds=1.0, power=1.0):
        self.seconds, self.power = seconds, power

    def fit(self, X, y, sample_weight=None):
        took = self.seconds * (len(y) / 1000) ** self.power
        self.clock.now += took
        self.fits.append((len(y), took))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture
def slow(clock, monkeypatch):
    monkeypatch.setattr(Slow, "clock", clock, raising=False)
    monkeypatch.setattr(Slow, "fits", [], raising=False)
    return Slow


def fitted(members, seconds=None, **options):
    deadline = None if seconds is None else time.monotonic() + seconds
    given = {
        "cv": 5, "task": TASK, "seed": 0, "held_out": HELD_OUT, "dependence": None, "n_jobs": None,
        "verbose": 0,
    }  # fmt: skip
    return fit_members(members, X, Y, None, deadline=deadline, **(given | options))


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("seconds", [0.01, 1.0, 30.0])
def test_teacher_ends_in_time_whatever_a_fit_costs(slow, clock, seconds, power):
    start, limit = clock.now, 40.0
    found = fitted([("a", slow(seconds, power)), ("b", slow(3 * seconds, power))], limit)
    longest = max(took for _, took in slow.fits)
    assert clock.now - start <= limit + 2 * longest
    assert found.names
    assert not np.isnan(found.fits.response).any()


def test_teacher_has_one_member_where_there_is_no_time_at_all(slow):
    found = fitted([("dear", slow(9.0)), ("cheap", slow(1.0))], 1e-9)
    assert found.names == ["cheap"]
    assert found.times["cheap"].n_rows >= 0.99 * in_time.LEAST_ROWS
    assert (found.times["dear"].n_rows, found.times["dear"].is_short) == (0, True)
    assert not np.isnan(found.fits.response).any()


def test_members_come_in_the_order_of_their_cost(slow):
    members = [("dear", slow(1.0)), ("cheap", slow(0.1)), ("dearest", slow(100.0))]
    found = fitted(members, 60.0)
    assert found.names == ["dear", "cheap"]
    assert found.times["cheap"].n_rows >= found.times["dear"].n_rows


def test_teacher_with_time_enough_is_the_one_without_a_deadline():
    members = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3))]
    free, limited = fitted(members), fitted(members, 3600.0)
    np.testing.assert_array_equal(free.fits.response, limited.fits.response)
    for kind in ("fitted", "unseen"):
        for one, other in zip(getattr(free.fits, kind), getattr(limited.fits, kind), strict=True):
            np.testing.assert_array_equal(one.predict_proba(X[:99]), other.predict_proba(X[:99]))
    assert not any(took.is_short for took in limited.times.values())


class Memory(Slow):
    """Is sure of rows that it was fitted on, known by their first column, which numbers them."""

    def fit(self, X, y, sample_weight=None):
        self.seen_ = set(X[:, 0].tolist())
        return super().fit(X, y)

    def predict_proba(self, X):
        seen = np.isin(X[:, 0], list(self.seen_)).astype(float)
        return np.column_stack([1 - seen, seen])


@pytest.mark.parametrize("cv", [5, 2, KFold(3, shuffle=True, random_state=0)], ids=str)
@pytest.mark.parametrize("seconds", [1e-6, 20.0, 60.0, 1e6])
def test_no_row_is_labelled_by_a_fit_that_saw_it(slow, monkeypatch, seconds, cv):
    ids = np.column_stack([np.arange(N), X[:, 0]])
    found = fit_members(
        [("memory", Memory(1.0))], ids, Y, None, cv=cv, task=TASK, seed=0, held_out=HELD_OUT,
        dependence=None, n_jobs=None, verbose=0, deadline=time.monotonic() + seconds,
    )  # fmt: skip
    assert (found.fits.response[0, :, 1] == 0).all()
    assert not found.fits.unseen[0].predict_proba(ids[HELD_OUT])[:, 1].any()


def test_an_order_of_time_is_kept_where_time_is_short(slow):
    order = TimeOrder(np.arange(N))
    ids = np.column_stack([np.arange(N), X[:, 0]])
    latest = []

    class Forward(Memory):
        def predict_proba(self, X):
            latest.append((max(self.seen_), X[:, 0].min()))
            return super().predict_proba(X)

    fit_members(
        [("forward", Forward(1.0))], ids, Y, None, cv=5, task=TASK, seed=0,
        held_out=np.arange(N) >= 0.9 * N, dependence=order, n_jobs=None, verbose=0,
        deadline=time.monotonic() + 1e-6,
    )  # fmt: skip
    assert latest
    assert all(seen < first for seen, first in latest)


def test_ensemble_takes_given_weights_of_the_members_that_were_fitted(slow):
    members = [("dear", slow(50.0)), ("cheap", slow(0.001))]
    teacher = TeacherEnsemble(members, weights=[3.0, 1.0])
    teacher.fit_beside(X, Y, held_out=HELD_OUT, deadline=time.monotonic() + 5.0)
    assert [name for name, _ in teacher.members_] == ["cheap"]
    np.testing.assert_array_equal(teacher.weights_, [1.0])


def test_fits_at_once_end_with_the_same_members_in_time():
    members = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3))]
    one, two = fitted(members, 3600.0), fitted(members, 3600.0, n_jobs=2)
    np.testing.assert_array_equal(one.fits.response, two.fits.response)


def test_default_teacher_in_a_second_leaves_members_out_and_says_so():
    clf = DistilledClassifier(student="tree", recipe="fast", n_synthetic=200, time_limit=1.0)
    with pytest.warns(UserWarning, match=r"too little time for all of 4,000 rows: .* not at all"):
        clf.fit(X[:4000], Y[:4000])
    members = clf.fit_times_["members"]
    assert len(members) == 7
    fitted = {name for name in members if members[name]["rows"]}
    assert 0 < len(fitted) < 7
    assert {name for name, _ in clf.teacher_.members_} <= fitted  # those of them with a weight
    assert clf.score(X, Y) > 0.9


# --- members that learn in rounds -----------------------------------------------------------------


class Rounds(StoppedMember):
    """Is best after many rounds, each of which takes a time by its rows that nobody expects."""

    clock: Clock
    fits: ClassVar[list[tuple[int, int, frozenset, frozenset | None]]] = []

    def __init__(
        self, task="classification", *, n_rounds=None, n_jobs=1, random_state=0, seconds=0.0
    ):
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.n_rounds, self.seconds = n_rounds, seconds

    def expected_seconds(self, n_rows, n_columns, n_outputs):
        return n_rows / 1000

    def _grow(self, most, rows, stop=None):
        self.n_rounds_ = 0
        while self.n_rounds_ < most and not (self.n_rounds_ and self.is_over):
            self.n_rounds_ += 1
            self.clock.now += self.seconds * len(rows) / 1000
        self.model_ = None
        stop = None if stop is None else frozenset(stop.tolist())
        self.fits.append((self.n_rounds_, len(rows), frozenset(rows.tolist()), stop))

    def _fit_stopped(self, train, stop):
        # The more rows the more rounds, so that trials on few rows tell too little.
        self._grow(max(1, len(train[0]) // 10), train[0][:, 0], stop[0][:, 0])

    def _fit_for(self, train, n_rounds):
        self._grow(n_rounds, train[0][:, 0])

    def _respond(self, X):
        return np.full((len(X), 2), 0.5)


@pytest.fixture
def rounds(clock, monkeypatch):
    monkeypatch.setattr(Rounds, "clock", clock, raising=False)
    monkeypatch.setattr(Rounds, "fits", [])
    return Rounds


NUMBERED = np.column_stack([np.arange(N), X[:, 0]])


def fitted_rounds(member, seconds, **options):
    given = {"cv": 5, "held_out": HELD_OUT, "n_jobs": None} | options
    return fit_members(
        [("rounds", member)], NUMBERED, Y, None, task=TASK, seed=0, dependence=None, verbose=0,
        deadline=None if seconds is None else time.monotonic() + seconds, **given,
    )  # fmt: skip


@pytest.mark.parametrize("limit", [20.0, 100.0, 1000.0])
@pytest.mark.parametrize("seconds", [0.01, 0.1, 1.0])
def test_member_of_more_rounds_than_there_is_time_for_is_used_and_in_time(
    rounds, clock, limit, seconds
):
    start = clock.now
    found = fitted_rounds(rounds(seconds=seconds), limit)
    a_round = max(seconds * n_rows / 1000 for _, n_rows, *_ in rounds.fits)
    assert clock.now - start <= limit + 2 * a_round
    assert found.names == ["rounds"]
    assert found.times["rounds"].n_rows >= in_time.LEAST_ROWS
    assert {model.deadline for model in (*found.fits.fitted, *found.fits.unseen)} == {None}
    assert not np.isnan(found.fits.response).any()


def test_member_cut_short_is_not_given_up_beside_another(rounds, clock, slow):
    members = [("cheap", slow(0.01)), ("rounds", rounds(seconds=1.0))]
    start = clock.now
    found = fit_members(
        members, NUMBERED, Y, None, cv=5, task=TASK, seed=0, held_out=HELD_OUT, dependence=None,
        n_jobs=None, verbose=0, deadline=time.monotonic() + 200.0,
    )  # fmt: skip
    assert found.names == ["cheap", "rounds"]
    assert clock.now - start <= 200.0 + 2 * max(n_rows / 1000 for _, n_rows, *_ in rounds.fits)


@pytest.mark.parametrize("cv", [5, 2], ids=str)
@pytest.mark.parametrize("limit", [20.0, 100.0, 1e7])
def test_no_held_out_row_stops_a_member_and_no_row_that_it_learns_from(rounds, limit, cv):
    held_out = frozenset(np.flatnonzero(HELD_OUT).tolist())
    fitted_rounds(rounds(seconds=0.1), limit, cv=cv)
    stopped = [(learned, stop) for *_, learned, stop in rounds.fits if stop is not None]
    trials = int(limit < 1e6)
    assert len(stopped) >= trials + 2  # halves, or folds
    for learned, stop in stopped[trials:]:
        assert not stop & held_out and not stop & learned and not learned & held_out


def test_member_with_time_enough_has_the_rounds_that_it_has_without_a_deadline(rounds):
    fitted_rounds(rounds(seconds=1e-6), None)
    free = rounds.fits[:]
    rounds.fits.clear()
    fitted_rounds(rounds(seconds=1e-6), 1e7)
    assert rounds.fits == free


def test_boosted_members_with_time_enough_are_those_without_a_deadline():
    members = [("lightgbm", LightGBMMember(most_rounds=30))]
    free, limited = fitted(members), fitted(members, 3600.0)
    np.testing.assert_array_equal(free.fits.response, limited.fits.response)
    for kind in ("fitted", "unseen"):
        (one,), (other,) = getattr(free.fits, kind), getattr(limited.fits, kind)
        np.testing.assert_array_equal(one.predict_proba(X[:99]), other.predict_proba(X[:99]))


def test_fit_that_is_cut_short_does_not_make_others_seem_cheap(rounds):
    fitter, member = _fitter.Fitter(NUMBERED, Y, None, TASK, None, 0), rounds(seconds=0.05)
    pace = fitter.pace(member, N, 60.0)
    fold = Fit.of_fold(np.arange(N // 2), np.arange(N // 2, N))
    now = time.monotonic()
    fitter.fit_all(member, [fold], pace, N, now + 5.0, np.inf)
    assert time.monotonic() - now >= 4.9  # it had more rounds to come
    assert pace.scale >= 1.0


# --- a limit of one's own -------------------------------------------------------------------------


def test_ensemble_ends_by_its_own_limit_and_says_what_was_left_out(slow, clock):
    members = [("dear", slow(50.0)), ("cheap", slow(0.01))]
    start, teacher = clock.now, TeacherEnsemble(members, time_limit=20.0)
    with pytest.warns(UserWarning, match="too little time for all of 20,000 rows: dear not at all"):
        teacher.fit(X, Y)
    assert clock.now - start <= 20.0 + 5.0  # the trial of the dear one on 100 rows
    assert teacher.fit_times_["dear"].n_rows == 0


@pytest.mark.parametrize(("own", "given"), [(5.0, 1e6), (1e6, 5.0), (None, 5.0)])
def test_ensemble_ends_by_the_sooner_of_two_limits(slow, clock, own, given):
    members = [("dear", slow(50.0)), ("cheap", slow(0.001))]
    teacher = TeacherEnsemble(members, time_limit=own)
    teacher.fit_beside(X, Y, held_out=HELD_OUT, deadline=time.monotonic() + given)
    assert [name for name, _ in teacher.members_] == ["cheap"]


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_limit_of_an_ensemble_must_be_above_zero(limit):
    with pytest.raises(InputError, match=r"time_limit must be > 0 seconds, got"):
        TeacherEnsemble(time_limit=limit).fit(X, Y)


# --- what a member says of its cost ---------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, _ in default_members("classification", 0)])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_expected_cost_grows_with_the_table(name, task):
    member = dict(default_members(task, 0))[name]
    n_outputs = 2 if task == "classification" else 1
    small = member.expected_seconds(1_000, 10, n_outputs)
    assert 0 < small < member.expected_seconds(100_000, 10, n_outputs)
    assert small <= member.expected_seconds(1_000, 100, n_outputs)


# --- fewer rows that stand for all ----------------------------------------------------------------


def test_thinned_rows_keep_a_rare_class_and_the_weight_of_each():
    strata = np.r_[np.zeros(29_991, int), np.ones(9, int)]
    rows, weight = thin(strata, 1_000, np.random.default_rng(0))
    assert (strata[rows] == 1).sum() == 9
    assert len(rows) <= 1_000
    for k, count in ((0, 29_991), (1, 9)):
        assert weight[strata[rows] == k].sum() == pytest.approx(count)


def test_thinned_rows_of_a_model_without_weights_keep_their_shares():
    strata = np.r_[np.zeros(9_000, int), np.ones(1_000, int)]
    rows, weight = thin(strata, 1_000, np.random.default_rng(0), evens=False)
    assert weight is None
    assert (strata[rows] == 1).sum() == 100


def test_thinned_rows_carry_their_own_weight_and_leave_out_those_of_none():
    weight = np.r_[np.zeros(500), np.full(500, 2.0)]
    rows, kept = thin(np.zeros(1_000, int), 100, np.random.default_rng(0), weight)
    assert rows.min() >= 500
    np.testing.assert_array_equal(kept, 2.0)


def test_thinning_takes_all_rows_where_there_are_no_more():
    rows, weight = thin(np.zeros(5, int), 9, np.random.default_rng(0))
    np.testing.assert_array_equal(rows, np.arange(5))
    assert weight is None


def test_forests_have_no_more_rows_than_there_is_memory_for(monkeypatch):
    monkeypatch.setattr(_fitter, "MOST_BYTES", 20_000_000)
    noise = np.random.default_rng(1).integers(0, 2, N)
    fitter, member = _fitter.Fitter(X, noise, None, TASK, None, 0), ExtraTreesMember()
    pace = fitter.pace(member, N, 60.0)
    room = fitter.try_out(member, pace, N, 60.0)
    kept = Fit(np.arange(N), np.arange(0), is_kept=True)
    (found,) = fitter.fit_all(member, [kept], pace, room, np.inf, np.inf)
    assert 8_000_000 < pickled_bytes(found.model) < 12_000_000  # half of what there is
    assert fitter.try_out(member, pace, N, 60.0) < 0.6 * room  # half of what is left
    assert fitter.try_out(LightGBMMember(), pace, N, 60.0) == N

    monkeypatch.setattr(_fitter, "MOST_BYTES", 1)
    short = fit_members(
        [("trees", member)], X, noise, None, cv=5, task=TASK, seed=0, held_out=HELD_OUT,
        dependence=None, n_jobs=None, verbose=0, deadline=time.monotonic() + 0.3,
    )  # fmt: skip
    assert short.times["trees"].n_rows <= in_time.LEAST_ROWS
