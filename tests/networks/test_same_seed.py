"""A network depends on its seed and its rows, on nothing that torch keeps for the process."""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.networks import Encoding, fit_encoding
from ensemble_kd.networks._encoded_network import EncodedNetwork
from ensemble_kd.networks._modes import one_thread
from ensemble_kd.networks._periodic import PeriodicNetwork
from ensemble_kd.networks.training import _training
from ensemble_kd.networks.with_torch import TrainingPlan, fine_tune, train_network
from ensemble_kd.rows import TransferSet

PLAN = TrainingPlan(n_updates=12, batch_size=32, learning_rate=0.01, weight_decay=0.01)
CPU = torch.device("cpu")
LOSS = SoftTargetLoss(1.0, 0.7)


@pytest.fixture(scope="module")
def rows(make_transfer_set) -> TransferSet:
    """Columns of every kind, with missing values."""
    return make_transfer_set("multiclass")


def encoding_of(rows: TransferSet) -> Encoding:
    """Return the inputs of a network on some rows."""
    return fit_encoding(rows.X, rows.schema, n_bins=7, max_categories=3)


def train(rows: TransferSet, frequency_scale: float | None = None):
    """Return the numbers of a network that was briefly trained, fine-tuned and asked."""
    network = train_network(
        rows, LOSS, encoding=encoding_of(rows), hidden=(16, 8), plan=PLAN, device="cpu", seed=3,
        frequency_scale=frequency_scale,
    )  # fmt: skip
    record = fine_tune(network.to_record(), rows, LOSS, n_updates=5, learning_rate=0.01, seed=4)
    return [network.outputs(rows.X), record.numeric_weight, record.layers[-1].weight]


def assert_same(found, expected):
    """Compare bit by bit."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_are_those_that_torch_itself_draws_by_the_seed(rows):
    encoding, hidden = encoding_of(rows), (6, 5)
    found = EncodedNetwork(encoding, hidden, 3, torch.Generator().manual_seed(7))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        for n in found.n_bins:
            torch.randn(n, 6)
        torch.randn(int(encoding.category_sizes.sum()), 6)
        layers = [nn.Linear(a, b) for a, b in pairwise([*hidden, 3])]
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    for layer, expected in zip(found.layers, layers, strict=True):
        assert torch.equal(layer.weight, expected.weight)
        assert not layer.bias.any()


@pytest.mark.parametrize("frequency_scale", [None, 0.5])
def test_training_neither_reads_nor_moves_torchs_generator(rows, frequency_scale):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        expected = train(rows, frequency_scale)
        torch.manual_seed(2)
        before = torch.get_rng_state()
        assert_same(train(rows, frequency_scale), expected)
        assert torch.equal(torch.get_rng_state(), before)


def test_weights_are_the_same_whoever_draws_in_between(rows, monkeypatch):
    encoding = encoding_of(rows)

    def weights():
        network = PeriodicNetwork(encoding, (6, 5), 3, 1.0, torch.Generator().manual_seed(0))
        return [p.detach().numpy() for p in network.parameters()]

    expected, drawn = weights(), torch.randn

    def disturbed(*args, **options):
        torch.manual_seed(99)
        torch.rand(3)
        return drawn(*args, **options)

    monkeypatch.setattr(torch, "randn", disturbed)
    with torch.random.fork_rng(devices=[]):
        assert_same(weights(), expected)


@contextlib.contextmanager
def double_precision():
    """Have torch make tensors of float64 where nothing else is said."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("frequency_scale", [None, 0.5])
@pytest.mark.parametrize(
    "mode",
    [
        torch.no_grad,
        torch.inference_mode,
        lambda: torch.autocast("cpu", dtype=torch.bfloat16),
        double_precision,
    ],
    ids=["no_grad", "inference_mode", "autocast", "default_dtype"],
)
def test_training_is_the_same_in_any_mode_of_the_caller(rows, mode, frequency_scale):
    expected = train(rows, frequency_scale)
    with mode():
        found = train(rows, frequency_scale)
        grad = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    assert_same(found, expected)
    with mode():
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == grad


def threads_of_a_new_thread() -> int:
    """Return the number of threads that torch gives a thread that asks for the first time."""
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


def test_number_of_threads_is_as_before_when_trainings_overlap():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    inside, may_end = [threading.Event() for _ in range(2)], [threading.Event() for _ in range(2)]
    seen = []

    def training(i):
        with one_thread(CPU):
            inside[i].set()
            may_end[i].wait(10)
            seen.append(torch.get_num_threads())

    threads = [threading.Thread(target=training, args=(i,)) for i in range(2)]
    try:
        for i, thread in enumerate(threads):  # the second begins in the first, and outlasts it
            thread.start()
            assert inside[i].wait(10)
        for i, thread in enumerate(threads):
            may_end[i].set()
            thread.join()
        assert seen == [1, 1]
        assert threads_of_a_new_thread() == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_hidden_layers_start_as_kaiming_says(rows):
    # He 2015: a variance of 2 / fan-in keeps that of the values through a ReLU.
    network = EncodedNetwork(encoding_of(rows), (400, 300), 3, torch.Generator().manual_seed(0))
    spread = float(network.layers[0].weight.detach().std())
    assert spread == pytest.approx(math.sqrt(2 / 400), rel=0.02)


def test_training_that_is_stopped_at_a_check_gives_the_weights_of_that_check(rows):
    # By then the average of the weights at the third of four checks, whatever the loss was.
    plan = replace(PLAN, n_updates=40, n_checks=4)
    seen = []

    def watch(share, respond):
        seen.append(respond(rows.X))

    options = {"encoding": encoding_of(rows), "hidden": (16, 8), "device": "cpu", "seed": 3}
    train_network(rows, LOSS, plan=plan, watch=watch, **options)
    stopped = train_network(rows, LOSS, plan=replace(plan, stop_after=3), **options)
    assert len(stopped.history) == 3
    np.testing.assert_allclose(rows.task.respond(stopped.outputs(rows.X)), seen[2], atol=1e-6)


@pytest.mark.parametrize("stop_after", [None, 2])
def test_rows_that_only_show_how_training_goes_change_nothing(rows, stop_after, monkeypatch):
    # With an end that is known few rows are shown; without one all rows choose the check.
    every = replace(rows, held_out=np.zeros_like(rows.held_out))
    plan = replace(PLAN, n_updates=20, n_checks=4, stop_after=stop_after)
    options = {"encoding": encoding_of(rows), "hidden": (16, 8), "device": "cpu", "seed": 3}
    full = train_network(every, LOSS, plan=plan, **options)
    monkeypatch.setattr(_training, "MOST_SHOWN", 5)
    some = train_network(every, LOSS, plan=plan, **options)
    np.testing.assert_array_equal(some.outputs(rows.X), full.outputs(rows.X))
    assert (some.history == full.history) == (stop_after is None)
