"""A teacher that the user brings is labelled by its trees, and says what it says itself."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier

from ensemble_kd import DistilledClassifier, TeacherEnsemble
from ensemble_kd.fitted_trees import read_trees
from ensemble_kd.runtime import HAS_CORE
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import compiled, teacher_response
from ensemble_kd.teachers.compiling import CompiledModel

needs_core = pytest.mark.skipif(not HAS_CORE, reason="the package was installed without its core")
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(400, 3)), columns=list("abc")).astype({"b": np.float32})
SCORE = (X["a"] + X["b"] * X["c"]).to_numpy()
NAMES = np.array(["bad", "fair", "good"], dtype=object)
NEW = pd.DataFrame(RNG.normal(size=(3000, 3)), columns=list("abc")).astype({"b": np.float32})
QUIET = {"verbosity": -1, "n_jobs": 1, "n_estimators": 20}
CLASSIFIERS = [
    LGBMClassifier(**QUIET),
    HistGradientBoostingClassifier(max_iter=20),
    ExtraTreesClassifier(20, random_state=0),
    RandomForestClassifier(20, random_state=0, criterion="log_loss"),
]
REGRESSORS = [
    LGBMRegressor(**QUIET),
    LGBMRegressor(objective="poisson", **QUIET),  # the core's link is another
    HistGradientBoostingRegressor(max_iter=20),
    ExtraTreesRegressor(20, random_state=0),
    DecisionTreeRegressor(max_depth=5),
]


def answers(teacher, task, rows=NEW):
    """Return what a teacher says, and what it says compiled."""
    return [teacher_response(t, rows, task) for t in (teacher, compiled(teacher, task))]


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("around", ["alone", "frozen", "pipeline"])
def test_given_classifier_says_the_same_compiled(model, n_classes, around):
    y = NAMES[pd.qcut(SCORE, n_classes, labels=False)]
    teacher = model
    if around == "pipeline":
        teacher = make_pipeline(StandardScaler().set_output(transform="pandas"), model)
    teacher.fit(X, y)
    teacher = FrozenEstimator(teacher) if around == "frozen" else teacher
    task = Classification(np.unique(y))
    assert not HAS_CORE or compiled(teacher, task) is not teacher
    own, fast = answers(teacher, task)
    np.testing.assert_allclose(fast, own, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda model: str(model)[:40])
def test_given_regressor_says_the_same_compiled(model):
    own, fast = answers(model.fit(X, np.exp(SCORE)), Regression())
    np.testing.assert_allclose(fast, own, rtol=1e-6, atol=1e-6)


@needs_core
def test_given_model_is_asked_where_the_core_would_answer_otherwise():
    model = LGBMRegressor(objective="poisson", **QUIET).fit(X, np.exp(SCORE))
    found = CompiledModel(model, read_trees(model), Regression())
    np.testing.assert_array_equal(found.predict(NEW), model.predict(NEW))
    assert found._agrees is False


def test_given_booster_that_stopped_early_is_read_up_to_its_best_round():
    y = NAMES[(SCORE + RNG.normal(size=400) > 0).astype(int)]
    model = LGBMClassifier(n_estimators=500, learning_rate=0.3, verbosity=-1, n_jobs=1)
    stop = [early_stopping(5, verbose=False)]
    with warnings.catch_warnings():  # of what held-out rows were called until LightGBM 4.6
        warnings.simplefilter("ignore")
        model.fit(X[:300], y[:300], eval_set=[(X[300:], y[300:])], callbacks=stop)
    assert model.best_iteration_ < 100
    own, fast = answers(model, Classification(np.unique(y)))
    np.testing.assert_allclose(fast, own, atol=1e-6)


@pytest.mark.parametrize("model", [CLASSIFIERS[0], CLASSIFIERS[1]], ids=["lightgbm", "histogram"])
def test_given_booster_sends_missing_and_infinite_values_its_way(model):
    y, gaps = NAMES[(SCORE > 0).astype(int)], X.mask(RNG.random(X.shape) < 0.1)
    odd = NEW.mask(RNG.random(NEW.shape) < 0.1)
    odd.iloc[:5, 0], odd.iloc[5:9, 1] = np.inf, -np.inf
    if model is CLASSIFIERS[1]:
        odd = odd.replace([np.inf, -np.inf], 9.0)
    own, fast = answers(model.fit(gaps, y), Classification(np.unique(y)), odd)
    np.testing.assert_allclose(fast, own, atol=1e-6)


def test_given_forest_is_asked_of_what_it_refuses():
    forest = ExtraTreesClassifier(5, random_state=0).fit(X, SCORE > 0)
    found = compiled(forest, Classification(np.array([False, True])))
    found.predict_proba(NEW)
    with pytest.raises(ValueError, match="infinity"):
        found.predict_proba(NEW.replace(NEW.iloc[0, 0], np.inf))
    with pytest.raises(ValueError, match="feature names"):
        found.predict_proba(NEW[["c", "b", "a"]])


def test_given_booster_with_categories_is_asked_itself():
    mixed = X.assign(d=pd.Categorical(RNG.choice(["x", "y"], len(X))))
    y = NAMES[((mixed["d"] == "x") ^ (SCORE > 0)).astype(int)]
    task, new = Classification(np.unique(y)), NEW.assign(d=pd.Categorical(["x"] * len(NEW)))
    for model in (LGBMClassifier(**QUIET), HistGradientBoostingClassifier(max_iter=20)):
        own, fast = answers(model.fit(mixed, y), task, new)
        np.testing.assert_array_equal(fast, own)


def test_models_that_are_fast_or_more_than_their_trees_are_left_as_they_are():
    task = Classification(np.array([0, 1]))
    y = (SCORE > 0).astype(int)
    for model in (XGBClassifier(n_estimators=5), GradientBoostingClassifier(n_estimators=5)):
        assert compiled(model.fit(X, y), task) is model

    class Own(RandomForestClassifier):
        """Says something else than its trees."""

    own = Own(5).fit(X, y)
    assert compiled(own, task) is own


@needs_core
def test_members_of_an_ensemble_are_compiled_wherever_they_can_be():
    y = NAMES[(SCORE > 0).astype(int)]
    encoded = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LGBMClassifier(**QUIET))
    members = [("forest", CLASSIFIERS[2]), ("boosting", CLASSIFIERS[0]), ("sparse", encoded)]
    teacher = TeacherEnsemble(members, weights="equal", cv=2).fit(X, y)
    own, fast = answers(teacher, teacher.task_)
    np.testing.assert_allclose(fast, own, atol=1e-6)
    assert isinstance(dict(compiled(teacher).members_)["forest"], CompiledModel)


@needs_core
def test_flow_labels_by_the_trees_of_a_given_teacher(monkeypatch):
    asked = []
    plain = CompiledModel.predict_proba
    monkeypatch.setattr(
        CompiledModel, "predict_proba", lambda self, X: asked.append(len(X)) or plain(self, X)
    )
    y = NAMES[(SCORE > 0).astype(int)]
    clf = DistilledClassifier(
        clone(CLASSIFIERS[0]), student="tree", recipe="fast", n_synthetic=500, cv=2
    )
    clf.fit(X, y)
    assert sum(asked) >= 500
