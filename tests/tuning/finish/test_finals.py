"""Who is trained in earnest: the flow's own network where it fits, and the best trials."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ensemble_kd.metrics import Latency
from ensemble_kd.tuning import Budget
from ensemble_kd.tuning.finish._finals import finalists
from ensemble_kd.tuning.finish._front import Candidate, choose
from ensemble_kd.tuning.trial._trial import Measured

OWN = {"student": "mlp", "shape": "even", "width": 96, "alpha": 0.7, "most_bins": 32, "keep": 1.0}


def trial(number, loss, us=1.0, kept=0.9, is_final=False, no_worse=True, **params):
    latency = Latency(us, (us, us), us, (us, us), 64)
    measured = Measured(loss, loss, kept, no_worse, 1000, latency, 1.0)
    return Candidate(number, {"student": "mlp"} | params, "", "", measured, "", "", is_final)


def as_setting(params):
    return SimpleNamespace(student=sorted(params.items()), steps=[], recipe=None)


def chosen(found, budget=None, most=9, own=OWN):
    return finalists(found, budget or Budget(), own, most, as_setting)


FOUND = [
    trial(0, 0.30, shape="halved", alpha=0.5),
    trial(1, 0.32, shape="even", width=96, keep=1.0, alpha=0.7, us=2.0),
    trial(2, 0.33, shape="even", width=160, keep=1.0, alpha=0.7, us=3.0),
    trial(3, 0.34, shape="even", width=64, keep=1.0, alpha=0.7),
    trial(5, 0.35, shape="even", width=128, keep=0.5, alpha=0.7),
    trial(4, 0.31, student="gbdt"),
]


@pytest.mark.parametrize(("limit", "width"), [(None, 96), (2.5, 96), (1.5, 64)])
def test_finals_begin_with_the_flows_own_network_as_wide_as_the_latency_lets_it_be(limit, width):
    first = chosen(FOUND, Budget(max_latency_us=limit, margin=0.0), most=1)
    assert first == [OWN | {"width": width}]


def test_finals_have_the_best_trial_and_what_it_was_taught_by_in_larger_networks():
    found = chosen(FOUND)
    assert found[1] == FOUND[0].params
    fine = OWN | {"most_bins": 64}
    assert found[2:4] == [fine | {"alpha": 0.5}, fine]
    assert found[4] == fine | {"alpha": 0.5, "width": 192, "keep": 0.5}
    assert found[5] == fine | {"alpha": 0.5, "width": 160}
    assert found[6] == FOUND[-1].params


def test_finals_train_nothing_twice():
    fine = OWN | {"most_bins": 64}
    cut = fine | {"width": 192, "keep": 0.5}
    assert chosen([trial(n, 0.3, **OWN) for n in range(2)]) == [OWN, fine, cut]


def test_finals_without_the_flows_own_network_are_the_best_trials():
    trees = [trial(n, 0.3 - 0.01 * n, student="tree", n_bytes=n) for n in range(4)]
    assert [params["n_bytes"] for params in chosen(trees, most=2, own=None)] == [3, 2]


def test_finals_do_not_ask_a_short_training_for_the_gain_but_for_its_costs():
    assert chosen(FOUND, Budget(min_gain_kept=0.99))
    assert chosen(FOUND, Budget(max_bytes=10)) == []


def test_choose_believes_the_finals_before_shorter_trainings():
    found = [trial(0, 0.30), trial(1, 0.31, is_final=True), trial(2, 0.32, is_final=True)]
    numbers = [one.number for one in choose(found, Budget(), finals_first=True)]
    assert numbers == [1, 2, 0]


def test_choose_puts_what_is_worse_than_plain_training_last():
    found = [trial(0, 0.30), trial(1, 0.31, is_final=True, no_worse=False)]
    numbers = [one.number for one in choose(found, Budget(), finals_first=True)]
    assert numbers == [0, 1]
