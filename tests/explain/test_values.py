"""Contributions: exact where they must be, complete everywhere, and the same for one row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import GradientBoostingRegressor

from ensemble_kd.explain import Explainer
from ensemble_kd.explain import _trees as trees_room
from ensemble_kd.model import (
    CompactModel,
    LogitScaling,
    Outside,
    ProbabilityCurve,
    ReasonGroup,
    Reasons,
    ScoreQuantiles,
)
from ensemble_kd.runtime import build_runtime, response

from .oracle import (
    N_COLUMNS,
    SCHEMA,
    boosted_record,
    encoded_rows,
    exact,
    explained,
    random_network,
    random_trees,
)

BACKGROUND = encoded_rows(5, seed=9)


@pytest.fixture(autouse=True)
def _in_double(monkeypatch):
    """Have numpy explain what numpy scores; test_core.py has the core in C, in single precision."""
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", "numpy")


OUTSIDE = Outside(
    np.array([0, 1, 2, 5], dtype=np.int32),
    np.array([-2.0, -1.0, -1.5, 0.0]),
    np.array([2.0, 1.0, 1.5, 2.0]),
    np.array([4.0, 2.0, 3.0, 2.0]),
    np.array([1.0, 1.1, 0.9, 0.8]),
    np.array([0.0, 0.5, 0.0, 1.0]),
)


def model(task, body, classes=(), output=0, **changes):
    reasons = Reasons(BACKGROUND, output=output)
    return CompactModel(task, SCHEMA, body, classes, **({"reasons": reasons} | changes))


TREES = {
    "log_odds": model("classification", random_trees(7, 1, "sigmoid"), ("no", "yes"), 1),
    "log_odds_of_the_first": model("classification", random_trees(3, 1, "sigmoid"), (0, 1), 0),
    "logits": model("classification", random_trees(6, 3, "softmax"), ("a", "b", "c"), 2),
    "shares": model(
        "classification", random_trees(1, 3, "identity", whole=True, depth=5), (0, 1, 2), 1
    ),
    "value": model("regression", random_trees(4, 1, "identity")),
    "all_outputs": model(
        "classification", random_trees(3, 2, "softmax", whole=True), (0, 1), 1,
        calibrator=LogitScaling(0.7, np.array([0.3, -0.4])),
    ),
    "stump": model("regression", random_trees(2, 1, "identity", depth=0)),
}  # fmt: skip
ADDITIVE = {
    "logits": model("classification", random_network(2), ("no", "yes"), 1),
    "value": model("regression", random_network(1, output_mean=3.0, output_scale=7.0)),
}
NETWORKS = {
    "two_classes": model("classification", random_network(2, (8, 6)), ("no", "yes"), 1),
    "calibrated": model(
        "classification", random_network(3, (8,)), (0, 1, 2), 2,
        calibrator=LogitScaling(1.3, np.array([0.1, 0.0, -0.2])),
    ),
    "curve": model(
        "classification", random_network(2, (8, 8, 8)), (0, 1), 1,
        calibrator=ProbabilityCurve(np.array([0.0, 1.0]), np.array([0.1, 0.4])),
    ),
    "value": model("regression", random_network(1, (9, 9, 9), output_scale=2.5, output_mean=-4.0)),
    "outside": model(
        "outliers", random_network(1, (9, 9), outside=OUTSIDE), threshold=0.0,
        quantiles=ScoreQuantiles(np.array([0.0]), np.array([0.5])),
    ),
}  # fmt: skip
ALL = [*TREES.values(), *ADDITIVE.values(), *NETWORKS.values()]
NAMES = [*(f"trees_{n}" for n in TREES), *(f"additive_{n}" for n in ADDITIVE), *NETWORKS]


@pytest.mark.parametrize("model", TREES.values(), ids=TREES)
def test_trees_have_exact_shapley_values(model):
    X = encoded_rows(6, seed=1)
    found = Explainer(model).explain(X)
    wanted = exact(model, X, BACKGROUND, model.reasons.output)
    np.testing.assert_allclose(found.values, wanted, atol=1e-9)


@pytest.mark.parametrize("model", ADDITIVE.values(), ids=ADDITIVE)
def test_additive_network_has_exact_shapley_values(model):
    X = encoded_rows(6, seed=2)
    wanted = exact(model, X, BACKGROUND, model.reasons.output)
    np.testing.assert_allclose(Explainer(model).explain(X).values, wanted, atol=1e-9)


def test_trees_have_exact_shapley_values_of_groups():
    players = [[0, 5], [1], [2, 3], [4]]
    groups = (ReasonGroup("where", (0, 5)), ReasonGroup("how", (2, 3)))
    for given in TREES.values():
        grouped = replace(given, reasons=replace(given.reasons, groups=groups))
        X = encoded_rows(4, seed=3)
        found = Explainer(grouped).explain(X)
        assert found.names == ["where", "b", "how", "flag"]
        wanted = exact(given, X, BACKGROUND, given.reasons.output, players)
        np.testing.assert_allclose(found.values, wanted, atol=1e-9)


@pytest.mark.parametrize("model", ALL, ids=NAMES)
def test_contributions_and_base_are_the_score(model):
    X = encoded_rows(2000, seed=4, missing=0.15)
    X[::7, 0] = np.inf
    X[::11, 1] = -np.inf
    X[::5, 2] *= 40
    found = Explainer(model).explain(X)
    score = explained(model, X, model.reasons.output)
    assert np.abs(found.score - score).max() < 1e-9
    # As whoever has the response alone sees it.
    if model.has_classes and len(model.classes) == 2 and "curve" not in str(model.calibrator):
        answer = response(model, build_runtime(model).outputs(X))
        log_odds = np.log(answer[:, 1] / answer[:, 0]) * (1 if model.reasons.output else -1)
        np.testing.assert_allclose(found.score, log_odds, atol=1e-5)


@pytest.mark.parametrize("model", ALL, ids=NAMES)
def test_one_row_is_explained_as_in_a_batch(model):
    X = encoded_rows(300, seed=5)
    explainer = Explainer(model)
    batch = explainer.explain(X)
    reasons = batch.reasons()
    for i in range(0, 300, 23):
        one = explainer.explain(X[i : i + 1])
        np.testing.assert_allclose(one.values[0], batch.values[i], atol=1e-12)
        assert [r.name for r in one.reasons()[0]] == [r.name for r in reasons[i]]


@pytest.mark.parametrize("model", ALL, ids=NAMES)
def test_row_of_the_background_alone_is_explained_by_nothing(model):
    alone = replace(model, reasons=replace(model.reasons, background=BACKGROUND[:1]))
    found = Explainer(alone).explain(BACKGROUND[:1])
    np.testing.assert_allclose(found.values, 0.0, atol=1e-12)
    assert found.reasons() == [()]


@pytest.mark.parametrize("n_numbers", [0, 60, 400])
def test_trees_with_less_of_a_table_have_the_same_values(n_numbers, monkeypatch):
    X = encoded_rows(50, seed=6)
    model = TREES["log_odds"]
    wanted = Explainer(model).explain(X).values
    monkeypatch.setattr(trees_room, "TABLE_NUMBERS", n_numbers)
    monkeypatch.setattr(trees_room, "CHUNK_NUMBERS", 3000)
    np.testing.assert_allclose(Explainer(model).explain(X).values, wanted, atol=1e-12)


@pytest.mark.parametrize("model", ALL, ids=NAMES)
def test_excluded_column_changes_no_other_and_goes_to_the_rest(model):
    X = encoded_rows(40, seed=7)
    open_ = Explainer(model).explain(X)
    hidden = replace(model, reasons=replace(model.reasons, excluded=(1, 5)))
    found = Explainer(hidden).explain(X)
    assert found.names == ["a", "c", "d", "flag"]
    np.testing.assert_allclose(found.values, open_.values[:, [0, 2, 3, 4]], atol=1e-12)
    np.testing.assert_allclose(found.rest, open_.values[:, [1, 5]].sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.score, open_.score, atol=1e-9)
    assert not {r.name for row in found.reasons() for r in row} & {"b", "city"}


def test_trees_have_the_values_of_shap():
    shap = pytest.importorskip("shap")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, N_COLUMNS))
    X[:, 4] = X[:, 4] > 0
    X[:, 5] = rng.integers(4, size=500)
    y = X[:, 0] * X[:, 1] + X[:, 2] + X[:, 4] * X[:, 3]
    forest = GradientBoostingRegressor(n_estimators=20, max_depth=4, random_state=0).fit(X, y)
    trees = [stage[0] for stage in forest.estimators_]
    record = boosted_record(trees, forest.learning_rate, forest.init_.constant_.ravel())
    background = X[:30]
    given = model("regression", record, reasons=Reasons(background))
    found = Explainer(given).explain(X)
    oracle = shap.TreeExplainer(forest, background, feature_perturbation="interventional")
    np.testing.assert_allclose(found.values, oracle.shap_values(X), atol=1e-5)
    np.testing.assert_allclose(found.base, oracle.expected_value, atol=1e-5)


PAIR = (ReasonGroup("numbers", (0, 1, 2, 3)), ReasonGroup("codes", (4, 5)))


@pytest.mark.parametrize("model", NETWORKS.values(), ids=NETWORKS)
def test_network_has_exact_shapley_values_where_two_act_together(model):
    paired = replace(model, reasons=replace(model.reasons, groups=PAIR))
    X = encoded_rows(20, seed=8)
    wanted = exact(model, X, BACKGROUND, model.reasons.output, [[0, 1, 2, 3], [4, 5]])
    np.testing.assert_allclose(Explainer(paired).explain(X).values, wanted, atol=1e-9)


@pytest.mark.parametrize("model", NETWORKS.values(), ids=NETWORKS)
def test_network_is_near_its_exact_shapley_values(model):
    X = encoded_rows(12, seed=10)
    wanted = exact(model, X, BACKGROUND, model.reasons.output)
    found = Explainer(model).explain(X).values
    assert np.abs(found - wanted).sum() < 0.2 * np.abs(wanted).sum()
    ranks = [spearmanr(a, b).statistic for a, b in zip(found, wanted, strict=True)]
    assert np.mean(ranks) > 0.9


def test_outside_is_the_doing_of_the_column_that_lies_there():
    weightless = random_network(1, (9, 9), outside=OUTSIDE)
    weights = weightless.numeric_weight.copy()
    weights[:16] = 0  # of the columns themselves
    body = replace(
        weightless,
        numeric_weight=weights,
        missing_weight=np.zeros_like(weightless.missing_weight),
        category_weight=np.zeros_like(weightless.category_weight),
    )
    far = np.array([[0.0, 0.0, 30.0, 0.0, 1.0, 1.0]])
    inside = np.zeros((2, 6))
    explained_model = model("outliers", body, reasons=Reasons(inside, raises=False))
    found = Explainer(explained_model).explain(far)
    assert np.flatnonzero(np.abs(found.values[0]) > 1e-12).tolist() == [2]
