"""The `soft_tree` student: shares of a row that sum to 1, and a hard tree at the limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import MLPRuntime
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import SoftTreeStudent, TreeStudent
from ensemble_kd.tasks import task_with

torch = pytest.importorskip("torch")

from ensemble_kd.networks import fit_encoding  # noqa: E402
from ensemble_kd.networks._soft_tree import SoftTreeNetwork, SoftTreePlan  # noqa: E402

X = np.random.default_rng(0).normal(size=(200, 3))
ENCODING = fit_encoding(X, TableSchema.infer(X), n_bins=4, max_categories=4)


def network(depth: int, balance: float = 0.1, n_outputs: int = 3) -> SoftTreeNetwork:
    generator = torch.Generator().manual_seed(0)
    return SoftTreeNetwork(ENCODING, SoftTreePlan(depth, balance), n_outputs, generator)


def gates(depth: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(500, 2**depth - 1, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_soft_tree_weights_of_leaves_are_shares_of_a_row(depth):
    weights = network(depth).leaf_weights(gates(depth))
    assert weights.shape == (500, 2**depth)
    assert weights.min() >= 0
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(500))


def test_soft_tree_gate_sends_half_each_way_at_0_and_all_one_way_from_1_on():
    given = torch.tensor([[0.0], [0.5], [1.0], [7.0], [-1.0], [-7.0]])
    right = network(1).leaf_weights(given)[:, 1]
    assert right.tolist() == [0.5, 0.75, 1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("depth", [2, 4])
def test_soft_tree_of_steep_gates_is_a_hard_tree(depth):
    given = gates(depth)
    weights = network(depth).leaf_weights(1e6 * given)
    leaf = torch.zeros(500, dtype=torch.long)
    for level in range(depth):  # a leaf's number has a bit for each gate on the way
        gate = 2**level - 1 + leaf
        leaf = 2 * leaf + (given.gather(1, gate[:, None])[:, 0] > 0)
    torch.testing.assert_close(weights, torch.nn.functional.one_hot(leaf, 2**depth).float())


def test_soft_tree_penalty_is_least_where_gates_send_half_of_the_rows_each_way():
    tree = network(3, balance=0.2)
    tree.leaf_weights(torch.zeros(10, 7))
    even = tree.extra_term().item()
    # Each level has 2^d gates of weight 2^-d, each of which costs -log(1/2).
    assert even == pytest.approx(0.2 * 3 * math.log(2), rel=1e-5)
    tree.leaf_weights(torch.full((10, 7), 0.3))
    assert tree.extra_term().item() > even
    assert tree.extra_term() is None  # told once for each batch


@pytest.mark.runtimes
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_soft_tree_is_exactly_a_network_of_few_layers(depth):
    tree = network(depth)
    with torch.no_grad():
        tree.first_weight *= 3
        tree.first_bias += 0.1
    record = tree.to_record(ENCODING)
    assert len(record.layers) == depth
    dense = np.column_stack(
        [
            *(np.clip(ENCODING.numeric_inputs(X)[:, [j]] - np.arange(4), 0, 1) for j in range(3)),
            np.zeros((len(X), 3)),
        ]
    )
    with torch.no_grad():
        expected = tree(torch.from_numpy(dense).float(), torch.zeros((len(X), 0), dtype=torch.long))
    np.testing.assert_allclose(MLPRuntime(record).outputs(X), expected.numpy(), atol=2e-6)


def test_soft_tree_student_cuts_across_columns_as_a_hard_tree_cannot():
    second = 1 / (1 + np.exp(-6 * (X[:, 0] + X[:, 1] - X[:, 2])))
    n_rows = len(X)
    rows = TransferSet(
        TableSchema.infer(X), X, np.column_stack([1 - second, second]), np.full(n_rows, -1),
        np.ones(n_rows), np.full(n_rows, REAL, dtype=np.int8), np.zeros(n_rows, dtype=bool),
        task_with([0, 1]),
    )  # fmt: skip
    soft = SoftTreeStudent(depth=2, n_updates=200, batch_size=64, random_state=0)
    hard = TreeStudent(max_leaf_nodes=4, random_state=0)
    errors = [
        np.mean((student.fit_transfer(rows, SoftTargetLoss()).respond(X) - rows.response) ** 2)
        for student in (soft, hard)
    ]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("parameters", [{"depth": 0}, {"depth": 8}, {"balance": -1.0}])
def test_soft_tree_student_refuses_what_is_out_of_range(parameters, make_transfer_set):
    with pytest.raises(InputError, match=next(iter(parameters))):
        SoftTreeStudent(**parameters).fit_transfer(make_transfer_set("binary"), SoftTargetLoss())
