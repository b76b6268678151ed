"""A new head on an old trunk: better where labels are few, no worse where they are many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.errors import InputError
from ensemble_kd.scoring import Scorer, load, save
from ensemble_kd.students import GBDTStudent, MLPStudent
from ensemble_kd.teachers import NewHead, TeacherEnsemble

NAMES = ["a", "b", "c", "d"]


def rows(n: int, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng([n, seed]).uniform(-1, 1, size=(n, 4)), columns=NAMES)


def signs(X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return two things that no straight line in the columns tells."""
    return (X["a"] * X["b"] > 0).to_numpy(), (X["c"] * X["d"] > 0).to_numpy()


def old_task(X: pd.DataFrame) -> np.ndarray:
    one, two = signs(X)
    return np.array(["none", "one", "two", "both"])[one + 2 * two]


def new_task(X: pd.DataFrame) -> np.ndarray:
    one, two = signs(X)
    return np.where(one | two, "yes", "no")


X_OLD, X_TEST = rows(2000), rows(2000, 1)
Y_TEST = new_task(X_TEST)


@pytest.fixture(scope="module")
def old() -> Any:
    """A student of the related task, of many labels."""
    student = MLPStudent(hidden=(32, 24), n_updates=350, n_bins=8)
    plain = DistilledClassifier(student=student, alpha=0, n_synthetic=0, refit=False)
    return plain.fit(X_OLD, old_task(X_OLD))


def loss(model: Any) -> float:
    answer = np.maximum(model.predict_proba(X_TEST), 1e-6)
    truth = np.asarray(model.classes_)[None] == Y_TEST[:, None]
    return float(-np.log(answer[truth]).mean())


def own() -> RandomForestClassifier:
    """Return a model of the new labels alone."""
    return RandomForestClassifier(20, min_samples_leaf=2, random_state=0)


def test_few_labels_teach_more_on_the_old_trunk_and_many_no_less(old):
    table = {}
    for n in (40, 800):
        X = rows(n)
        y = new_task(X)
        both = TeacherEnsemble([("old", NewHead(old.model_)), ("own", own())]).fit(X, y)
        table[n] = loss(both), loss(own().fit(X, y))
    with_old, alone = table[40]
    assert with_old < 0.7 * alone
    with_old, alone = table[800]
    assert with_old < 1.02 * alone


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 40, 80, 160, 320, 640, 1280, 2560])
def test_old_trunk_is_nowhere_on_the_learning_curve_worse_than_nothing(old, n):
    found = []
    for seed in range(5):
        X = rows(n, seed)
        y = new_task(X)
        both = TeacherEnsemble([("old", NewHead(old.model_)), ("own", own())]).fit(X, y)
        found.append((loss(both), loss(own().fit(X, y)), loss(NewHead(old.model_).fit(X, y))))
    with_old, alone, head = np.mean(found, axis=0)
    print(f"{n} labels: alone {alone:.3f}, head {head:.3f}, both {with_old:.3f}")
    assert with_old < alone


def test_student_of_few_labels_is_better_for_the_old_trunk(old):
    X = rows(60)
    y = new_task(X)
    student = GBDTStudent(n_estimators=60, num_leaves=12, learning_rate=0.2)
    options = {"student": student, "n_synthetic": 500, "recipe": "fast", "min_frequency": 1}
    more = X_OLD.head(1000)
    helped = DistilledClassifier(NewHead(old.model_), **options).fit(X, y, X_unlabeled=more)
    alone = DistilledClassifier(own(), **options).fit(X, y, X_unlabeled=more)
    assert loss(helped) < 0.8 * loss(alone)


def test_new_head_is_the_old_network_but_for_its_last_layer(old):
    X = rows(50)
    head = NewHead(old.model_).fit(X, new_task(X))
    assert head.model_.schema == old.model_.schema
    assert head.model_.classes == ("no", "yes")
    mine, its = head.model_.body, old.model_.body
    for name in ("edges", "numeric_weight", "first_bias"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(its, name))
    for layer, other in zip(mine.layers[:-1], its.layers[:-1], strict=True):
        np.testing.assert_array_equal(layer.weight, other.weight)
    assert mine.layers[-1].weight.shape == (its.layers[-1].weight.shape[0], 2)


def test_new_head_is_a_model_that_scores_and_is_saved(old, tmp_path):
    X = rows(50)
    head = NewHead(old.model_).fit(X, new_task(X))
    expected = head.predict_proba(X_TEST)
    np.testing.assert_allclose(Scorer(head.model_).predict_proba(X_TEST), expected, atol=1e-5)
    save(head.model_, tmp_path / "head.ekd")
    again = load(tmp_path / "head.ekd")
    np.testing.assert_allclose(again.predict_proba(X_TEST), expected, atol=1e-5)
    third = NewHead(again.model).fit(X, new_task(X))
    np.testing.assert_allclose(third.predict_proba(X_TEST), expected, atol=1e-5)


def test_old_answers_are_learned_from_where_there_is_no_trunk():
    forest = RandomForestClassifier(40, random_state=0).fit(X_OLD, old_task(X_OLD))
    X = rows(40)
    head = NewHead(FrozenEstimator(forest)).fit(X, new_task(X))
    assert head.model_ is None
    assert loss(head) < 0.7 * loss(own().fit(X, new_task(X)))


def test_trees_have_no_trunk_and_are_learned_from_by_their_answers():
    student = GBDTStudent(n_estimators=40, num_leaves=12, learning_rate=0.3)
    trees = DistilledClassifier(student=student, alpha=0, n_synthetic=0, refit=False)
    trees.fit(X_OLD, old_task(X_OLD))
    X = rows(40)
    head = NewHead(trees.model_).fit(X, new_task(X))
    assert head.model_ is None
    assert loss(head) < 0.7 * loss(own().fit(X, new_task(X)))


def test_answer_of_the_same_task_stays_what_it_was():
    # One number tells all: the new labels have but to say what to make of it.
    def known(X: Any) -> np.ndarray:
        return np.asarray(X["a"]) * 3.0

    X = rows(30)
    head = NewHead(known, task="regression").fit(X, 6 * X["a"].to_numpy() + 1)
    np.testing.assert_allclose(
        head.predict(X_TEST), 6 * X_TEST["a"] + 1, atol=0.05 * np.ptp(X_TEST["a"])
    )


def test_values_of_a_related_task_are_learned_on_a_trunk():
    student = MLPStudent(hidden=(24, 16), n_updates=300, n_bins=8)
    plain = DistilledRegressor(student=student, alpha=0, n_synthetic=0, refit=False)
    old = plain.fit(X_OLD, X_OLD["a"] ** 2 + X_OLD["b"])
    X = rows(30)
    head = NewHead(old.model_, task="regression").fit(X, 100 + 20 * (X["a"] ** 2 + X["b"]))
    expected = 100 + 20 * (X_TEST["a"] ** 2 + X_TEST["b"])
    error = np.mean((head.predict(X_TEST) - expected) ** 2) / np.var(expected)
    assert error < 0.1
    np.testing.assert_allclose(
        Scorer(head.model_).predict(X_TEST), head.predict(X_TEST), rtol=1e-4, atol=1e-3
    )


def test_rows_may_have_more_columns_in_another_order(old):
    X = rows(40)
    wide = X[NAMES[::-1]].assign(extra=1.0)
    y = new_task(X)
    one, other = NewHead(old.model_).fit(X, y), NewHead(old.model_).fit(wide, y)
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(wide))


def test_weight_of_nothing_leaves_a_row_out(old):
    X = rows(60)
    y = new_task(X)
    wrong = np.where(np.arange(60) < 20, np.where(y == "yes", "no", "yes"), y)
    weight = (np.arange(60) >= 20).astype(float)
    head = clone(NewHead(old.model_)).fit(X, wrong, weight)
    assert loss(head) < loss(NewHead(old.model_).fit(X, wrong))


def test_class_of_one_row_is_learned(old):
    X = rows(12)
    y = np.array(["yes"] * 11 + ["no"])
    assert NewHead(old.model_).fit(X, y).predict_proba(X).shape == (12, 2)


def test_model_that_would_be_cloned_unfitted_is_refused():
    X = rows(20)
    given = NewHead(LogisticRegression().fit(X_OLD, old_task(X_OLD)))
    with pytest.raises(InputError, match="give FrozenEstimator"):
        clone(given).fit(X, new_task(X))
