"""What columns add to a network's outputs: sums, gradients, and what a term does with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.losses.attention import AttentionLoss, SobolevLoss
from ensemble_kd.networks._encoded_network import EncodedInputs, EncodedNetwork
from ensemble_kd.networks._encoding import fit_encoding
from ensemble_kd.networks._soft_tree import SoftTreeNetwork, SoftTreePlan
from ensemble_kd.networks.training import _attributions as module
from ensemble_kd.networks.training._attributions import attributions
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import GBDTStudent, MLPStudent, ResidualStudent, TreeStudent
from ensemble_kd.tasks import task_named

RNG = np.random.default_rng(0)
N = 60
TABLE = np.column_stack([RNG.normal(size=(N, 2)), RNG.integers(0, 3, N)]).round(2)
FRAME = [(float(a), float(b), "xyz"[int(c)]) for a, b, c in TABLE]
SCHEMA = TableSchema.infer(np.array(FRAME, dtype=object))
CODES = SCHEMA.encode(np.array(FRAME, dtype=object))


def made(hidden=(6, 5), n_outputs=2, soft_tree=None, indicators=True, monkeypatch=None):
    """Return a network in double precision with random biases, and its inputs of all rows."""
    if not indicators:
        monkeypatch.setattr("ensemble_kd.networks._encoded_network.MOST_INDICATORS", 0)
    encoding = fit_encoding(CODES, SCHEMA, n_bins=4, max_categories=8)
    generator = torch.Generator().manual_seed(1)
    if soft_tree is not None:
        network: EncodedNetwork = SoftTreeNetwork(encoding, soft_tree, n_outputs, generator)
    else:
        network = EncodedNetwork(encoding, hidden, n_outputs, generator)
    network = network.double()
    inputs = EncodedInputs(encoding, CODES, network, torch.device("cpu"), keep=False)
    dense, category = inputs.batch(torch.arange(N))
    return network, (dense.double(), category)


@pytest.mark.parametrize("indicators", [True, False])
def test_columns_of_an_additive_network_add_their_own_moves(indicators, monkeypatch):
    network, inputs = made((), 1, indicators=indicators, monkeypatch=monkeypatch)
    found = attributions(network, inputs, 3, 64).detach()
    outputs = network(*inputs).detach()[:, 0]
    torch.testing.assert_close(found.sum(dim=1), outputs - outputs.mean())
    # Rows that differ in the category alone differ in its column alone.
    curve = {code: found[CODES[:, 2] == code, 2] for code in range(3)}
    assert all(torch.allclose(part, part[0]) for part in curve.values())
    assert float(found.mean(dim=0).abs().max()) < 1e-9


@pytest.mark.parametrize("indicators", [True, False])
def test_columns_sum_to_the_way_that_the_outputs_went(indicators, monkeypatch):
    network, inputs = made((8, 6), 2, indicators=indicators, monkeypatch=monkeypatch)
    first = network.first(*inputs)
    both = torch.cat([first, first.mean(dim=0, keepdim=True)])
    odds = network.after_first(both)[0].diff(dim=1)[:, 0].detach()
    way = odds[:-1] - odds[-1]

    def miss() -> float:
        told = attributions(network, inputs, 3, 64).sum(dim=1).detach()
        return float(((told - way) ** 2).mean() / (way**2).mean())

    assert miss() < 0.1
    # Many points of the way tell it all.
    monkeypatch.setattr(module, "PLACES", tuple((np.arange(500) + 0.5) / 500))
    monkeypatch.setattr(module, "WEIGHTS", (1 / 500,) * 500)
    assert miss() < 1e-5


def test_more_classes_have_the_length_over_all_of_them():
    network, inputs = made((6,), 3)
    found = attributions(network, inputs, 3, 64)
    assert (found >= 0).all()
    # A shift of all logits that a row brings along moves no class beside another.
    with torch.no_grad():
        last = network.layers[-1]
        last.weight += 5.0 * torch.randn(1, 6, dtype=torch.float64)
    torch.testing.assert_close(attributions(network, inputs, 3, 64), found)


def test_groups_add_what_their_columns_add():
    network, inputs = made((6,), 1)
    each, pairs = (attributions(network, inputs, 3, n) for n in (3, 2))
    torch.testing.assert_close(pairs, torch.stack([each[:, :2].sum(dim=1), each[:, 2]], dim=1))


def test_no_more_than_the_first_rows_are_looked_at(monkeypatch):
    network, inputs = made((6,), 1)
    few = tuple(part[:10] for part in inputs)
    expected = attributions(network, few, 3, 3)
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    torch.testing.assert_close(attributions(network, inputs, 3, 3), expected)


@pytest.mark.parametrize(
    "soft_tree", [None, SoftTreePlan(depth=2, balance=0.1)], ids=["mlp", "soft"]
)
def test_gradient_of_the_term_is_its_finite_difference(soft_tree):
    network, inputs = made((4, 3), 2, soft_tree)
    few = tuple(part[:6] for part in inputs)
    view = torch.from_numpy(np.random.default_rng(1).normal(size=(6, 3)))
    loss, weight = AttentionLoss(SoftTargetLoss()), torch.ones(6, dtype=torch.float64)

    def value() -> torch.Tensor:
        return loss.gap(attributions(network, few, 3, 3), view, weight)

    value().backward()
    for parameter in (network.first_weight, *[layer.weight for layer in network.layers]):
        slope = parameter.grad.clone()
        way = torch.randn(slope.shape, generator=torch.Generator().manual_seed(2)).double()
        ends = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                parameter += step * way
            ends.append(float(value().detach()))
            with torch.no_grad():
                parameter -= step * way
        expected = float((slope * way).sum())
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_a_soft_tree_keeps_the_shares_of_the_batch_just_seen():
    network, inputs = made((), 2, SoftTreePlan(depth=2, balance=0.1))
    network.with_hidden(*inputs)
    expected = network.extra_term()
    network.with_hidden(*inputs)
    attributions(network, inputs, 3, 3)
    torch.testing.assert_close(network.extra_term(), expected)


@pytest.fixture(scope="module")
def twins():
    """Rows whose second column is nearly the first, of which the teacher looks at the first."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=600)
    X = np.column_stack([first, first + 0.05 * rng.normal(size=600)])
    value = np.tanh(first)
    task, hard = task_named("regression").read_target(value)
    view = np.column_stack([value - value.mean(), np.zeros(600)]).astype(np.float32)
    return TransferSet(
        TableSchema.infer(X), X, value[:, None], hard, np.ones(600), np.full(600, REAL, np.int8),
        np.arange(600) % 10 == 0, task, view=view,
    )  # fmt: skip


def looked_at(rows, loss):
    """Return the share of the second column in all that columns add, and the squared error."""
    student = MLPStudent(hidden=(16,), n_updates=100, random_state=0).fit_transfer(rows, loss)
    network = student._network.network
    inputs = EncodedInputs(student._network.encoding, rows.X, network, torch.device("cpu"))
    found = attributions(network, inputs.batch(torch.arange(len(rows))), 2, 2)
    sizes = found.detach().abs().sum(dim=0)
    error = float(((student.respond(rows.X) - rows.response) ** 2).mean())
    return float(sizes[1] / sizes.sum()), error


@pytest.mark.parametrize("kind", [AttentionLoss, SobolevLoss])
def test_a_column_that_the_teacher_never_uses_loses_its_share(twins, kind):
    plain, plain_error = looked_at(twins, SquaredErrorLoss())
    share, error = looked_at(twins, kind(SquaredErrorLoss(), strength=1.0))
    assert plain > 0.2
    assert share < 0.4 * plain
    assert error < max(2 * plain_error, 0.01)


def test_a_term_of_no_strength_changes_nothing(twins):
    plain, nothing = (
        MLPStudent(hidden=(8,), n_updates=40, random_state=0).fit_transfer(twins, loss)
        for loss in (SquaredErrorLoss(), AttentionLoss(SquaredErrorLoss(), strength=0.0))
    )
    np.testing.assert_allclose(plain.respond(twins.X), nothing.respond(twins.X), atol=1e-6)


@pytest.mark.parametrize("student", [GBDTStudent(), TreeStudent()])
def test_trees_refuse_the_term_by_its_name(twins, student):
    loss = SobolevLoss(SquaredErrorLoss())
    with pytest.raises(InputError, match="cannot learn SobolevLoss, which looks into a network"):
        student.fit_transfer(twins, loss)


def test_two_networks_in_turn_refuse_the_term(twins):
    with pytest.raises(InputError, match="two networks in turn cannot learn AttentionLoss"):
        ResidualStudent().fit_transfer(twins, AttentionLoss(SquaredErrorLoss()))


def test_rows_without_a_view_are_refused(twins):
    with pytest.raises(InputError, match="AttentionLoss needs the teacher's view of each row"):
        MLPStudent().fit_transfer(replace(twins, view=None), AttentionLoss(SquaredErrorLoss()))
