"""Muon: what its update is, and that it learns."""

from __future__ import annotations

import pytest
import torch

from ensemble_kd.networks.training._muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(40, 8), (8, 40), (16, 16), (1, 9)], ids=str)
def test_orthogonalised_keeps_singular_vectors_and_evens_out_the_values(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    update = orthogonalised(matrix)
    values = torch.linalg.svdvals(update)
    assert values.min() > 0.18
    assert values.max() < 1.88
    # The singular vectors stay: the update is diagonal in them.
    inside = left.T @ update @ right.T
    torch.testing.assert_close(inside, torch.diag(inside.diagonal()), atol=1e-3, rtol=0)


def test_orthogonalised_leaves_a_zero_matrix_alone():
    torch.testing.assert_close(orthogonalised(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_muon_fits_a_linear_map():
    generator = torch.Generator().manual_seed(0)
    truth, inputs = torch.randn(6, 4, generator=generator), torch.randn(200, 6, generator=generator)
    weight = torch.zeros(6, 4, requires_grad=True)
    optimizer = Muon([weight], lr=0.2, weight_decay=0.0)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 200)
        optimizer.zero_grad()
        (inputs @ (weight - truth)).square().mean().backward()
        optimizer.step()
    torch.testing.assert_close(weight.detach(), truth, atol=0.05, rtol=0)


def test_muon_decays_weights_that_have_no_gradient():
    weight = torch.ones(2, 3, requires_grad=True)
    optimizer = Muon([weight], lr=0.5, weight_decay=0.1)
    weight.grad = torch.zeros(2, 3)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.full((2, 3), 0.95))
