"""Rows that a model file carries with their answers, made up from the schema alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle import SelfTest, check_answers
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import respond

N_ROWS = 16
TOLERANCE = 1e-5


def make_selftest(model: CompactModel) -> SelfTest:
    """Return rows made up from the schema alone, and the model's answers to them.

    No row of the training data goes into a model file. The rows have categories that the schema
    names, numbers of 5 digits between its bounds, missing values and a category never seen.

    Parameters
    ----------
    model : CompactModel
        The model.

    Returns
    -------
    SelfTest
    """
    rng = np.random.default_rng(0)
    codes = np.empty((N_ROWS, len(model.schema.columns)))
    for j, column in enumerate(model.schema.columns):
        if column.kind == "numeric":
            low, high = column.minimum or 0.0, column.maximum or 0.0
            values = low + (high - low) * rng.random(N_ROWS)
            values = np.round(_short(values)) if column.integer else _short(values)
        else:
            n_codes = 2 if column.kind == "boolean" else column.n_codes
            values = rng.integers(n_codes, size=N_ROWS).astype(np.float64)
            if column.salt is not None:  # the file names no category
                values[:] = len(column.categories)
        values[rng.random(N_ROWS) < 0.1] = np.nan
        codes[:, j] = values
    rows = model.schema.decode_rows(codes)
    expected = _answer(model, rows)
    if model.classes:  # Far finer than the tolerance; with many classes half the bytes.
        expected = np.round(expected, 7)
    return SelfTest(tuple(tuple(row) for row in rows), expected, TOLERANCE)


def _short(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers of 5 digits, which take a third of the bytes in a file."""
    return np.array([float(f"{value:.5g}") for value in values])


def check_selftest(
    model: CompactModel,
    promised: SelfTest,
    answer: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    """Refuse a model that does not give the answers that its file promises.

    Parameters
    ----------
    model : CompactModel
        The model.
    promised : SelfTest
        Rows and their answers.
    answer : callable
        From encoded rows to responses.

    Raises
    ------
    BundleError
        If an answer is off, or there is none.
    """
    n_columns = len(model.schema.columns)
    check_answers(
        {
            "rows": promised.rows,
            "expected": promised.expected.tolist(),
            "tolerance": promised.tolerance,
        },
        model.schema.columns,
        lambda rows: answer(np.array(rows, dtype=np.float64).reshape(-1, n_columns)).tolist(),
    )


def _answer(model: CompactModel, rows: Any) -> NDArray[np.float64]:
    return respond(model, model.schema.encode_rows(rows))
