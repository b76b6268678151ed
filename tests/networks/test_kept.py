"""The check that is kept has the least mean of losses around it, and its own weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ensemble_kd.networks.training._kept import Kept


@pytest.mark.parametrize("span", [1, 3, 7])
def test_kept_check_has_the_least_mean_and_its_own_weights(span):
    rng, network = np.random.default_rng(span), torch.nn.Linear(1, 1)
    for _ in range(50):
        kept, losses = Kept(network, span), []
        for check in range(30):
            with torch.no_grad():
                network.weight.fill_(float(check))
            losses.append(float(rng.random()))
            kept.add(network, losses[-1])
            means = [
                np.mean(losses[max(0, i - span // 2) : i + span // 2 + 1])
                for i in range(len(losses))
            ]
            assert kept.check == int(np.argmin(means))
            assert float(kept.state["weight"]) == kept.check


@pytest.mark.parametrize("span", [1, 3])
def test_kept_check_is_none_without_a_loss(span):
    kept = Kept(torch.nn.Linear(1, 1), span)
    for loss in (3.0, 2.0, 1.0, 1.5, float("nan"), float("nan")):
        kept.add(torch.nn.Linear(1, 1), loss)
    assert kept.check == 2
    assert kept.n_worse == 3
