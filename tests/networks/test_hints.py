"""The first stage of hints: the hidden layers can tell the view, and nothing else is touched."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.networks import fit_encoding
from ensemble_kd.networks._encoded_network import EncodedInputs, EncodedNetwork
from ensemble_kd.networks.training._hints import hint_gap, learn_hint
from ensemble_kd.networks.training._objective import Rows
from ensemble_kd.networks.training._plan import TrainingPlan
from ensemble_kd.networks.training._training import _make_optimizers
from ensemble_kd.students import MLPStudent

PLAN = TrainingPlan(n_updates=200, batch_size=64, learning_rate=0.01, weight_decay=0.0)


@pytest.fixture(scope="module")
def seen(make_transfer_set):
    rows = make_transfer_set("binary")
    z = np.nan_to_num(rows.X[:, 0])
    view = np.column_stack([z, z**2 / 2, rows.response[:, 0]]).astype(np.float32)
    return replace(rows, view=1000 * view)


def hinted(rows, share=1.0, plan=PLAN, muon=False):
    """Return a network before and after the hint, its rows, and the last gap."""
    encoding = fit_encoding(rows.X, rows.schema, n_bins=8, max_categories=8)
    network = EncodedNetwork(encoding, (16, 8), 2, torch.Generator().manual_seed(0))
    before, place = copy.deepcopy(network), torch.device("cpu")
    own = Rows(rows, EncodedInputs(encoding, rows.X, network, place), place, needs_view=True)
    plan = replace(plan, muon=muon)
    gap = learn_hint(network, own, plan, share, _make_optimizers(network, plan), seed=0)
    return before, network, own, gap


def unexplained(network, rows):
    """Return the share of the view that no linear map of the hidden layer tells."""
    [batch] = rows.chunks()
    with torch.no_grad():
        hidden = network.with_hidden(*batch.inputs)[1].double()
    view = (rows.view - rows.view.mean(dim=0)).double()
    inputs = torch.cat([hidden, torch.ones(len(hidden), 1)], dim=1)
    rest = view - inputs @ torch.linalg.lstsq(inputs, view, driver="gelsd").solution
    return float(rest.square().sum() / view.square().sum())


def test_there_is_no_gap_where_a_map_of_the_hidden_layer_is_the_view():
    view = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    hidden = torch.cat([view.clamp(min=0), (-view).clamp(min=0)], dim=1)  # as an activation has it
    to_view = torch.cat([torch.eye(3), -torch.eye(3)]).double()
    weight = torch.rand(20, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert float(hint_gap(hidden @ to_view, view, weight)) == pytest.approx(0, abs=1e-30)
    assert float(hint_gap(hidden @ to_view + 2, view, weight)) == pytest.approx(
        float(2 * weight.mean())
    )


@pytest.mark.parametrize("muon", [False, True])
def test_hidden_layers_learn_to_tell_the_view(seen, muon):
    before, after, rows, gap = hinted(seen, muon=muon)
    assert unexplained(after, rows) < 0.5 * unexplained(before, rows)
    assert gap < 0.25  # half, where nothing is told of a view of spread 1


def test_output_layer_stays_as_it_was(seen):
    before, after, _, _ = hinted(seen, share=0.05)
    for name, parameter in after.named_parameters():
        if not parameter.numel():
            continue  # of a table of categories that are many
        is_last = name.startswith("layers.1.")
        assert torch.equal(parameter, dict(before.named_parameters())[name]) == is_last, name


def test_unit_of_the_view_is_of_no_account(seen):
    networks = [hinted(replace(seen, view=seen.view / 1024), share=0.1)[1], hinted(seen, 0.1)[1]]
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_same_seed_gives_the_same_student(seen):
    student = MLPStudent(hidden=(8,), n_updates=20, random_state=0)
    one, same = (
        student.with_hint(0.5).fit_transfer(seen, SoftTargetLoss()).respond(seen.X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, same)
    without = student.fit_transfer(seen, SoftTargetLoss()).respond(seen.X)
    assert not np.array_equal(one, without)
    none = student.with_hint(0.0).fit_transfer(seen, SoftTargetLoss()).respond(seen.X)
    np.testing.assert_array_equal(none, without)


def test_waves_take_hints_too(seen):
    student = MLPStudent(hidden=(8,), n_updates=20, encoding="periodic", random_state=0)
    found = student.with_hint(0.5).fit_transfer(seen, SoftTargetLoss())
    assert np.isfinite(found.respond(seen.X)).all()


def test_rows_without_a_view_are_refused(seen):
    student = MLPStudent(hidden=(8,), n_updates=20).with_hint(0.5)
    with pytest.raises(InputError, match="hints need the teacher's view of each row"):
        student.fit_transfer(replace(seen, view=None), SoftTargetLoss())
