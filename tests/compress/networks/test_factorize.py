"""Products of low rank: exact at full rank, the best of their rank, and never larger."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.bundle import stored_bytes
from ensemble_kd.compress import FactorizeWeights, factorize
from ensemble_kd.compress.networks._forward import first_inputs
from ensemble_kd.model import LowRank

from ..conftest import NETWORKS, run


@pytest.mark.parametrize("name", NETWORKS)
def test_full_rank_is_exact(fitted, name):
    model = fitted(name).model
    same = factorize(model, rank=16)
    assert not same.body.storage
    np.testing.assert_array_equal(same.body.numeric_weight, model.body.numeric_weight)


def test_a_matrix_of_low_rank_is_found_exactly(fitted):
    from dataclasses import replace

    case = fitted("mlp binary")
    rng = np.random.default_rng(0)
    shape = case.model.body.numeric_weight.shape
    weight = (rng.normal(size=(shape[0], 2)) @ rng.normal(size=(2, shape[1]))).astype(np.float32)
    model = replace(case.model, body=replace(case.model.body, numeric_weight=weight))
    for rows in (None, case.rows):
        low = factorize(model, energy=1 - 1e-9, rows=rows)
        stored = low.body.storage["numeric_weight"]
        assert isinstance(stored, LowRank) and stored.left.shape[1] == 2
        np.testing.assert_allclose(low.body.numeric_weight, weight, atol=1e-4)


def test_without_rows_it_is_the_best_of_its_rank(fitted):
    model = fitted("mlp binary").model
    weight = model.body.numeric_weight
    low = factorize(model, rank=3)
    size = np.linalg.svd(weight, compute_uv=False)
    error = np.linalg.norm(low.body.numeric_weight - weight)
    assert error == pytest.approx(np.sqrt((size[3:] ** 2).sum()), rel=1e-4)


def test_rows_make_the_outputs_better_at_the_same_rank(fitted):
    case = fitted("mlp regression")
    inputs = first_inputs(case.model.body, case.rows.X)["numeric_weight"]

    def error(rows):
        change = (
            factorize(case.model, rank=2, rows=rows).body.numeric_weight
            - case.model.body.numeric_weight
        )
        return np.mean((inputs @ change) ** 2)

    assert error(case.rows) < error(None)


def test_energy_orders_the_sizes(fitted):
    case = fitted("mlp binary")
    sizes = [
        stored_bytes(FactorizeWeights(energy=energy).apply(case.model, case.rows).body)
        for energy in (0.5, 0.9, 1.0)
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1] <= stored_bytes(case.model.body)


def test_answers_are_near_at_high_energy(fitted):
    case = fitted("mlp regression")
    low = FactorizeWeights(energy=0.999).apply(case.model, case.rows)
    change = run(low, case.rows.X) - run(case.model, case.rows.X)
    assert np.sqrt(np.mean(change**2)) < 0.2 * run(case.model, case.rows.X).std()
