"""Groups are on one side of every split, and what is judged by is later than what is learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from ensemble_kd.errors import InputError
from ensemble_kd.rows import (
    Groups,
    TimeOrder,
    draw_folds,
    draw_share,
    draw_test_rows,
    given_dependence,
)
from ensemble_kd.rows import read_rows as read
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import make_folds
from ensemble_kd.tuning.trial._rows import divide

TASKS = [Classification.name, Regression.name]
N = 600


def read_rows(task, cv=5, **ties):
    """Return rows of 60 customers, ten rows each in any order, of whom a tenth has a positive."""
    rng = np.random.default_rng(0)
    customer = rng.permutation(np.arange(N) // 10)
    y = ((customer % 10 == 0) & (rng.random(N) < 0.5)).astype(float)
    y = y if task == Regression.name else y.astype(int)
    if ties.get("groups") is True:
        ties["groups"] = customer
    return customer, read(rng.normal(size=(N, 3)), y, None, task, cv, 0, **ties)


def parted(customer, *parts):
    """Return the customers that are in two parts."""
    return set.intersection(*(set(customer[part].tolist()) for part in parts))


# --- groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("names", [list, np.array, pd.Series, lambda g: [f"c{i}" for i in g]])
def test_no_split_parts_a_group(task, names):
    customer, _ = read_rows(task)
    _, rows = read_rows(task, groups=names(customer))
    assert not parted(customer, rows.held_out, ~rows.held_out)
    assert rows.held_out.mean() == pytest.approx(0.1, abs=0.02)
    for cv in (5, KFold(4), StratifiedKFold(3, shuffle=True), GroupKFold(5)):
        if cv.__class__ is StratifiedKFold and task == Regression.name:
            continue
        for held_out in (None, rows.held_out):
            folds = make_folds(rows.targets, cv, rows.task, 0, held_out, rows.dependence)
            tested = np.concatenate([test for _, test in folds])
            assert len(tested) == len(set(tested)) == (N if held_out is None else (~held_out).sum())
            for train, test in folds:
                assert not parted(customer, train, test)


def test_each_fold_has_its_share_of_groups_with_a_rare_class():
    customer, rows = read_rows(Classification.name, groups=True)
    for _, test in make_folds(rows.targets, 3, rows.task, 0, None, rows.dependence):
        assert len(set(customer[test][rows.hard[test] == 1])) == 2  # of six customers


def test_search_and_test_part_no_group():
    customer, rows = read_rows(Classification.name, groups=True)
    divided = divide(rows, 0.2)
    others = customer[~divided.is_certified]
    assert not parted(customer, divided.is_certified, ~divided.is_certified)
    held_out, validation = divided.rows.held_out, divided.validation
    assert held_out.any()
    assert validation.any()
    for one in (held_out, validation):
        assert not parted(others, one, ~one)
    X = np.arange(float(N))[:, None]
    test = draw_test_rows(X, rows.task, rows.hard, 0.25, 0, groups=customer)
    assert not parted(customer, test, ~test)
    assert test.mean() == pytest.approx(0.25, abs=0.02)


def test_one_of_few_large_groups_is_held_out():
    site = np.arange(300) % 4
    drawn = draw_share(
        np.zeros(300, int), 0.1, np.random.default_rng(0),
        dependence=Groups.given(site, np.zeros(300, int)),
    )  # fmt: skip
    assert len(set(site[drawn])) == 1
    assert drawn.sum() == 75


@pytest.mark.parametrize("task", TASKS)
def test_two_groups_are_left_for_the_folds_or_none_is_held_out(task):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, 3)), rng.integers(2, size=N)
    site = (np.arange(N) < N // 4).astype(int)  # of which the smaller one could be held out
    rows = read(X, y, None, task, 5, 0, groups=site)
    assert not rows.held_out.any()
    folds = make_folds(rows.targets, 5, rows.task, 0, rows.held_out, rows.dependence)
    assert sorted(len(test) for _, test in folds) == [N // 4, 3 * N // 4]
    assert not draw_test_rows(X, rows.task, rows.hard, 0.3, 0, groups=site).any()


@pytest.mark.parametrize("last_rows", [[150], [200, 400], [150, 300, 450]])
def test_search_refuses_too_few_groups(last_rows):
    X, y = np.random.default_rng(0).normal(size=(N, 3)), np.arange(N) % 2
    site = np.searchsorted(last_rows, np.arange(N), side="right")
    rows = read(X, y, None, Classification.name, 5, 0, groups=site)
    told = f"groups are too few, .* got {len(last_rows) + 1};"
    with pytest.raises(InputError, match=told):
        divide(rows, 0.2)


def test_folds_of_groups_spread_the_rarest_label():
    rng = np.random.default_rng(0)
    customer = np.arange(N) // 10
    y = np.column_stack([customer % 20 == 0, rng.random(N) < 0.5]).astype(int)
    rows = read(rng.normal(size=(N, 3)), y, None, Classification.name, 3, 0, groups=customer)
    for _, test in make_folds(y, 3, rows.task, 0, None, rows.dependence):
        assert y[test, 0].sum() == 10  # one of three customers


def test_a_group_is_stood_for_by_its_rarest_class():
    group, strata = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 0, 0])
    groups = Groups.given(group, strata)
    assert strata[groups.first].tolist() == [1, 0, 0]
    some = groups.take(np.array([1, 2, 4]))
    assert some.group.tolist() == [0, 1, 2]
    assert some.first.tolist() == [0, 1, 2]


def test_folds_that_are_spelled_out_are_groups_as_nothing_else_is_known():
    y = np.arange(60) % 2
    spelled = list(KFold(5).split(y))
    which = np.repeat(np.arange(5), 12)
    for cv in (spelled, PredefinedSplit(which)):
        rows = read(np.random.default_rng(0).normal(size=(60, 2)), y, None, TASKS[0], cv, 0)
        assert len(set(which[rows.held_out])) == 1
        assert rows.held_out.sum() == 12
        folds = make_folds(y, cv, rows.task, 0, rows.held_out, rows.dependence)
        assert [len(test) for _, test in folds] == [12] * 4


# --- time -----------------------------------------------------------------------------------------


def days(n_rows=N):
    """Return a time of each row, in any order, of which three agree."""
    return np.random.default_rng(1).permutation(np.arange(n_rows) // 3)


def as_dates(time):
    return pd.Timestamp("2026-01-01") + pd.to_timedelta(time, unit="D")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "given",
    [
        list,
        as_dates,
        lambda time: as_dates(time).to_numpy(),
        lambda time: as_dates(time).strftime("%Y-%m-%d"),
        lambda time: pd.Series(as_dates(time).tz_localize("Europe/Berlin")),
    ],
)
def test_what_is_judged_by_is_later_than_what_is_learned(task, given):
    time = days()
    _, rows = read_rows(task, time=given(time))
    assert rows.held_out.mean() == pytest.approx(0.1, abs=0.01)
    assert time[rows.held_out].min() > time[~rows.held_out].max()
    folds = make_folds(rows.targets, 5, rows.task, 0, rows.held_out, rows.dependence)
    for train, test in folds:
        assert time[train].max() < time[test].min()
    divided = divide(rows, 0.2)
    assert time[divided.is_certified].min() > time[~divided.is_certified].max()
    others, held_out = time[~divided.is_certified], divided.rows.held_out
    learned = ~held_out & ~divided.validation
    assert others[held_out].min() > others[divided.validation].max()
    assert others[divided.validation].min() > others[learned].max()


def test_time_series_split_says_that_rows_are_in_the_order_of_time():
    rows = read(np.random.default_rng(0).normal(size=(N, 2)), np.arange(N) % 2, None, TASKS[0],
                TimeSeriesSplit(4, gap=5), 0)  # fmt: skip
    assert np.flatnonzero(rows.held_out).tolist() == list(range(540, N))
    folds = make_folds(rows.targets, rows.cv, rows.task, 0, rows.held_out, rows.dependence)
    assert next((train.max(), test.min()) for train, test in folds) == (102, 108)
    assert sum(len(test) for _, test in folds) == 432


def test_a_fold_before_the_first_positive_is_left_out():
    y = (np.arange(100) >= 40).astype(int)
    task, _ = Classification().read_target(y)
    folds = make_folds(y, 4, task, 0, None, TimeOrder(np.arange(100)))
    assert [len(train) for train, _ in folds] == [60, 80]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ties", "message"),
    [
        ({"groups": [1] * 4, "time": [1] * 4}, "give groups or time, not both"),
        ({"groups": [1, 2]}, "groups must be one for each of 4 rows, got 2"),
        ({"groups": ["a", None, "b", "c"]}, "groups must name each row's, got 1 missing"),
        ({"groups": [7] * 4}, "at least two, got a single one"),
        ({"groups": np.ones((4, 2))}, "groups must be one value a row"),
        ({"time": [1, 2, np.nan, 4]}, "time must be that of each row, got 1 missing"),
        ({"time": ["soon", "late", "x", "y"]}, r"time must be numbers, dates or text .* 'soon'"),
    ],
)
def test_what_ties_rows_must_be_a_value_a_row(ties, message):
    ties = {"groups": None, "time": None} | ties
    with pytest.raises(InputError, match=message):
        given_dependence(ties["groups"], ties["time"], 5, np.zeros(4, int))


def test_folds_that_do_not_suit_are_refused():
    y = np.arange(40) % 2
    task, _ = Classification().read_target(y)
    with pytest.raises(InputError, match="'groups' parameter should not be None"):
        make_folds(y, GroupKFold(3), task, 0)
    with pytest.raises(InputError, match=r"with time, cv must be a number .* got KFold"):
        make_folds(y, KFold(3), task, 0, None, TimeOrder(np.arange(40)))
    with pytest.raises(InputError, match="rows of an earlier time to learn from, got none"):
        make_folds(y, 3, task, 0, None, TimeOrder(np.zeros(40, int)))
    with pytest.raises(InputError, match="all rows of the class 1 fall into the test"):
        late = (np.arange(40) >= 36).astype(int)
        draw_test_rows(np.eye(40), task, late, 0.2, 0, time=np.arange(40))


# --- folds of a surrogate -------------------------------------------------------------------------


def test_folds_are_about_as_large_and_part_neither_groups_nor_times():
    customer, rows = read_rows(Classification.name, groups=True)
    alone, together, in_time = (
        draw_folds(N, 3, np.random.default_rng(1), tie)
        for tie in (None, rows.dependence, TimeOrder(customer // 2))
    )
    for fold in (alone, together, in_time):
        assert np.bincount(fold, minlength=3) == pytest.approx(N / 3, abs=20)
    assert all(len(set(together[customer == one])) == 1 for one in set(customer))
    assert (np.diff(in_time[np.argsort(customer)]) >= 0).all()
    assert all(len(set(in_time[customer // 2 == one])) == 1 for one in set(customer // 2))
    np.testing.assert_array_equal(np.bincount(alone), [N / 3] * 3)
