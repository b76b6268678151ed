"""The core in C tells the same reasons as numpy, and they sum to the score that it answers with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from ensemble_kd.explain import Explainer, plan_of, with_reasons
from ensemble_kd.explain._engine import values_of
from ensemble_kd.explain._network import NetworkValues
from ensemble_kd.explain._score import score_weights, with_sum
from ensemble_kd.model import CompactModel, LogitScaling, ReasonGroup, Reasons
from ensemble_kd.runtime import HAS_CORE, CompiledRuntime, build_runtime

from .oracle import SCHEMA, encoded_rows, exact, explained, random_network
from .test_values import ALL, BACKGROUND, NAMES, NETWORKS

pytestmark = pytest.mark.skipif(not HAS_CORE, reason="the core in C was not built")
STEPS = [1, 2, 4, None]
GROUPS = (ReasonGroup("where", (5, 0)), ReasonGroup("how", (2, 3)))
MODELS = {
    **NETWORKS,
    "wide": CompactModel(
        "classification", SCHEMA, random_network(6, (33, 47, 70)), tuple("abcdef"),
        LogitScaling(0.8, np.arange(6) / 7), reasons=Reasons(BACKGROUND, output=4),
    ),
    "grouped": replace(
        NETWORKS["two_classes"],
        reasons=Reasons(BACKGROUND, output=0, groups=GROUPS, excluded=(1,), raises=False),
    ),
    "additive": CompactModel(
        "classification", SCHEMA, random_network(2), ("no", "yes"), reasons=Reasons(BACKGROUND)
    ),
}  # fmt: skip


def hard_rows(n_rows, seed):
    X = encoded_rows(n_rows, seed, missing=0.15)
    X[::7, 0], X[::11, 1] = np.inf, -np.inf
    X[::5, 2] *= 40
    return X


def explainers(model, monkeypatch, n_steps=None):
    """Return one by the core and one by numpy."""
    model = replace(model, reasons=replace(model.reasons, n_steps=n_steps))
    out = []
    for runtime in ("c", "numpy"):
        monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
        out.append(Explainer(model))
    return out


@pytest.mark.parametrize("n_steps", STEPS)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_core_tells_what_numpy_tells(model, n_steps, monkeypatch):
    X = hard_rows(400, seed=4)
    found, wanted = (e.explain(X) for e in explainers(model, monkeypatch, n_steps))
    np.testing.assert_allclose(found.values, wanted.values, atol=2e-6)
    np.testing.assert_allclose(found.rest, wanted.rest, atol=2e-6)
    np.testing.assert_allclose(found.base, wanted.base, atol=1e-6)
    assert [[r.name for r in row] for row in found.reasons()] == [
        [r.name for r in row] for row in wanted.reasons()
    ]


@pytest.mark.parametrize("model", ALL, ids=NAMES)
@pytest.mark.parametrize("runtime", ["c", "numpy"])
def test_contributions_sum_to_the_score_that_is_served(model, runtime, monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
    X = hard_rows(2000, seed=4)
    for n_steps in (3, None):
        told = replace(model, reasons=replace(model.reasons, n_steps=n_steps))
        found = Explainer(told).explain(X)
        sums = build_runtime(model).outputs(X)
        if model.has_classes and model.link == "identity":
            sums = sums / sums.sum(axis=1, keepdims=True)
        weight, offset = score_weights(model, model.reasons.output)
        served = sums @ weight + offset
        assert np.abs(found.score - served).max() < 1e-9


def test_core_alone_explains_a_row_as_in_a_batch_to_the_last_bit(monkeypatch):
    core, _ = explainers(MODELS["wide"], monkeypatch, 4)
    X = hard_rows(50, seed=5)
    batch = core.explain(X).values
    ones = [core.explain(X[i : i + 1]).values[0] for i in range(50)]
    assert (np.array(ones) == batch).all()


def arrays_of_plan(model, **changes):
    weight, offset = score_weights(model, model.reasons.output)
    n_players = 6
    return {
        "background": np.array(BACKGROUND),
        "player": np.arange(n_players, dtype=np.int32),
        "order": np.tile(np.arange(n_players, dtype=np.int32), (len(BACKGROUND), 1)),
        "weight": weight,
        "offset": np.array([offset]),
        "n_steps": np.array([2], dtype=np.int32),
    } | changes


@pytest.mark.parametrize("most_floats", [8, 4])
def test_narrower_vectors_tell_the_same(most_floats):
    X = hard_rows(60, seed=6)
    model = MODELS["wide"]
    plan = arrays_of_plan(model)
    widest = CompiledRuntime(model, reasons=plan).explain(X)
    narrow = CompiledRuntime(model, most_floats=most_floats, reasons=plan).explain(X)
    for one, other in zip(widest, narrow, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)


TWICE = np.zeros((5, 6), dtype=np.int32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"background": BACKGROUND.ravel()[:-1]}, "background must have 24 entries, got 29"),
        ({"background": BACKGROUND[:0]}, "from 1 to 256 rows"),
        ({"player": np.array([0, 1, 2, 3, 4, 6], dtype=np.int32)}, "number of columns, got 6"),
        ({"player": np.array([0, 1, 2, 3, 4, -1], dtype=np.int32)}, "number of columns, got -1"),
        ({"player": np.arange(5, dtype=np.int32)}, "player must have 6 entries"),
        ({"order": TWICE}, "must name every player once"),
        ({"order": TWICE + 6}, "must name every player once, got 6"),
        ({"order": TWICE[:4]}, "order must have 30 entries"),
        ({"weight": np.ones(2)}, "weight must have 6 entries"),
        ({"weight": np.full(6, np.nan)}, "weight: must be finite"),
        ({"offset": np.array([np.inf])}, "offset: must be finite"),
        ({"n_steps": np.array([0], dtype=np.int32)}, "n_steps: must be from 1"),
        ({"n_steps": np.array([7], dtype=np.int32)}, "n_steps: must be from 1"),
    ],
)
def test_core_refuses_a_plan_that_is_unsound(changes, message):
    with pytest.raises(ValueError, match=message):
        CompiledRuntime(MODELS["wide"], reasons=arrays_of_plan(MODELS["wide"], **changes))


def test_core_refuses_what_does_not_fit():
    model = MODELS["wide"]
    with pytest.raises(ValueError, match="built without reasons"):
        CompiledRuntime(model).core.explain(np.zeros((1, 6)), np.zeros((1, 7)))
    with pytest.raises(ValueError, match="built without reasons"):
        _ = CompiledRuntime(model).core.base
    core = CompiledRuntime(model, reasons=arrays_of_plan(model)).core
    with pytest.raises(ValueError, match="out must have 7 entries, got 6"):
        core.explain(np.zeros((1, 6)), np.zeros((1, 6)))
    outside = NETWORKS["outside"]
    with pytest.raises(ValueError, match="must be absent"):
        CompiledRuntime(outside, reasons=arrays_of_plan(outside))


def test_twin_columns_are_told_in_the_order_of_the_table(monkeypatch):
    record = random_network(2, (24, 24), seed=3)
    edges, weight = record.edges.copy(), record.numeric_weight.copy()
    edges[15:20], weight[12:16] = edges[5:10], weight[4:8]  # column d is b once more
    missing = record.missing_weight.copy()
    missing[3] = missing[1]
    record = replace(record, edges=edges, numeric_weight=weight, missing_weight=missing)
    background = np.array(BACKGROUND[:1])
    background[:, 3] = background[:, 1]
    model = CompactModel("classification", SCHEMA, record, ("no", "yes"),
                         reasons=Reasons(background, output=1))  # fmt: skip
    X = encoded_rows(500, seed=7)
    X[:, 3] = X[:, 1]
    n_met = 0
    # One row of the background forwards and backwards: twins are exchanged, and equal, only where
    # both change in one step.
    for one in explainers(model, monkeypatch, 1):
        found = one.explain(X)
        np.testing.assert_allclose(found.values[:, 1], found.values[:, 3], atol=1e-12)
        for row in found.reasons():
            names = [reason.name for reason in row]
            if "d" in names:
                n_met += 1
                assert names.index("d") == names.index("b") + 1
    assert n_met > 100


@pytest.mark.parametrize("runtime", ["c", "numpy"])
@pytest.mark.parametrize("n_steps", [2, 3])
def test_steps_are_exact_where_two_act_together_and_each_has_a_step(runtime, n_steps, monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", runtime)
    pair = (ReasonGroup("numbers", (0, 1, 2, 3)), ReasonGroup("codes", (4, 5)))
    model = replace(
        NETWORKS["two_classes"], reasons=Reasons(BACKGROUND, 1, groups=pair, n_steps=n_steps)
    )
    X = encoded_rows(20, seed=8)
    wanted = exact(model, X, BACKGROUND, 1, [[0, 1, 2, 3], [4, 5]])
    np.testing.assert_allclose(Explainer(model).explain(X).values, wanted, atol=1e-6)


@pytest.mark.parametrize("model", NETWORKS.values(), ids=NETWORKS)
def test_steps_are_near_the_exact_shapley_values(model):
    X = encoded_rows(12, seed=10)
    wanted = exact(model, X, BACKGROUND, model.reasons.output)
    stepped = replace(model, reasons=replace(model.reasons, n_steps=3))
    found = Explainer(stepped).explain(X).values
    assert np.abs(found - wanted).sum() < 0.25 * np.abs(wanted).sum()
    assert np.mean([spearmanr(a, b).statistic for a, b in zip(found, wanted, strict=True)]) > 0.85


def test_one_step_is_the_rescale_rule():
    """Worked by hand: relu(x1 + x2 - 1) from (0, 0) to (2, 1) has the slope 2 / 3."""
    body = replace(
        random_network(1, (1,)),
        numeric_columns=np.array([0, 1], dtype=np.int32),
        edge_offsets=np.array([0, 2, 4], dtype=np.int32),
        edges=np.array([0.0, 4.0, 0.0, 4.0]),
        numeric_weight=np.array([[4.0], [4.0]], dtype=np.float32),
        missing_weight=np.zeros((2, 1), dtype=np.float32),
        category_weight=np.zeros((8, 1), dtype=np.float32),
        first_bias=np.array([-1.0], dtype=np.float32),
    )
    body.layers[0].weight[:] = 1.0
    body.layers[0].bias[:] = 0.0
    model = CompactModel("regression", SCHEMA, body, reasons=Reasons(np.zeros((1, 6)), n_steps=1))
    row = np.array([[2.0, 1.0, 0.0, 0.0, 0.0, 0.0]])
    values = Explainer(model).explain(row).values[0]
    np.testing.assert_allclose(values, [4 / 3, 2 / 3, 0, 0, 0, 0], atol=1e-7)
    assert explained(model, row, 0) == pytest.approx(2.0)


def test_many_columns_change_in_steps_and_few_one_by_one():
    rows = SCHEMA.decode_rows(encoded_rows(400))
    model = replace(NETWORKS["two_classes"], reasons=None)
    assert with_reasons(model, rows).reasons.n_steps is None
    assert with_reasons(model, rows, n_steps=2).reasons.n_steps == 2
    told = replace(model, reasons=Reasons(BACKGROUND, n_steps=2))
    with_core = values_of(told, plan_of(told))
    assert not isinstance(with_core, NetworkValues)


def test_with_sum_keeps_order_ties_and_zeros():
    values = np.array([[1.0, -2.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    found = with_sum(values, np.array([0.004, 0.5]))
    assert found[0].sum() == pytest.approx(0.004)
    assert found[0, 0] == found[0, 2] and found[0, 3] == 0
    assert (found[1] == 0).all()
