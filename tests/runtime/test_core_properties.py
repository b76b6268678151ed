"""Any model, any row and any breakage that hypothesis finds: see `core_properties.py`."""

from __future__ import annotations

import pytest

pytest.importorskip("ensemble_kd._core", reason="the core in C was not built")
import core_properties

N_EXAMPLES = {"answers": 100, "rows": 150, "broken": 250}


@pytest.mark.parametrize("name", core_properties.PROPERTIES)
def test_core_holds_for_whatever_hypothesis_draws(name):
    core_properties.ACCEPTED.clear()
    core_properties.with_settings(N_EXAMPLES[name])(core_properties.PROPERTIES[name])()
    assert name != "broken" or len(core_properties.ACCEPTED) > 10
