"""A shared teacher is fitted once, and guards its rows."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import DistilledClassifier, InputError, TeacherEnsemble
from ensemble_kd.benchmarks.shared import fit_shared
from ensemble_kd.rows import REAL, table_digest


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def teacher(iris):
    ensemble = TeacherEnsemble([("tree", DecisionTreeClassifier(max_depth=2))], cv=2)
    return fit_shared(ensemble, *iris, seed=0)


def test_a_clone_is_the_teacher_itself(teacher):
    assert clone(teacher) is teacher


def test_fit_on_its_rows_fits_nothing(teacher, iris):
    before = teacher.out_of_fold_response_
    assert teacher.fit(*iris).out_of_fold_response_ is before


@pytest.mark.parametrize("change", ["order", "value", "target", "fewer", "name"])
def test_other_rows_are_refused(teacher, iris, change):
    X, y = iris[0].copy(), iris[1].copy()
    if change == "order":
        X, y = X[::-1], y[::-1]
    elif change == "value":
        X.iloc[3, 1] += 1e-9
    elif change == "target":
        y.iloc[0] = 2
    elif change == "fewer":
        X, y = X[:-1], y[:-1]
    else:
        X = X.rename(columns={X.columns[0]: "other"})
    with pytest.raises(InputError, match="must be given the rows it was fitted on"):
        teacher.fit(X, y)


def test_distilled_classifier_takes_its_out_of_fold_labels(teacher, iris):
    student = DistilledClassifier(teacher, student="tree", n_synthetic=50).fit(*iris)
    assert student.teacher_ is teacher
    rows = student.transfer_set_
    np.testing.assert_array_equal(
        rows.response[rows.origin == REAL], teacher.ensemble.out_of_fold_response_
    )


def test_distilled_classifier_on_other_rows_is_refused(teacher, iris):
    with pytest.raises(InputError, match="must be given the rows it was fitted on"):
        DistilledClassifier(teacher, student="tree").fit(iris[0][:100], iris[1][:100])


def test_students_of_another_seed_are_refused(teacher, iris):
    with pytest.raises(InputError, match="the held-out rows of its fit"):
        DistilledClassifier(teacher, student="tree", random_state=1).fit(*iris)


def test_it_is_of_the_kind_of_its_ensemble(teacher, iris):
    assert is_classifier(teacher)
    assert hasattr(teacher, "predict_proba")
    values = TeacherEnsemble([("tree", DecisionTreeRegressor())], task="regression", cv=2)
    regressor = fit_shared(values, *iris, seed=0)
    assert is_regressor(regressor)
    assert not hasattr(regressor, "predict_proba")


def test_it_is_judged_as_its_ensemble_is():
    X, y = load_digits(n_class=6, return_X_y=True)
    X, y = X[:400], y[:400]
    forest = RandomForestClassifier(30, random_state=0)
    members = [
        (name, make_pipeline(ColumnTransformer([("half", "passthrough", half)]), forest))
        for name, half in [("upper", slice(0, 32)), ("lower", slice(32, 64))]
    ]
    ensemble = TeacherEnsemble(members, cv=3, random_state=0)
    shared = fit_shared(ensemble, X, y, seed=0)
    assert shared.blend_.temperatures is not None
    few = {"student": "tree", "n_synthetic": 50, "recipe": "fast", "cv": 3, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gates = [
            DistilledClassifier(given, **few).fit(X, y).gate_[0] for given in (shared, ensemble)
        ]
    assert gates[0] == gates[1]
    assert not gates[0].rival_wins


def test_served_leaves_the_training_behind(teacher, iris):
    served = teacher.served()
    assert not hasattr(served, "member_responses_")
    np.testing.assert_array_equal(served.predict_proba(iris[0]), teacher.predict_proba(iris[0]))
    assert hasattr(teacher.ensemble, "member_responses_")


def test_digest_of_rows_reads_categories_and_missing_values():
    X = pd.DataFrame({"a": pd.Categorical(["x", None, "y"]), "b": ["u", "v", None]})
    same = pd.DataFrame({"a": pd.Categorical(["x", None, "y"]), "b": ["u", "v", None]})
    other = X.assign(b=["u", "v", "w"])
    assert table_digest(X, [0, 1, 0]) == table_digest(same, [0, 1, 0])
    assert table_digest(X, [0, 1, 0]) != table_digest(other, [0, 1, 0])
