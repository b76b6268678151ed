"""What holds of the core for any model and any row; run by pytest, and under a sanitizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import BREAKAGES, Breakage, any_sets, encoded_rows, raw_rows, sound_models

from ensemble_kd import InputError, Scorer
from ensemble_kd._core import Model
from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.runtime import MLPRuntime, TreesRuntime, response, row_encoder
from ensemble_kd.runtime._compiled import CompiledRuntime, core_arguments

# What the core may say of arrays that do not fit; anything else is a mistake of its own.
REFUSALS = (ValueError, KeyError, TypeError)
WIDTHS = st.sampled_from([4, 8, 16])


def with_settings(max_examples: int, *, derandomize: bool = True) -> Callable[[Any], Any]:
    """Return the settings: no clock, no memory of earlier runs, the same examples by default."""
    return settings(
        max_examples=max_examples,
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def sets_or_none(model: CompactModel, seed: int) -> np.ndarray | None:
    """Return sets of categories for some splits; none for an even seed, or a network."""
    if isinstance(model.body, MLPRecord) or seed % 2 == 0:
        return None
    return any_sets(model.body.feature, np.random.default_rng(seed))


def by_numpy(model: CompactModel, X: np.ndarray, sets: np.ndarray | None) -> np.ndarray:
    """Return the response of the numpy runtime."""
    if isinstance(model.body, MLPRecord):
        return response(model, MLPRuntime(model.body).outputs(X))
    return response(model, TreesRuntime(model.body, sets).outputs(X))


@st.composite
def models_and_rows(draw: Any) -> tuple[CompactModel, np.ndarray, list[Any]]:
    """A sound model, encoded rows and raw ones."""
    model = draw(sound_models())
    X = encoded_rows(len(model.schema.columns), draw(st.integers(0, 70)), draw(st.integers(0, 99)))
    for j, column in enumerate(model.schema.columns):  # numpy has no codes beyond a column's own
        if column.kind != "numeric":
            n_codes = int(model.schema.n_codes[j])
            codes = np.where(np.isfinite(X[:, j]), np.abs(X[:, j]), 0.0) % n_codes
            X[:, j] = np.where(np.isnan(X[:, j]), np.nan, np.floor(codes))
    rows = draw(st.lists(raw_rows(model.schema), min_size=1, max_size=3))
    return model, X, rows


@given(models_and_rows(), WIDTHS, st.integers(1, 3), st.integers(0, 99))
def answers_are_those_of_numpy(case: Any, most_floats: int, n_threads: int, seed: int) -> None:
    """A batch answers as numpy does, and each row as it does in the batch."""
    model, X, _ = case
    sets = sets_or_none(model, seed)
    runtime = CompiledRuntime(model, most_floats=most_floats, left_categories=sets)
    out = np.empty((len(X), model.n_outputs))
    runtime.core.respond(X, out, n_threads)
    expected = by_numpy(model, X, sets)
    assert (np.abs(out - expected) <= 3e-6 * np.maximum(1, np.abs(expected))).all()
    for i in range(min(len(X), 3)):
        assert runtime.core.respond_row(X[i].copy()) == out[i].tolist()


@given(models_and_rows())
def rows_are_read_as_the_schema_reads_them(case: Any) -> None:
    """A dict is read as by Python: the same answer, or the same error; and so the second time."""
    model, _, rows = case
    scorer = Scorer(model)
    core = scorer._runtime.core
    for row in rows + rows:
        try:
            expected: Any = core.respond_row(row_encoder(model.schema)(row))
        except (InputError, TypeError) as error:
            expected = type(error), str(error)
        try:
            if model.classes:
                answer = scorer.predict_proba_one(row)
                assert list(answer) == list(model.classes)
                found: Any = list(answer.values())
                told = scorer.predict_one(row)
                assert np.array_equal(told, scorer.decide(np.array([found]))[0])
                if model.has_classes and len(model.classes) == 2:
                    assert scorer.score_one(row) == found[1]
            elif model.n_outputs > 1:
                found = scorer.predict_one(row)
            else:
                found = [scorer.predict_one(row)]
                assert [scorer.score_one(row)] == found
        except (InputError, TypeError) as error:
            found = type(error), str(error)
        assert found == expected


@given(models_and_rows(), BREAKAGES, WIDTHS, st.integers(0, 99))
def broken_models_are_refused_or_harmless(
    case: Any, breakages: list[Breakage], most_floats: int, seed: int
) -> None:
    """Whatever is built from broken arrays scores any row; the sanitizer watches where it reads."""
    model, _, rows = case
    (kind, arrays, columns, classes, encoder), options = core_arguments(
        model, sets_or_none(model, seed)
    )
    for breakage in breakages:
        if arrays:
            breakage.apply(arrays, options)
    try:
        core = Model(kind, arrays, columns, classes, encoder, **options, most_floats=most_floats)
    except REFUSALS:
        return
    ACCEPTED.append(1)
    X = encoded_rows(len(columns), 70, seed)
    out = np.empty((70, len(core.respond_row(X[0].copy()))))
    core.respond(X, out, 2)
    for row in rows:
        try:
            core.predict_one(row)
        except (InputError, TypeError):
            continue


# How many broken models were sound after all: some must be, or nothing was scored.
ACCEPTED: list[int] = []
PROPERTIES = {
    "answers": answers_are_those_of_numpy,
    "rows": rows_are_read_as_the_schema_reads_them,
    "broken": broken_models_are_refused_or_harmless,
}
