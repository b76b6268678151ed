"""A column of targets is read, and says what is to be predicted."""

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import Classification, Regression, infer_task, read_target


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 40, "classification"),
        ([True, False] * 40, "classification"),
        (list(range(50)), "classification"),
        (list(range(51)), "regression"),
        ([float(i) for i in range(20)], "classification"),
        ([float(i) for i in range(21)], "regression"),
        ([1.5, 2.0, 1.5], "regression"),
        ([0.0, 1.0, None] * 10, "classification"),
    ],
)
def test_task_is_inferred_from_the_target(values, task):
    assert infer_task(read_target(pd.Series(values), "y").values)[0].name == task


def test_whole_labels_stay_whole_where_some_are_missing():
    target = read_target(pd.Series([0.0, 1.0, None]), "y")
    assert target.values.tolist() == [0, 1]
    assert target.values.dtype.kind == "i"
    assert target.missing.tolist() == [False, False, True]


def test_target_must_be_of_one_kind():
    with pytest.raises(InputError, match="one kind only, got int, str"):
        read_target(pd.Series([1, "a"], dtype=object), "y")


def test_target_must_be_of_the_kind_of_the_task():
    with pytest.raises(InputError, match="'y' of a regression must hold numbers, got 'a'"):
        Regression().check_kind(np.array(["a"]), "y")
    with pytest.raises(InputError, match="'y' of a classification must hold labels"):
        Classification().check_kind(np.array([0.5]), "y")
    Regression().check_kind(np.array([1, 2]), "y")
    Classification().check_kind(np.array([1.0, 2.0]), "y")


def test_targets_of_a_known_task_are_indices_or_values():
    task = Classification(np.array(["a", "b"]))
    assert task.hard_of(np.array(["b", "a", "b"]), "y").tolist() == [1, 0, 1]
    with pytest.raises(InputError, match=r"'y' must hold classes of the model, \['a', 'b'\], got"):
        task.hard_of(np.array(["c"]), "y")
    assert Regression().hard_of(np.array([1, 2]), "y").tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="'y' must hold numbers"):
        Regression().hard_of(np.array(["c"]), "y")
