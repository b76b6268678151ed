"""The periodic encoding: waves while it is trained, a plain network once it is settled."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
import torch

from ensemble_kd.compress import PruneNeurons, compress
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.networks import Encoding, fit_encoding
from ensemble_kd.networks._encoded_network import EncodedInputs, EncodedNetwork
from ensemble_kd.networks._periodic import PeriodicNetwork
from ensemble_kd.networks.training._training import TrainingPlan, train_network
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.students import MLPStudent
from ensemble_kd.tasks import Regression

CPU = torch.device("cpu")
STUDENT = MLPStudent(hidden=(16, 8), n_updates=60, encoding="periodic", random_state=0)


@pytest.fixture(scope="module")
def rows(make_transfer_set) -> TransferSet:
    """Columns of every kind, with missing values."""
    return make_transfer_set("multiclass")


def encoding_of(rows: TransferSet, n_bins: int = 7, max_categories: int = 3) -> Encoding:
    """Return the inputs of a network on some rows."""
    return fit_encoding(rows.X, rows.schema, n_bins=n_bins, max_categories=max_categories)


def network_of(encoding: Encoding, hidden: tuple[int, ...] = (6, 5)) -> PeriodicNetwork:
    """Return a network of three outputs as it is before training."""
    return PeriodicNetwork(encoding, hidden, 3, 1.0, torch.Generator().manual_seed(0))


def outputs(network: EncodedNetwork, encoding: Encoding, X: np.ndarray) -> np.ndarray:
    """Return what a network answers to encoded rows."""
    inputs = EncodedInputs(encoding, X, network, CPU, keep=False)
    with torch.no_grad():
        return network(*inputs.batch(torch.arange(len(X)))).numpy()


def test_periodic_rows_are_differences_of_waves_at_the_edges(rows):
    encoding = encoding_of(rows)
    network = network_of(encoding)
    pieces, _, _ = (part.detach().double().numpy() for part in network.first_layer())
    frequencies = network.frequencies.detach().double().numpy()
    n_features = 1 + 2 * frequencies.shape[1]
    weights = network.first_weight.detach().double().numpy()
    start = 0
    for j, edges in enumerate(encoding.edges):
        place = np.linspace(0, 1, len(edges))[:, None]
        angle = 2 * np.pi * place * frequencies[j]
        curve = np.hstack([place, np.sin(angle), np.cos(angle)])
        curve = curve @ weights[j * n_features : (j + 1) * n_features]
        expected = np.diff(curve, axis=0)
        np.testing.assert_allclose(pieces[start : start + len(expected)], expected, atol=1e-5)
        start += len(expected)
    assert start == len(pieces)


@pytest.mark.parametrize("max_categories", [2, 1000])
def test_periodic_network_settled_answers_alike_and_holds_no_waves(rows, max_categories):
    encoding = encoding_of(rows, max_categories=max_categories)
    network = network_of(encoding)
    settled = network.settled()
    assert type(settled) is EncodedNetwork
    np.testing.assert_array_equal(
        outputs(settled, encoding, rows.X), outputs(network, encoding, rows.X)
    )


def test_periodic_network_settled_leaves_the_global_seed_alone(rows):
    network = network_of(encoding_of(rows))
    before = torch.random.get_rng_state()
    network.settled()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_periodic_network_learns_its_frequencies(rows):
    encoding = encoding_of(rows)
    network = network_of(encoding)
    inputs = EncodedInputs(encoding, rows.X, network, CPU, keep=False)
    network(*inputs.batch(torch.arange(50))).square().mean().backward()
    assert network.frequencies.grad is not None
    assert (network.frequencies.grad != 0).any(dim=1).all()


def test_periodic_network_has_a_table_of_many_categories_like_any_other():
    n = 600
    names = tuple(f"c{i}" for i in range(n))
    schema = TableSchema((Column("a", "numeric"), Column("c", "categorical", categories=names)))
    X = np.column_stack([np.linspace(0, 1, n), np.arange(n)]).astype(np.float64)
    encoding = fit_encoding(X, schema, n_bins=4, max_categories=n)
    network = network_of(encoding)
    assert not network.has_indicators
    np.testing.assert_array_equal(
        outputs(network.settled(), encoding, X), outputs(network, encoding, X)
    )


def test_train_network_hands_back_a_plain_network(rows):
    plan = TrainingPlan(n_updates=5, batch_size=64, learning_rate=0.01, weight_decay=0.0)
    fitted = train_network(
        rows, SoftTargetLoss(), encoding=encoding_of(rows), hidden=(4,), plan=plan,
        device="cpu", seed=0, frequency_scale=1.0,
    )  # fmt: skip
    assert type(fitted.network) is EncodedNetwork


# --- as a student ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def student(rows) -> MLPStudent:
    """A student with the periodic encoding."""
    fitted: MLPStudent = MLPStudent(**STUDENT.get_params())
    return fitted.fit_transfer(rows, SoftTargetLoss())


def test_periodic_student_is_of_the_size_of_any_other(student, rows):
    plain = MLPStudent(**STUDENT.get_params() | {"encoding": "piecewise_linear"})
    bodies = [s.to_model().body for s in (student, plain.fit_transfer(rows, SoftTargetLoss()))]
    for field in dataclasses.fields(bodies[0]):
        one, other = (getattr(body, field.name) for body in bodies)
        if isinstance(one, np.ndarray):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)


def test_periodic_student_survives_pickling(student, rows):
    again = pickle.loads(pickle.dumps(student))
    np.testing.assert_array_equal(again.respond(rows.X), student.respond(rows.X))


def test_periodic_student_keeps_its_encoding_with_less_effort_and_within_bytes():
    assert STUDENT.with_effort(0.04).encoding == "periodic"
    assert MLPStudent(encoding="periodic").within(30_000, 2).encoding == "periodic"


@pytest.mark.parametrize("step", ["int8", "float16", PruneNeurons(keep=0.5)], ids=repr)
def test_periodic_student_is_compressed_like_any_other(student, rows, step):
    model = compress(student.to_model(), step, rows, SoftTargetLoss()).model
    answer = response(model, build_runtime(model).outputs(rows.X))
    assert np.isfinite(answer).all()


def test_periodic_student_tells_the_progress_of_its_training(rows):
    seen: list[float] = []

    def watch(done: float, respond) -> None:
        seen.append(done)
        assert np.isfinite(respond(rows.X[:5])).all()

    MLPStudent(**STUDENT.get_params()).fit_transfer(rows, SoftTargetLoss(), watch=watch)
    assert seen[-1] == 1.0


def test_periodic_student_learns_a_wave():
    x = np.linspace(0, 1, 2000)
    wave = np.sin(2 * np.pi * 4 * x)[:, None]
    rows = TransferSet(
        TableSchema((Column("x", "numeric"),)), x[:, None], wave, np.full(2000, np.nan),
        np.ones(2000), np.full(2000, REAL, dtype=np.int8), np.arange(2000) % 10 == 0,
        Regression(),
    )  # fmt: skip
    student = MLPStudent(
        hidden=(16,), n_updates=300, encoding="periodic", frequency_scale=4.0, random_state=0
    )
    answer = student.fit_transfer(rows, SquaredErrorLoss()).respond(x[:, None])
    assert np.sqrt(np.mean((answer - wave) ** 2)) < 0.1
