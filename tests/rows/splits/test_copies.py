"""Groups of a row are on one side of every split; a table without copies is cut as ever."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import KFold, StratifiedKFold

from ensemble_kd.flow import Settings, teach
from ensemble_kd.rows import Groups, draw_share, draw_test_rows, find_copies, read_rows
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import Classification, Regression, task_named
from ensemble_kd.teachers import TeacherEnsemble, make_folds
from ensemble_kd.teachers.members._stopping import stopping_split
from ensemble_kd.tuning.trial._rows import divide

RNG = np.random.default_rng(0)
TASKS = [Classification.name, Regression.name]


def four_of_each(n_rows=300, seed=0):
    """Return rows of which there are four each, in any order, with labels that mean nothing."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(4 * n_rows)
    X = np.repeat(rng.normal(size=(n_rows, 3)), 4, axis=0)[order]
    return X, np.repeat(rng.integers(0, 2, n_rows), 4)[order]


def codes_of(table):
    """Return a table as its schema encodes it."""
    return TableSchema.infer(table).encode(table)


def assert_parted_nowhere(copies: Groups, *parts):
    """Assert that no copy of a row of one part is in another one."""
    groups = [set(copies.group[part].tolist()) for part in parts]
    assert not set.intersection(*groups)


@pytest.fixture
def quiet():
    """Have no warning about the many copies that are the point here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*are copies of another row")
        yield


# --- which rows are copies ------------------------------------------------------------------------


def test_copies_are_rows_that_are_the_same_in_every_column():
    X = RNG.normal(size=(60, 2))
    X[50], X[7, 1], X[51] = X[3], np.nan, [0.0, 1.0]
    X[52], X[53] = X[7], [-0.0, 1.0]
    found = find_copies(X)
    assert found.n_copies == 3
    for one, other in [(3, 50), (7, 52), (51, 53)]:
        assert found.group[one] == found.group[other]


def test_copies_are_found_in_a_frame_of_every_kind_of_column(make_frame):
    frame = pd.concat([make_frame(200), make_frame(200).head(30)], ignore_index=True)
    found = find_copies(codes_of(frame))
    np.testing.assert_array_equal(found.group[200:], found.group[:30])
    assert found.n_copies == 30


@pytest.mark.parametrize("n_rows", [2, 60, 1000])
def test_a_table_of_rows_that_differ_has_no_copies(n_rows):
    assert find_copies(np.random.default_rng(1).normal(size=(n_rows, 3))) is None


def test_rows_that_agree_as_columns_of_few_values_must_are_no_copies():
    # Of 4 * 2 * 2 possible rows, 2,000 are some hundred times each the same.
    X = np.random.default_rng(2).integers(0, [4, 2, 2], (2000, 3)).astype(float)
    assert find_copies(X) is None
    assert find_copies(np.random.default_rng(2).integers(0, 20, (500, 1)).astype(float)) is None


def test_rows_of_few_values_are_copies_where_they_agree_far_more_often_than_they_must():
    X = np.random.default_rng(3).integers(0, 5, (300, 8)).astype(float)  # one in 5**8 by chance
    found = find_copies(np.repeat(X, 3, axis=0))
    assert found.n_copies >= 600


def test_a_row_that_is_a_common_case_is_no_copy():
    X = np.random.default_rng(4).normal(size=(500, 3))
    X[:150] = 0.0  # which new rows will be in three cases of ten, too
    assert find_copies(X) is None
    X[200] = X[300]
    assert find_copies(X).n_copies == 1


# --- splits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_held_out_rows_leave_no_copy_in_training(task, weighted, quiet):
    X, y = four_of_each()
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float) if weighted else None
    rows = read_rows(X, y.astype(float), weight, task, 5, 0)
    learned = ~rows.held_out & (rows.weights > 0)
    assert_parted_nowhere(rows.dependence, rows.held_out, learned)
    # A tenth of each class, to whole groups.
    assert 0.09 < rows.held_out.sum() / (rows.weights > 0).sum() <= 0.1


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "cv", [2, 5, KFold(4), KFold(4, shuffle=True), StratifiedKFold(3)], ids=str
)
@pytest.mark.parametrize("with_held_out", [False, True])
def test_folds_test_no_row_that_a_copy_of_was_trained(task, cv, with_held_out, quiet):
    X, y = four_of_each()
    rows = read_rows(X, y if isinstance(cv, StratifiedKFold) else y * 1.0, None, task, cv, 0)
    held_out = rows.held_out if with_held_out else None
    folds = make_folds(rows.targets, cv, rows.task, 0, held_out, rows.dependence)
    for train, test in folds:
        assert_parted_nowhere(rows.dependence, train, test)
        assert len(train) > len(rows) / 3
    tested = np.sort(np.concatenate([test for _, test in folds]))
    wanted = np.flatnonzero(~rows.held_out) if with_held_out else np.arange(len(rows))
    np.testing.assert_array_equal(tested, wanted)


class OddAndEven(KFold):
    """A splitter of its own, which names rows by number."""

    def split(self, X, y=None, groups=None):
        """Test the odd rows, then the even ones."""
        is_odd = np.arange(len(X)) % 2 == 1
        for test in (is_odd, ~is_odd):
            yield np.flatnonzero(~test), np.flatnonzero(test)


def test_other_splitters_train_no_copy_of_what_they_test(quiet):
    X, y = four_of_each()
    rows = read_rows(X, y, None, Classification.name, 5, 0)
    found = make_folds(y, OddAndEven(2), rows.task, 0, None, rows.dependence)
    for train, test in found:
        assert_parted_nowhere(rows.dependence, train, test)
    np.testing.assert_array_equal(found[0][1] % 2, np.ones(600))


def test_folds_spread_the_classes_of_copies_evenly(quiet):
    X, y = four_of_each()
    rows = read_rows(X, y, None, Classification.name, 5, 0)
    for _, test in make_folds(y, 5, rows.task, 0, None, rows.dependence):
        assert y[test].mean() == pytest.approx(y.mean(), abs=0.02)


def test_folds_that_are_spelled_out_are_left_as_they_are(quiet):
    X, y = four_of_each(50)
    rows = read_rows(X, y, None, Classification.name, 5, 0)
    given = list(KFold(3).split(X))
    for fold, wanted in zip(
        make_folds(y, given, rows.task, 0, None, rows.dependence), given, strict=True
    ):
        for one, other in zip(fold, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_folds_of_a_class_with_one_row_that_differs_are_those_of_rows(quiet):
    X = np.vstack([RNG.normal(size=(200, 3)), np.repeat(RNG.normal(size=(1, 3)), 15, axis=0)])
    y = np.repeat([0, 1], [200, 15])
    rows = read_rows(X, y, None, Classification.name, 5, 0)
    assert rows.dependence is not None
    found = make_folds(y, 5, rows.task, 0, None, rows.dependence)
    for one, other in zip(found, make_folds(y, 5, rows.task, 0), strict=True):
        np.testing.assert_array_equal(one[1], other[1])


def test_stopping_rows_leave_no_copy_in_training():
    X, y = four_of_each()
    train, stop = stopping_split(y, 0, X)
    assert_parted_nowhere(find_copies(X), train, stop)
    assert len(stop) == pytest.approx(len(y) / 10, abs=8)
    np.testing.assert_array_equal(np.sort(np.append(train, stop)), np.arange(len(y)))


def test_test_rows_of_the_command_line_leave_no_copy(quiet):
    X, y = four_of_each()
    task, hard = Classification().read_target(y)
    is_test = draw_test_rows(pd.DataFrame(X), task, hard, 0.2, 0)
    assert_parted_nowhere(find_copies(X), is_test, ~is_test)
    assert is_test.mean() == pytest.approx(0.2, abs=0.01)


def test_rows_of_a_search_leave_no_copy_on_another_side(quiet):
    X, y = four_of_each()
    everything = read_rows(X, y, None, Classification.name, 5, 0)
    divided = divide(everything, 0.2)
    assert_parted_nowhere(everything.dependence, divided.is_certified, ~divided.is_certified)
    rows = divided.rows
    parts = [rows.held_out, divided.validation, ~rows.held_out & ~divided.validation]
    for i in range(3):
        assert_parted_nowhere(rows.dependence, parts[i], parts[i - 1])
        assert parts[i].any()


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the label of every row that it has seen, and nothing of any other."""

    def fit(self, X, y):
        """Remember the rows."""
        self.classes_ = np.unique(y)
        self.seen_ = {row.tobytes(): label for row, label in zip(np.asarray(X), y, strict=True)}
        return self

    def predict_proba(self, X):
        """Return certainty for a row it has seen, equal odds for any other."""
        labels = [self.seen_.get(row.tobytes()) for row in np.asarray(X)]
        known = np.array([[label == k for k in self.classes_] for label in labels], dtype=float)
        return np.where(known.sum(axis=1, keepdims=True) > 0, known, 0.5)


@pytest.mark.parametrize("teacher", [Memory(), TeacherEnsemble([("memory", Memory())])])
def test_memory_of_copies_tells_nothing_of_any_row(teacher, quiet):
    X, y = four_of_each()
    rows = read_rows(X, y, None, Classification.name, 5, 0)
    found = teach(Settings(teacher=teacher), rows).soft_real
    np.testing.assert_array_equal(found, np.full((len(y), 2), 0.5))


# --- without copies -------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_a_table_without_copies_is_cut_as_ever(task):
    X, y = RNG.normal(size=(500, 3)), np.arange(500) % 2
    rows = read_rows(X, y * 1.0, None, task, 5, 7)
    assert rows.dependence is None
    rng, held_out = np.random.default_rng(rows.seed), np.zeros(500, dtype=bool)
    strata = y if task_named(task).has_classes else np.zeros(500, dtype=int)
    for group in np.unique(strata):
        of_group = np.flatnonzero(strata == group)
        held_out[rng.permutation(of_group)[: len(of_group) // 10]] = True
    np.testing.assert_array_equal(rows.held_out, held_out)
    kind = StratifiedKFold if rows.task.has_classes else KFold
    wanted = kind(5, shuffle=True, random_state=7).split(X, y)
    found = make_folds(rows.targets, 5, rows.task, 7, None, rows.dependence)
    for (_, one), (_, other) in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_splitter_of_a_table_without_copies_is_taken_at_its_word():
    y = np.arange(60) % 2
    task, _ = Classification().read_target(y)
    none = Groups.of(np.arange(60))
    for fold, wanted in zip(
        make_folds(y, KFold(3), task, 0, None, none), KFold(3).split(y), strict=True
    ):
        for one, other in zip(fold, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_drawn_share_counts_rows_and_not_groups():
    strata = np.repeat([0, 1], [300, 100])
    copies = Groups.of(np.arange(400) // 5)
    drawn = draw_share(strata, 0.1, np.random.default_rng(0), dependence=copies)
    assert (drawn[:300].sum(), drawn[300:].sum()) == (30, 10)
    assert set(np.bincount(copies.group[drawn])) <= {0, 5}


# --- the warning ----------------------------------------------------------------------------------


def test_many_copies_are_told_with_their_number():
    X, y = four_of_each()
    message = r"900 of 1,200 rows are copies of another row .* 300 rows say how good"
    with pytest.warns(UserWarning, match=message):
        read_rows(X, y, None, Classification.name, 5, 0)


def test_few_copies_are_not_told():
    X = RNG.normal(size=(200, 3))
    X[:10] = X[10:20]
    assert (
        read_rows(X, np.arange(200) % 2, None, Classification.name, 5, 0).dependence.n_copies == 10
    )


def test_copies_of_some_rows_are_those_among_them():
    copies = Groups.of(np.array([5, 5, 2, 9, 2]))
    some = copies.take(np.array([1, 2, 4]))
    np.testing.assert_array_equal(some.group, [1, 0, 0])
    np.testing.assert_array_equal(some.first, [1, 0])
    assert replace(copies).n_copies == 2


@pytest.mark.parametrize("task", TASKS)
def test_a_table_of_few_copies_is_cut_as_one_of_none_but_for_the_copies(task):
    X, y = np.random.default_rng(0).normal(size=(500, 3)), np.arange(500) % 2
    with_copies = X.copy()
    with_copies[480:] = X[:20]
    none, few = (read_rows(table, y * 1.0, None, task, 5, 7) for table in (X, with_copies))
    assert few.dependence.are_few_copies
    np.testing.assert_array_equal(few.held_out[:480], none.held_out[:480])
    np.testing.assert_array_equal(few.held_out[480:], few.held_out[:20])
    folds = (make_folds(r.targets, 5, r.task, 7, None, r.dependence) for r in (none, few))
    for (_, test), (train, other) in zip(*folds, strict=True):
        np.testing.assert_array_equal(test[test < 480], other[other < 480])
        assert_parted_nowhere(few.dependence, train, other)
    strata = none.task.strata(none.hard)
    plain, whole = (stopping_split(strata, 0, r.codes)[1] for r in (none, few))
    assert set(plain[plain < 480]) == set(whole[whole < 480])
