"""Which units go, what the others take over, and when nothing changes at all."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier, MLPStudent
from ensemble_kd.compress import (
    DropDeadNeurons,
    PruneNeurons,
    compress,
    drop_dead_neurons,
    in_codes_of,
    prune_neurons,
)
from ensemble_kd.compress.networks._forward import forward
from ensemble_kd.compress.networks._importance import by_magnitude, by_taylor, surgeon
from ensemble_kd.losses import SquaredErrorLoss
from ensemble_kd.model import Dense, SharedRows
from ensemble_kd.networks.training._fine_tune import fine_tune
from ensemble_kd.runtime import MLPRuntime

from ..conftest import NETWORKS, run

WAYS = ["obs", "taylor", "magnitude"]


def with_layer(model, i, weight=None, bias=None):
    """Return the model with another weight or bias of one dense layer."""
    layers = list(model.body.layers)
    old = layers[i]
    layers[i] = Dense(
        old.weight if weight is None else weight.astype(np.float32),
        old.bias if bias is None else bias.astype(np.float32),
    )
    return replace(model, body=replace(model.body, layers=tuple(layers)))


def without_effect(model, units):
    """Return the model with all units of the first layer alive, but some that hardly matter."""
    weight = model.body.layers[0].weight.copy()
    weight[units] *= 1e-6
    bias = model.body.first_bias + np.float32(3)
    return replace(model, body=replace(with_layer(model, 0, weight).body, first_bias=bias))


@pytest.mark.parametrize("name", NETWORKS)
def test_forward_is_what_the_runtime_gives(fitted, name):
    case = fitted(name)
    outputs = MLPRuntime(case.model.body).outputs(case.rows.X)
    np.testing.assert_allclose(forward(case.model.body, case.rows.X).outputs, outputs, atol=1e-9)


@pytest.mark.parametrize("importance", WAYS)
def test_pruning_that_keeps_all_changes_nothing(fitted, importance):
    case = fitted("mlp binary")
    step = PruneNeurons(1.0, importance=importance)
    assert step.apply(case.model, case.rows, case.loss) is case.model


@pytest.mark.parametrize("importance", WAYS)
def test_pruning_removes_the_units_of_least_importance(fitted, importance):
    case = fitted("mlp binary")
    model = without_effect(case.model, [1, 4, 9])
    pruned = prune_neurons(model, 13 / 16, importance, case.rows, case.loss)
    kept = np.setdiff1d(np.arange(16), [1, 4, 9])
    np.testing.assert_array_equal(pruned.body.first_bias, model.body.first_bias[kept])
    np.testing.assert_array_equal(pruned.body.numeric_weight, model.body.numeric_weight[:, kept])


@pytest.mark.parametrize("keep", [0.5, 0.25, 0.01])
@pytest.mark.parametrize("importance", WAYS)
def test_pruning_leaves_that_share_of_each_layer(fitted, importance, keep):
    case = fitted("mlp multiclass")
    pruned = prune_neurons(case.model, keep, importance, case.rows, case.loss).body
    widths = [len(layer.weight) for layer in pruned.layers]
    assert widths == [max(1, round(keep * 16)), max(1, round(keep * 8))]
    assert len(pruned.first_bias) == widths[0] and len(pruned.layers[0].bias) == widths[1]


def test_magnitude_is_the_product_of_lengths_worked_by_hand(fitted):
    body = fitted("mlp regression").model.body
    weights = [body.numeric_weight, body.missing_weight, body.category_weight]
    incoming = np.sqrt(sum((w[:, 3] ** 2).sum() for w in weights) + body.first_bias[3] ** 2)
    outgoing = np.sqrt((body.layers[0].weight[3] ** 2).sum())
    assert by_magnitude(body)[0][3] == pytest.approx(incoming * outgoing, rel=1e-5)


def test_magnitude_does_not_depend_on_how_a_unit_is_scaled(fitted):
    body = fitted("mlp binary").model.body
    scale = np.linspace(0.5, 4, 16).astype(np.float32)
    layers = (replace(body.layers[0], weight=body.layers[0].weight / scale[:, None]),)
    scaled = replace(
        body,
        numeric_weight=body.numeric_weight * scale,
        missing_weight=body.missing_weight * scale,
        category_weight=body.category_weight * scale,
        first_bias=body.first_bias * scale,
        layers=layers + body.layers[1:],
    )
    np.testing.assert_allclose(by_magnitude(scaled)[0], by_magnitude(body)[0], rtol=1e-4)


def test_taylor_is_the_change_of_the_loss_for_a_small_change_of_a_unit(fitted):
    case = fitted("mlp binary")
    rows = case.rows.take(np.arange(1))
    step = 1e-4

    def loss(change):
        weight = case.model.body.layers[1].weight.astype(np.float64).copy()
        weight[2] *= 1 + change  # as if the unit itself were that much larger
        body = replace(
            case.model.body,
            layers=(case.model.body.layers[0], Dense(weight, case.model.body.layers[1].bias)),
        )
        return case.loss(forward(body, rows.X).outputs, rows.response, rows.hard)[0][0]

    slope = (loss(step) - loss(-step)) / (2 * step)
    assert by_taylor(case.model.body, rows, case.loss)[1][2] == pytest.approx(abs(slope), abs=1e-6)


def test_surgeon_replaces_a_unit_by_its_twin():
    rng = np.random.default_rng(0)
    active = np.maximum(rng.normal(size=(500, 4)), 0)
    active[:, 2] = active[:, 0]
    weight, bias = rng.normal(size=(4, 3)), rng.normal(size=3)
    kept, new_weight, new_bias = surgeon(active, weight, bias, np.ones(3), 3)
    assert set(kept) in ({0, 1, 3}, {1, 2, 3})
    error = active[:, kept] @ new_weight + new_bias - (active @ weight + bias)
    assert np.abs(error).max() < 0.02


def test_surgeon_loses_less_than_plain_removal(make_transfer_set):
    rows, loss = make_transfer_set("regression"), SquaredErrorLoss(0.7)
    errors = {"obs": [], "taylor": [], "magnitude": []}
    for seed in range(5):  # on one network it may be chance
        student = MLPStudent(hidden=(16, 8), n_updates=300, batch_size=64, random_state=seed)
        model = student.fit_transfer(rows, loss).to_model()
        own = in_codes_of(model.schema, rows)
        before = run(model, own.X)
        for importance, found in errors.items():
            pruned = prune_neurons(model, 0.5, importance, own, loss)
            found.append(np.log(np.mean((run(pruned, own.X) - before) ** 2)))
    mean = {importance: np.mean(found) for importance, found in errors.items()}
    assert mean["obs"] < min(mean["taylor"], mean["magnitude"])


def test_training_after_pruning_lowers_the_held_out_loss(fitted):
    case = fitted("mlp regression")
    held_out = case.rows.take(case.rows.held_out)

    def loss(step):
        model = step.apply(case.model, case.rows, case.loss)
        outputs = run(model, held_out.X)
        return case.loss(outputs, held_out.response, held_out.hard)[0].mean()

    pruned = PruneNeurons(0.25, importance="magnitude", n_updates=0)
    assert loss(PruneNeurons(0.25, importance="magnitude", n_updates=200)) < 0.7 * loss(pruned)


def test_training_after_pruning_gives_the_same_again(fitted):
    case = fitted("mlp binary")
    step = PruneNeurons(0.5, n_updates=20)
    first, again = (step.apply(case.model, case.rows, case.loss).body for _ in range(2))
    np.testing.assert_array_equal(first.numeric_weight, again.numeric_weight)


# --- dead units -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_dead_units_are_removed_exactly(fitted, name):
    case = fitted(name)
    bias = case.model.body.first_bias.copy()
    bias[[0, 5]] = -1e4  # never on
    model = replace(case.model, body=replace(case.model.body, first_bias=bias))
    second = model.body.layers[0].bias.copy()
    second[3] = -1e6
    model = with_layer(model, 0, bias=second)
    weight = model.body.layers[1].weight.copy()
    weight[6] = 0.0  # never heard
    model = with_layer(model, 1, weight)
    smaller = drop_dead_neurons(model)
    assert len(smaller.body.first_bias) == 14
    assert len(smaller.body.layers[1].weight) == 6
    np.testing.assert_allclose(
        run(smaller, case.rows.X), run(model, case.rows.X), rtol=1e-12, atol=1e-12
    )


def test_a_network_without_dead_units_stays(fitted):
    model = fitted("mlp binary").model
    assert DropDeadNeurons().apply(model) is model


def test_a_layer_that_is_all_dead_keeps_one_unit(fitted):
    case = fitted("mlp binary")
    body = replace(case.model.body, first_bias=np.full(16, -1e4, dtype=np.float32))
    model = replace(case.model, body=body)
    smaller = drop_dead_neurons(model)
    assert len(smaller.body.first_bias) == 1
    np.testing.assert_allclose(run(smaller, case.rows.X), run(model, case.rows.X), rtol=1e-12)


def test_pruned_network_keeps_the_rows_that_categories_share(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"shop": rng.integers(0, 200, 3000), "a": rng.normal(size=3000)})
    y = (X["shop"] % 3 == 0).astype(int)
    fitted = DistilledClassifier(
        DecisionTreeClassifier(max_depth=3), recipe="fast", n_synthetic=0, cv=2,
        student=MLPStudent(hidden=(16, 8), max_categories=8, n_updates=60),
        compression=[PruneNeurons(0.5, n_updates=40), "int8"],
    ).fit(X.assign(shop=X["shop"].astype("category")), y)  # fmt: skip
    record = fitted.model_.body
    shared = record.storage["category_weight"]
    assert isinstance(shared, SharedRows)
    assert len(shared.index) > 180
    assert len(np.unique(record.category_weight, axis=0)) <= 10
    assert fitted.save(tmp_path / "model.ekd") < 20_000
    assert fitted.compression_["size_bytes"].is_monotonic_decreasing


def arrays_of(model):
    body = model.body
    layers = [array for layer in body.layers for array in (layer.weight, layer.bias)]
    return [body.numeric_weight, body.category_weight, body.first_bias, *layers]


def assert_same_arrays(one, other):
    for a, b in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_pruned_network_learns_nothing_after_its_deadline(fitted):
    case = fitted("mlp binary")
    late = PruneNeurons(0.5).apply(
        case.model, case.rows, case.loss, deadline=time.monotonic() - 1.0
    )
    assert_same_arrays(late, prune_neurons(case.model, 0.5, "obs", case.rows, case.loss))


def test_pruned_network_learns_as_ever_before_a_far_deadline(fitted):
    case = fitted("mlp regression")
    step = PruneNeurons(0.5, n_updates=30)
    far = step.apply(case.model, case.rows, case.loss, deadline=time.monotonic() + 1e9)
    assert_same_arrays(far, step.apply(case.model, case.rows, case.loss))


def test_pruned_network_ends_its_training_at_the_deadline(fitted, monkeypatch):
    case = fitted("mlp binary")
    clock = itertools.count(0.0)  # a second passes whenever the time is asked for
    monkeypatch.setattr(
        "ensemble_kd.networks.training._fine_tune.time.monotonic", lambda: next(clock)
    )
    steps = []
    monkeypatch.setattr(
        "ensemble_kd.networks.training._fine_tune._train_step", lambda *given: steps.append(given)
    )
    body = prune_neurons(case.model, 0.5, "obs", case.rows, case.loss).body
    options = {"learning_rate": 0.003, "seed": 0, "n_updates": 1000}
    fine_tune(body, case.rows, case.loss, deadline=40.0, **options)
    assert 30 < len(steps) <= 40


def test_compress_shares_its_time_among_trainings(fitted, monkeypatch):
    case = fitted("mlp binary")
    given = []
    monkeypatch.setattr(
        "ensemble_kd.networks.with_torch.fine_tune",
        lambda body, *rest, deadline, **options: given.append(deadline) or body,
    )
    end = time.monotonic() + 1e6
    steps = [PruneNeurons(0.5), PruneNeurons(0.5, n_updates=0), "int8", PruneNeurons(0.5)]
    compress(case.model, steps, case.rows, case.loss, deadline=end)
    assert given == [pytest.approx(end - 5e5, abs=1e3), pytest.approx(end, abs=1e3)]
