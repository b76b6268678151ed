"""What a budget refuses to be, and by how much a student breaks it."""

from __future__ import annotations

import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.tuning import Budget


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_latency_us": 0}, "max_latency_us must be > 0 or None, got 0."),
        ({"max_bytes": -1}, "max_bytes must be > 0 or None, got -1."),
        ({"min_gain_kept": 1.5}, "min_gain_kept must be <= 1 or None, got 1.5."),
        ({"quantile": "p90"}, "latency must be one of"),
        ({"margin": 1.0}, "margin must be in"),
    ],
)
def test_budget_refuses_what_is_none(limits, words):
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        Budget(**limits).check()


def test_budget_without_a_gain_wants_what_is_no_worse_than_plain_training():
    lines = Budget(min_gain_kept=0.5).excess(None, 1, float("nan"), no_worse=False)
    assert lines["min_gain_kept"] > 0
