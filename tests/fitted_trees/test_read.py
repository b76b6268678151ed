"""Trees are read alike, whatever library grew them."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.fitted_trees import FittedTrees, read_trees

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(600, 3))
Y = (X[:, 1] > 0.25).astype(int) + (X[:, 2] > 0.5)
QUIET = {"n_jobs": 1, "verbosity": -1}
MODELS = {
    "tree": DecisionTreeClassifier(),
    "forest": RandomForestClassifier(5, random_state=0),
    "gradient boosting": GradientBoostingClassifier(n_estimators=4),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=4),
    "xgboost": xgboost.XGBClassifier(n_estimators=4, n_jobs=1),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=4, **QUIET),
}
N_TREES = {"tree": 1, "forest": 5}  # Of the others three a round.


@pytest.fixture(scope="module", params=MODELS)
def found(request) -> FittedTrees:
    """The trees of a model."""
    trees = read_trees(MODELS[request.param].fit(X, Y))
    assert trees is not None
    assert len(trees.trees) == N_TREES.get(request.param, 12)
    return trees


def test_every_node_but_the_root_is_one_child(found):
    for tree in found.trees:
        children = np.concatenate([tree.left[tree.left >= 0], tree.right[tree.left >= 0]])
        np.testing.assert_array_equal(np.sort(children), np.arange(1, len(tree.left)))


def test_every_array_has_an_entry_a_node(found):
    for tree in found.trees:
        assert {len(array) for array in tree} == {len(tree.left)}


def test_rows_that_come_by_a_split_come_by_a_child(found):
    for tree in found.trees:
        splits = np.flatnonzero(tree.left >= 0)
        below = tree.cover[tree.left[splits]] + tree.cover[tree.right[splits]]
        np.testing.assert_allclose(below, tree.cover[splits], rtol=1e-5)


def test_splits_are_of_columns_and_among_their_values(found):
    for tree in found.trees:
        feature, threshold, share = tree.numeric_splits()
        assert ((X.min(axis=0)[feature] <= threshold) & (threshold <= X.max(axis=0)[feature])).all()
        assert share.max() == 1.0
        assert (share > 0).all()


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_a_booster_is_read_like_the_estimator_around_it(name):
    model = MODELS[name].fit(X, Y)
    inner = model.booster_ if name == "lightgbm" else model.get_booster()
    around, alone = read_trees(model), read_trees(inner)
    assert around is not None and alone is not None
    for one, other in zip(around.trees, alone.trees, strict=True):
        np.testing.assert_array_equal(one.threshold, other.threshold)


def test_lightgbm_is_read_up_to_its_best_iteration():
    booster = MODELS["lightgbm"].fit(X, Y).booster_
    booster.best_iteration = 2
    found = read_trees(booster)
    assert found is not None
    assert len(found.trees) == 2 * 3


def _mixed() -> pd.DataFrame:
    return pd.DataFrame({"x": X[:, 1], "city": pd.Categorical(RNG.choice(["Oslo", "Rome"], 600))})


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        BaggingClassifier(DecisionTreeClassifier(), 3, max_features=2),
        xgboost.XGBClassifier(n_estimators=3, booster="gblinear", n_jobs=1),
        xgboost.XGBClassifier(n_estimators=3, booster="dart", n_jobs=1),
    ],
    ids=["no trees", "on a part of the columns", "linear", "some dropped"],
)
@pytest.mark.filterwarnings("ignore:.*gblinear.*")
def test_there_are_no_trees_in_a_model_that_has_none_of_the_columns(model):
    assert read_trees(model.fit(X, Y)) is None


def test_there_are_no_trees_in_a_model_that_puts_categories_first():
    frame = _mixed()
    assert read_trees(HistGradientBoostingClassifier(max_iter=3).fit(frame, Y)) is None


def test_a_single_leaf_has_no_splits():
    model = lightgbm.LGBMClassifier(n_estimators=2, **QUIET)
    found = read_trees(model.fit(np.zeros((99, 1)), Y[:99]))
    assert found is not None
    assert [len(tree.left) for tree in found.trees] == [1] * len(found.trees)
    assert len(found.trees[0].numeric_splits()[0]) == 0
