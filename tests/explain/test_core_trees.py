"""The core in C explains trees as numpy does: the same exact values, of one row as of a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.explain import Explainer, plan_of
from ensemble_kd.explain._engine import values_of
from ensemble_kd.explain._trees import TreesValues
from ensemble_kd.model import ReasonGroup
from ensemble_kd.runtime import HAS_CORE, CompiledRuntime

from .oracle import encoded_rows
from .test_core import explainers
from .test_export_trees import MODELS, chain, hard_rows
from .test_values import TREES

pytestmark = pytest.mark.skipif(not HAS_CORE, reason="the core in C was not built")


def many_rows(model, n_background):
    background = encoded_rows(n_background, seed=n_background)
    return replace(model, reasons=replace(model.reasons, background=background))


ALL = {
    **{f"value_{name}": model for name, model in TREES.items()},
    **{f"exported_{name}": model for name, model in MODELS.items()},
    **{f"beside_{n}": many_rows(MODELS["grouped"], n) for n in (1, 64, 65, 256)},
    "chain": chain(45),
}


@pytest.mark.parametrize("model", ALL.values(), ids=ALL)
def test_core_tells_of_trees_what_numpy_tells(model, monkeypatch):
    n_columns = len(model.schema.columns)
    X = hard_rows(model.body, 60)
    if n_columns > 6:
        X = np.random.default_rng(2).normal(3.0, 1.5, size=(60, n_columns))
    core, numpy = explainers(model, monkeypatch)
    assert isinstance(numpy._values, TreesValues)
    assert not isinstance(core._values, TreesValues)
    found, wanted = core.explain(X), numpy.explain(X)
    np.testing.assert_allclose(found.values, wanted.values, atol=1e-11)
    np.testing.assert_allclose(found.rest, wanted.rest, atol=1e-11)
    assert found.base == pytest.approx(wanted.base, abs=1e-11)
    assert [[r.name for r in row] for row in found.reasons()] == [
        [r.name for r in row] for row in wanted.reasons()
    ]


def test_core_explains_a_row_of_trees_as_in_a_batch_to_the_last_bit(monkeypatch):
    model = MODELS["grouped"]
    core, _ = explainers(model, monkeypatch)
    X = hard_rows(model.body, 50)
    batch = core.explain(X).values
    ones = [core.explain(X[i : i + 1]).values[0] for i in range(50)]
    assert (np.array(ones) == batch).all()


def test_path_of_too_many_columns_is_refused_and_of_few_groups_is_not(monkeypatch):
    long = chain(90)
    with pytest.raises(InputError, match="more than 62 columns are not explained, got a path of"):
        Explainer(long)
    groups = tuple(ReasonGroup(f"g{i}", tuple(range(i, 90, 9))) for i in range(9))
    few = replace(long, reasons=replace(long.reasons, groups=groups))
    X = np.random.default_rng(2).normal(3.0, 1.5, size=(20, 90))
    found, wanted = (one.explain(X).values for one in explainers(few, monkeypatch))
    np.testing.assert_allclose(found, wanted, atol=1e-11)


def arrays_of_plan(model, **changes):
    plan = plan_of(model)
    return {
        "background": plan.background,
        "player": plan.player.astype(np.int32),
        "worth": np.ones(len(model.body.feature)),
        "offset": np.zeros(1),
    } | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"background": np.zeros(29)}, "background must have 24 entries, got 29"),
        ({"background": np.zeros((0, 6))}, "from 1 to 256 rows, got 0"),
        ({"background": np.zeros((257, 6))}, "from 1 to 256 rows, got 257"),
        ({"player": np.full(6, 6, dtype=np.int32)}, "number of columns, got 6"),
        ({"player": np.full(6, -1, dtype=np.int32)}, "number of columns, got -1"),
        ({"player": np.zeros(5, dtype=np.int32)}, "player must have 6 entries"),
        ({"worth": np.ones(3)}, "worth must have [0-9]+ entries, got 3"),
        ({"offset": np.array([np.nan])}, "offset: must be finite"),
        ({"offset": np.zeros(2)}, "offset must have 1 entries"),
    ],
)
def test_core_refuses_a_plan_of_trees_that_is_unsound(changes, message):
    model = TREES["log_odds"]
    with pytest.raises(ValueError, match=message):
        CompiledRuntime(model, reasons=arrays_of_plan(model, **changes))


def test_core_refuses_leaves_that_are_not_finite_and_paths_too_wide():
    model = TREES["log_odds"]
    worth = np.ones(len(model.body.feature))
    worth[-1] = np.inf
    with pytest.raises(ValueError, match="worth: must be finite"):
        CompiledRuntime(model, reasons=arrays_of_plan(model, worth=worth))
    long = chain(90)
    with pytest.raises(ValueError, match="a path may ask 62 at most, got 90"):
        CompiledRuntime(long, reasons=arrays_of_plan(long))
    with pytest.raises(ValueError, match="built without reasons"):
        CompiledRuntime(model).core.explain(np.zeros((1, 6)), np.zeros((1, 7)))


def test_trees_are_explained_by_numpy_where_numpy_scores(monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", "numpy")
    model = TREES["log_odds"]
    assert isinstance(values_of(model, plan_of(model)), TreesValues)
