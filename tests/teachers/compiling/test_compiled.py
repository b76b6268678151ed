"""A teacher walked by the scoring core says what the teacher says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import read_trees, tree_arrays
from ensemble_kd.runtime import HAS_CORE
from ensemble_kd.teachers import TeacherEnsemble, compiled, teacher_response
from ensemble_kd.teachers.members import (
    ExtraTreesMember,
    LightGBMMember,
    XGBoostMember,
)

needs_core = pytest.mark.skipif(not HAS_CORE, reason="the package was installed without its core")
MEMBERS = [ExtraTreesMember, LightGBMMember, XGBoostMember]


def table(n_rows: int, seed: int, *, mixed: bool) -> pd.DataFrame:
    """Return rows with gaps and, if mixed, categories."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=list("abc"))
    X.loc[rng.random(n_rows) < 0.1, "a"] = np.nan
    if mixed:
        X["d"] = rng.choice(["x", "y", "z"], n_rows)
    return X


def target(X: pd.DataFrame, n_classes: int) -> np.ndarray:
    """Return classes, or values for one class."""
    score = X["a"].fillna(1.0) + X["b"] * X["c"]
    return score.to_numpy() if n_classes == 1 else pd.qcut(score, n_classes, labels=False)


@needs_core
@pytest.mark.parametrize("mixed", [False, True], ids=["numbers", "mixed"])
@pytest.mark.parametrize("n_classes", [1, 2, 4])
@pytest.mark.parametrize("kind", MEMBERS)
def test_compiled_member_says_what_the_member_says(kind, n_classes, mixed):
    X = table(400, 0, mixed=mixed)
    member = kind("regression" if n_classes == 1 else "classification")
    member.fit(X, target(X, n_classes))
    new = table(200, 1, mixed=mixed)
    if mixed:
        new.loc[:20, "d"] = "never seen"
    plain, fast = (teacher_response(m, new, member.task_) for m in (member, compiled(member)))
    np.testing.assert_allclose(fast, plain, rtol=2e-6, atol=1e-6)


@needs_core
@pytest.mark.parametrize("kind", MEMBERS)
def test_compiled_member_goes_the_same_way_on_the_very_split(kind):
    # Tenths are no float32, and XGBoost splits at values that rows have.
    rng = np.random.default_rng(0)
    X = rng.integers(-20, 20, size=(600, 2)) / 10
    member = kind("regression").fit(X, X[:, 0] * X[:, 1])
    rows = np.array([(a / 10, b / 10) for a in range(-21, 22) for b in range(-21, 22)])
    rows = np.concatenate([rows, np.nextafter(rows, 9), rows.astype(np.float32)])
    plain, fast = (teacher_response(m, rows, member.task_) for m in (member, compiled(member)))
    np.testing.assert_allclose(fast, plain, rtol=2e-6, atol=2e-6)


@needs_core
def test_compiled_member_is_another_object_where_trees_are_numeric():
    X = table(200, 0, mixed=False)
    for kind in MEMBERS:
        member = kind("classification").fit(X, target(X, 2))
        assert compiled(member) is not member


def test_compiled_leaves_other_teachers_as_they_are():
    X = table(100, 0, mixed=False).fillna(0.0)
    teacher = GaussianNB().fit(X, target(X, 2))
    assert compiled(teacher) is teacher


def test_compiled_ensemble_says_what_the_ensemble_says():
    X = table(300, 0, mixed=True)
    teacher = TeacherEnsemble(
        [("forest", ExtraTreesMember()), ("boosting", LightGBMMember())], cv=2
    ).fit(X, target(X, 2))
    new = table(100, 1, mixed=True)
    plain, fast = (teacher_response(t, new, teacher.task_) for t in (teacher, compiled(teacher)))
    np.testing.assert_allclose(fast, plain, atol=1e-6)


BOOSTERS = [LightGBMMember, XGBoostMember]


@needs_core
@pytest.mark.parametrize("gaps", [0.0, 0.1])
@pytest.mark.parametrize("n_categories", [2, 5, 40, 51])
@pytest.mark.parametrize("kind", BOOSTERS)
def test_compiled_booster_sends_each_category_its_way(kind, n_categories, gaps):
    rng = np.random.default_rng(n_categories)
    names = np.array([f"c{i:02}" for i in range(n_categories)])
    codes = rng.integers(n_categories, size=(1500, 2))
    X = pd.DataFrame(names[codes], columns=["d", "e"]).mask(rng.random((1500, 2)) < gaps)
    y = rng.normal(size=(2, n_categories))[[0, 1], codes].sum(axis=1)
    member = kind("regression").fit(X, y)
    assert compiled(member) is not member
    every = [*names, "never seen", None]
    new = pd.DataFrame([(d, e) for d in every for e in every], columns=["d", "e"])
    plain, fast = (teacher_response(m, new, member.task_) for m in (member, compiled(member)))
    np.testing.assert_allclose(fast, plain, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("kind", BOOSTERS)
def test_member_is_left_as_it_is_where_a_category_has_no_bit(kind):
    names = [f"c{i:02}" for i in range(52)]
    X = pd.DataFrame({"d": np.random.default_rng(0).choice(names, 2000)})
    member = kind("classification").fit(X, X["d"].isin(names[::2]).astype(int))
    assert compiled(member) is member
    found, n_codes = read_trees(member.model_), member.schema_.n_codes
    with pytest.raises(InputError, match="must have at most 51 categories, got 52"):
        tree_arrays(found, "sigmoid", n_codes)
    assert tree_arrays(found, "sigmoid", n_codes - 1).left_categories is not None
