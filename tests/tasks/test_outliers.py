"""Outliers: no target to learn, labels for a test alone, low scores for what is abnormal."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import is_outlier_detector
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.model import CompactModel
from ensemble_kd.tasks import Outliers, task_named, task_of
from ensemble_kd.teachers import TeacherEnsemble

TASK = task_named("outliers")
X = np.random.default_rng(0).normal(size=(50, 2))


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 0], [False, True, False], [1, -1, 1], [0.0, 1.0, 0.0], [1.0, -1.0, 1.0]],
)
def test_labels_say_which_rows_are_abnormal(labels):
    np.testing.assert_array_equal(TASK.hard_of(np.array(labels), "y"), [0, 1, 0])


def test_a_row_may_be_without_a_label():
    hard = TASK.hard_of(np.array([0.0, np.nan, 1.0]), "y")
    np.testing.assert_array_equal(TASK.has_target(hard), [True, False, True])
    np.testing.assert_array_equal(hard[[0, 2]], [0, 1])


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 2], [0, -1], [0.5, 1.0], [-1, 0, 1]])
def test_labels_that_do_not_say_it_are_refused(labels):
    with pytest.raises(InputError, match="the label 'fraud' must be 1 or true for what is abnorm"):
        TASK.check_kind(np.array(labels), "fraud")


def test_no_row_has_a_target_to_learn():
    assert not TASK.is_supervised and not TASK.has_classes
    assert not TASK.has_target(TASK.no_target(4)).any()
    assert TASK.loss("squared_error", 0.3).alpha == 1.0


def test_quality_is_that_of_low_scores():
    score = np.array([[-3.0], [0.0], [1.0], [2.0]])
    assert TASK.quality(score, np.array([1.0, 0, 0, 0])) == {"auc": 1.0, "average_precision": 1.0}
    assert TASK.quality(score, np.array([0.0, 0, 0, 1]))["auc"] == 0.0
    assert TASK.quality(score, np.zeros(4)) == {"auc": None, "average_precision": None}
    assert TASK.quality(score, TASK.no_target(4)) == {}


def test_a_teacher_is_asked_for_its_scores():
    teacher = IsolationForest(n_estimators=5, random_state=0).fit(X)
    np.testing.assert_array_equal(TASK.ask(teacher, X)[:, 0], teacher.score_samples(X))


@pytest.mark.parametrize("teacher", [RandomForestClassifier(), LinearRegression()])
def test_a_teacher_of_another_kind_is_refused(teacher):
    with pytest.raises(NotDistillableError, match="must be an outlier detector, got the "):
        TASK.check_teacher(teacher)


def test_sklearn_is_told_of_a_detector():
    class Any(TeacherEnsemble):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            TASK.describe_to_sklearn(tags)
            return tags

    assert is_outlier_detector(Any())


def test_the_task_of_a_model_is_known_by_its_name():
    assert isinstance(task_of(CompactModel("outliers", None, None)), Outliers)
    assert task_of(CompactModel("classification", None, None, ("a", "b"))).classes == ("a", "b")
    assert task_of(CompactModel("regression", None, None)).name == "regression"
