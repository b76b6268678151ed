"""Few rows, and few of a class, are told with their numbers before anything is fitted."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

from ensemble_kd import DistilledClassifier
from ensemble_kd.rows import read_rows, warn_of_few_rows

KINDS = {"classification": lambda n: np.arange(n) % 2, "regression": lambda n: np.arange(n) * 1.0}


def read(y, task="classification", weight=None):
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    warn_of_few_rows(read_rows(X, y, weight, task, 5, 0))


@pytest.mark.parametrize("task", KINDS)
def test_small_table_is_told_with_its_numbers(task):
    with pytest.warns(UserWarning, match=r"the table has 150 rows, of which 1[45] are held out"):
        read(KINDS[task](150), task)


def test_few_positives_are_told_with_their_numbers():
    y = np.zeros(30_000, int)
    y[:9] = 1
    with pytest.warns(UserWarning, match=r"of 30,000 rows there are 9 of class 1, 0 of them held"):
        read(y)


def test_rare_class_is_told_without_its_name_where_messages_are_quiet(monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_QUIET_VALUES", "1")
    with pytest.warns(UserWarning, match="there are 5 of class <text>, "):
        read(np.repeat(["common", "hidden"], [400, 5]))


def test_rare_classes_are_named_the_rarest_first():
    y = np.repeat(list("abcdef"), [400, 20, 5, 12, 25, 28])
    with pytest.warns(UserWarning, match=r"5 of class 'c', .* 12 of class 'd', .* 20 of class 'b'"
                      r".*, and 2 more such classes"):  # fmt: skip
        read(y)


def test_rows_of_no_weight_do_not_count():
    with pytest.warns(UserWarning, match="the table has 120 rows"):
        read(np.arange(400) % 2, weight=(np.arange(400) < 120) * 1.0)


@pytest.mark.parametrize("task", KINDS)
def test_enough_rows_are_not_remarked_on(task):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(KINDS[task](400), task)


def test_fit_warns_before_the_teacher_is_asked():
    class StopError(Exception):
        pass

    def teacher(rows):
        raise StopError

    clf = DistilledClassifier(teacher, student="tree")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(Exception, match="Stop"):
            clf.fit(np.random.default_rng(0).normal(size=(150, 2)), np.arange(150) % 2)
    assert any(re.match("the table has 150 rows", str(one.message)) for one in told)
