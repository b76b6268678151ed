"""Laws of the views: what two rows have in common to the teacher, each row by itself."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import read_trees
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers import TeacherEnsemble
from ensemble_kd.teachers.members import ExtraTreesMember, LightGBMMember, NetworkMember
from ensemble_kd.teachers.views import VIEWS, HiddenView, LeafView, OutputsView, View, as_view
from ensemble_kd.teachers.views import _leaves as leaves

TASK, AMOUNT = task_named("classification").read_target(np.array([0, 1]))[0], None
RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4)).round(1)
y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int)
NEW = RNG.normal(size=(40, 4))


def proximity(places):
    """Return the share of trees in which two rows share a leaf."""
    return (places[:, None, :] == places[None, :, :]).mean(axis=2)


TREES = {
    "forest": (
        RandomForestClassifier(10, max_leaf_nodes=6, random_state=0),
        lambda m, X: m.apply(X),
    ),
    "boosted": (
        GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0),
        lambda m, X: m.apply(X)[:, :, 0],
    ),
    "lightgbm": (
        lightgbm.LGBMClassifier(n_estimators=8, num_leaves=4, n_jobs=1, verbose=-1),
        lambda m, X: m.predict_proba(X, pred_leaf=True),
    ),
    "xgboost": (
        xgboost.XGBClassifier(n_estimators=8, max_depth=2, n_jobs=1),
        lambda m, X: m.apply(X),
    ),
}


@pytest.mark.parametrize("kind", TREES)
def test_inner_products_of_leaves_are_the_shares_of_common_leaves(kind, monkeypatch):
    monkeypatch.setattr(leaves, "LEAST_SHARE", 0.0)
    model, apply = TREES[kind]
    model = model.fit(X, y)
    view = LeafView(64).fit(model, X, TASK)
    seen = view.transform(X).astype(float)
    # Of so few leaves 64 numbers hold all.
    np.testing.assert_allclose(seen @ seen.T, proximity(apply(model, X)), atol=1e-5)


def test_fewer_numbers_are_the_nearest_ones():
    model = RandomForestClassifier(20, max_leaf_nodes=6, random_state=0).fit(X, y)
    near = proximity(model.apply(X))
    errors = []
    for n_components in (2, 8, 32):
        seen = LeafView(n_components).fit(model, X, TASK).transform(X).astype(float)
        errors.append(np.linalg.norm(seen @ seen.T - near))
        spectrum = np.linalg.eigvalsh(near)[::-1]
        # Eckart and Young: no other numbers, so few, come nearer than this.
        assert errors[-1] == pytest.approx(np.linalg.norm(spectrum[n_components:]), rel=0.05)
    assert errors == sorted(errors, reverse=True)


def test_deep_trees_are_followed_as_far_as_rows_are_left():
    model = RandomForestClassifier(3, random_state=0).fit(X, y)
    tree = read_trees(model).trees[0]
    cut = tree.cut(0.1)
    inner = cut.left >= 0
    assert inner.any()
    assert (cut.cover[inner] >= 0.1 * tree.cover[0]).all()
    assert cut.cover[~inner].sum() == pytest.approx(tree.cover[0])  # each row in one leaf
    assert len(cut.left) < len(tree.left)
    whole = tree.cut(0.0)
    assert len(whole.left) == len(tree.left)


def all_views():
    network = MLPClassifier((6,), max_iter=50, random_state=0)
    yield "leaves", RandomForestClassifier(5, random_state=0)
    yield "hidden", make_pipeline(StandardScaler(), network)
    yield "outputs", LogisticRegression()
    yield "auto", HistGradientBoostingClassifier(max_iter=5, random_state=0)


@pytest.mark.parametrize(("name", "teacher"), list(all_views()), ids=lambda one: str(one)[:8])
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_row_is_seen_by_itself(name, teacher):
    teacher = teacher.fit(X, y)
    view = as_view(name).fit(FrozenEstimator(teacher), X, TASK)
    whole = view.transform(NEW)
    assert whole.dtype == np.float32
    assert whole.shape[1] <= 32
    one_by_one = np.vstack([view.transform(NEW[i : i + 1]) for i in range(len(NEW))])
    np.testing.assert_allclose(whole, one_by_one, atol=1e-6)
    again = as_view(name).fit(FrozenEstimator(teacher), X, TASK)
    np.testing.assert_array_equal(again.transform(NEW), whole)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_hidden_layer_of_scikit_learn_is_the_one_it_answers_by():
    model = MLPClassifier((5, 3), activation="tanh", max_iter=30, random_state=0).fit(X, y)
    from ensemble_kd.teachers.views._hidden import _last_layer

    logits = _last_layer(model, NEW) @ model.coefs_[-1] + model.intercepts_[-1]
    np.testing.assert_allclose(1 / (1 + np.exp(-logits[:, 0])), model.predict_proba(NEW)[:, 1])


def test_distances_of_a_hidden_layer_are_kept_up_to_a_scale():
    class Network(LogisticRegression):
        def hidden(self, X):
            return 5 + X @ np.array([[1.0, 2, 0], [0, 1, 1], [0, 0, 3], [1, 1, 1]])

    model = Network().fit(X, y)
    seen = HiddenView(64).fit(model, X, TASK).transform(NEW)
    own = model.hidden(NEW)

    def gaps(rows):
        return np.linalg.norm(rows[:, None] - rows[None], axis=2)[np.triu_indices(len(rows), 1)]

    ratio = gaps(seen) / gaps(own)
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-4)


def test_ensemble_is_seen_through_its_heaviest_members(monkeypatch):
    monkeypatch.setattr(leaves, "LEAST_SHARE", 0.0)
    members = [
        ("forest", RandomForestClassifier(4, max_leaf_nodes=4, random_state=0)),
        ("linear", LogisticRegression()),
        ("boosted", lightgbm.LGBMClassifier(n_estimators=3, num_leaves=3, n_jobs=1, verbose=-1)),
    ]
    teacher = TeacherEnsemble(members, weights=[0.3, 0.6, 0.1], cv=2).fit(X, y)
    seen = LeafView(64).fit(teacher, X, TASK).transform(X).astype(float)
    (_, forest), _, (_, boosted) = teacher.members_
    expected = 0.75 * proximity(forest.apply(X)) + 0.25 * proximity(
        boosted.predict_proba(X, pred_leaf=True)
    )
    np.testing.assert_allclose(seen @ seen.T, expected, atol=1e-5)


def test_default_members_show_leaves_and_hidden_layers(make_frame, make_target):
    frame = make_frame(200)
    target = make_target(frame)
    task = task_named("classification").read_target(target)[0]
    members = [("trees", ExtraTreesMember()), ("boosted", LightGBMMember(n_rounds=5))]
    for member in members:
        seen = LeafView(16).fit(member[1].fit(frame, target), frame, task).transform(frame)
        assert seen.shape == (200, 16)
        norms = (seen.astype(float) ** 2).sum(axis=1)
        assert (norms <= 1 + 1e-5).all()  # a row shares all leaves with itself
    network = NetworkMember(n_rounds=2).fit(frame, target)
    own = network.model_.hidden(network.inputs(frame))
    seen = HiddenView(64).fit(network, frame, task).transform(frame)
    assert seen.shape[0] == 200
    assert own.shape == (200, 96)


def test_outputs_of_classes_do_not_depend_on_a_shift_of_logits():
    from sklearn.base import ClassifierMixin

    class Given(ClassifierMixin):
        classes_ = np.array([0, 1])

        def predict_proba(self, X):
            p = 1 / (1 + np.exp(-X[:, 0] / 4))
            return np.column_stack([1 - p, p])

    seen = OutputsView().fit(Given(), X, TASK).transform(NEW)
    assert seen.shape == (40, 1)
    gaps = np.abs(np.corrcoef(seen[:, 0], NEW[:, 0])[0, 1])
    assert gaps == pytest.approx(1, abs=1e-5)


def test_values_are_seen_in_a_unit_of_their_own():
    task = task_named("regression")
    values = 1000 + 50 * X[:, 0]
    model = ExtraTreesRegressor(5, random_state=0).fit(X, values)
    seen = OutputsView().fit(model, X, task).transform(X)
    assert seen.mean() == pytest.approx(0, abs=1e-6)
    assert (seen**2).mean() == pytest.approx(1, rel=1e-5)


def test_messages_say_what_to_choose():
    model = LogisticRegression().fit(X, y)
    with pytest.raises(InputError, match="view='leaves' needs a teacher made of trees"):
        LeafView().fit(model, X, TASK)
    with pytest.raises(InputError, match="view='hidden' needs a network"):
        HiddenView().fit(model, X, TASK)
    with pytest.raises(InputError, match="n_components must be from 1 to 64, got 65"):
        LeafView(65).fit(model, X, TASK)
    with pytest.raises(InputError, match="view must be one of"):
        as_view("leaf")
    assert isinstance(as_view(LeafView(8)), View)
    assert set(VIEWS) == {"auto", "leaves", "hidden", "outputs", "attributions"}
