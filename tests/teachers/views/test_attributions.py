"""Laws of the view that tells columns: sums, libraries' own numbers, columns that are not used."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd.tasks import task_named
from ensemble_kd.teachers import TeacherEnsemble
from ensemble_kd.teachers.members import LightGBMMember, NetworkMember, XGBoostMember
from ensemble_kd.teachers.views import AttributionView, as_view
from ensemble_kd.teachers.views import _tree_contributions as trees
from ensemble_kd.teachers.views._parts import Part

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4)).round(1)
y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int)
three = y + (X[:, 2] > 0)
VALUE = X[:, 0] - np.abs(X[:, 1])
TASKS = {
    name: task_named(kind).read_target(target)[0]
    for name, kind, target in (
        ("two", "classification", y), ("three", "classification", three),
        ("value", "regression", VALUE),
    )
}  # fmt: skip
ALONE = np.arange(4)


def told(model, n_outputs=2, group=ALONE):
    """Return what columns add to the sums of a model's trees, for all rows."""
    part = Part(1.0, model, lambda rows: np.asarray(rows, dtype=float))
    return trees.tree_contributions(part, group, n_outputs)(X)


def test_along_the_paths_of_a_forest_columns_sum_to_its_answer(monkeypatch):
    monkeypatch.setattr(trees, "LEAST_SHARE", 0.0)
    for target, n_outputs in ((y, 2), (three, 3)):
        model = RandomForestClassifier(8, max_leaf_nodes=12, random_state=0).fit(X, target)
        sums = told(model, n_outputs).sum(axis=2)
        # What is left is what the roots say, the same for all rows.
        np.testing.assert_allclose(np.ptp(model.predict_proba(X) - sums, axis=0), 0, atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeRegressor(max_leaf_nodes=9),
        ExtraTreesRegressor(7, max_leaf_nodes=9, random_state=0),
        HistGradientBoostingRegressor(max_iter=9, max_leaf_nodes=6),
    ],
    ids=lambda model: type(model).__name__,
)
def test_along_the_paths_of_trees_of_values_too(model, monkeypatch):
    monkeypatch.setattr(trees, "LEAST_SHARE", 0.0)
    model.fit(X, VALUE)
    sums = told(model, 1).sum(axis=(1, 2))
    assert np.ptp(model.predict(X) - sums) < 1e-5 * np.ptp(VALUE)


def test_boosted_classes_have_sums_of_their_own():
    model = HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=5).fit(X, three)
    sums = told(model, 3).sum(axis=2)
    assert np.ptp(model._raw_predict(X) - sums, axis=0).max() < 1e-5


def test_a_stump_by_hand():
    # Three rows at 0 and one at 1 beyond the only split: the mean is 1 / 4.
    stump = DecisionTreeRegressor().fit([[0.0], [0.0], [0.0], [1.0]], [0.0, 0.0, 0.0, 1.0])
    part = Part(1.0, stump, np.asarray)
    found = trees.tree_contributions(part, np.arange(1), 1)(np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(found.ravel(), [-0.25, 0.75])


@pytest.mark.parametrize(("target", "n_sums"), [(y, 1), (three, 3)], ids=["two", "three"])
def test_libraries_tell_what_their_own_calls_do(target, n_sums):
    light = lightgbm.LGBMClassifier(n_estimators=5, num_leaves=4, n_jobs=1, verbose=-1)
    own = light.fit(X, target).booster_.predict(X, pred_contrib=True).reshape(150, n_sums, 5)
    np.testing.assert_allclose(told(light, 1 + len(own[0])), own[:, :, :4])
    boost = xgboost.XGBClassifier(n_estimators=5, max_depth=2, n_jobs=1).fit(X, target)
    margins = boost.predict(X, output_margin=True).reshape(150, n_sums)
    sums = told(boost, n_sums).sum(axis=2)
    assert np.ptp(margins - sums, axis=0).max() < 1e-4


MODELS = {
    "forest": RandomForestClassifier(8, max_leaf_nodes=8, random_state=0),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=8, num_leaves=4, n_jobs=1, verbose=-1),
    "xgboost": xgboost.XGBClassifier(n_estimators=8, max_depth=2, n_jobs=1),
    "boosted": GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0),
    "linear": LogisticRegression(),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_column_that_is_never_used_adds_nothing(name):
    rows = X.copy()
    rows[:, 3] = 0.0
    model = MODELS[name].fit(rows, y)
    rows[:, 3] = RNG.normal(size=150)
    seen = AttributionView().fit(model, rows, TASKS["two"]).transform(rows)
    assert seen.shape == (150, 4) and seen.dtype == np.float32
    np.testing.assert_allclose(seen[:, 3], 0, atol=1e-6)
    assert (np.abs(seen[:, 0]).mean() > 0.1) and np.isfinite(seen).all()


@pytest.mark.parametrize("name", MODELS)
def test_each_row_is_seen_by_itself(name):
    view = AttributionView().fit(MODELS[name].fit(X, y), X, TASKS["two"])
    np.testing.assert_allclose(view.transform(X[7:9]), view.transform(X)[7:9], atol=1e-5)


def test_columns_of_a_linear_model_add_their_slopes_times_the_way_from_the_mean():
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, VALUE)
    seen = AttributionView().fit(model, X, TASKS["value"]).transform(X)
    way = (X - X.mean(axis=0)) * model[-1].coef_ / model[0].scale_
    np.testing.assert_allclose(seen / seen.std(), way / way.std(), atol=1e-3)


def test_three_classes_have_no_sign():
    model = RandomForestClassifier(8, max_leaf_nodes=8, random_state=0).fit(X, three)
    view = AttributionView().fit(model, X, TASKS["three"])
    added = told(model, 3)
    lengths = np.linalg.norm(added - added.mean(axis=1, keepdims=True), axis=1)
    seen = view.transform(X)
    np.testing.assert_allclose(seen / seen.mean(), lengths / lengths.mean(), rtol=1e-3)


def test_two_columns_of_probabilities_point_as_one_of_log_odds():
    # A stump's shares, and what a booster of one split sums: each moves as the first column does.
    rows, target = X[:, :1], (X[:, 0] > 0).astype(int)
    task = task_named("classification").read_target(target)[0]
    stump = RandomForestClassifier(1, max_depth=1, bootstrap=False).fit(rows, target)
    light = lightgbm.LGBMClassifier(n_estimators=1, num_leaves=2, n_jobs=1, verbose=-1)
    for model in (stump, light.fit(rows, target), LogisticRegression().fit(rows, target)):
        seen = AttributionView().fit(model, rows, task).transform(np.array([[-1.0], [1.0]]))
        assert seen[0, 0] < 0 < seen[1, 0]


def test_members_count_by_their_weight_whatever_their_unit():
    frame = pd.DataFrame(X).assign(kind=np.where(X[:, 2] > 0, "a", None))
    members = [LightGBMMember(n_rounds=4), XGBoostMember(n_rounds=4), NetworkMember()]
    fitted = [("l", members[0].fit(frame, y)), ("x", members[1].fit(frame, y))]
    seen = [AttributionView().fit(one, frame, TASKS["two"]).transform(frame) for _, one in fitted]
    teacher = TeacherEnsemble(fitted)
    teacher.members_, teacher.weights_ = fitted, np.array([0.25, 0.75])
    both = AttributionView().fit(teacher, frame, TASKS["two"]).transform(frame)
    assert both.shape == (150, 5)
    np.testing.assert_allclose(both, 0.25 * seen[0] + 0.75 * seen[1], atol=1e-5)


def test_a_model_behind_transformers_is_moved_and_not_looked_into():
    # Behind it the columns stand in another order.
    turned = ColumnTransformer([("b", "passthrough", [1]), ("a", "passthrough", [0])])
    model = make_pipeline(turned, DecisionTreeRegressor(max_leaf_nodes=3)).fit(X, X[:, 0])
    seen = AttributionView().fit(model, X, TASKS["value"]).transform(X)
    assert np.abs(seen[:, 0]).mean() > 0.1
    np.testing.assert_allclose(seen[:, 1:], 0, atol=1e-6)


def test_frames_of_any_kind_are_moved():
    frame = pd.DataFrame(
        {"n": X[:, 0], "c": pd.Categorical(np.where(X[:, 1] > 0, "u", "v")), "m": X[:, 2]}
    )
    frame.loc[::3, "m"] = np.nan
    frame.index = frame.index[::-1]

    class Model:
        classes_ = np.array([0, 1])

        def predict_proba(self, rows):
            assert rows["c"].dtype == frame["c"].dtype
            odds = 2 * rows["n"] + (rows["c"] == "u") + rows["m"].isna()
            chance = 1 / (1 + np.exp(-odds.to_numpy()))
            return np.column_stack([1 - chance, chance])

    before = frame.copy()
    seen = AttributionView().fit(Model(), frame, TASKS["two"]).transform(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert np.corrcoef(seen[:, 0], frame["n"])[0, 1] == pytest.approx(1)
    # One step between the categories, and one between missing and not, as high as each other.
    is_u, is_missing = (frame["c"] == "u").to_numpy(), frame["m"].isna().to_numpy()
    steps = [seen[is_u, 1].mean() - seen[~is_u, 1].mean(),
             seen[is_missing, 2].mean() - seen[~is_missing, 2].mean()]  # fmt: skip
    assert steps[0] == pytest.approx(steps[1], rel=1e-4)


def test_many_columns_are_told_by_groups():
    wide = RNG.normal(size=(80, 100))
    value = wide[:, 0] + wide[:, 99]
    model = ExtraTreesRegressor(5, max_leaf_nodes=8, random_state=0).fit(wide, value)
    task = task_named("regression").read_target(value)[0]
    whole = AttributionView().fit(model, wide, task).transform(wide)
    halves = AttributionView(2).fit(model, wide, task).transform(wide)
    assert whole.shape == (80, 64) and halves.shape == (80, 2)
    summed = np.column_stack([whole[:, :32].sum(axis=1), whole[:, 32:].sum(axis=1)])
    np.testing.assert_allclose(halves / halves.std(), summed / summed.std(), atol=1e-4)


def test_view_is_found_by_name():
    assert isinstance(as_view("attributions"), AttributionView)
