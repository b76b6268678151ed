"""The `main` by which a C file checks itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.export._decimals import shortest
from ensemble_kd.export.c._text import filled, floats
from ensemble_kd.model import CompactModel
from ensemble_kd.schema import Column

TOLERANCE = 1e-5

MAIN = """
#ifdef ENSEMBLE_KD_MAIN

#include <stdio.h>

static const struct @_row @_test_row[N_ROWS] = {
ROWS
};

static const double @_test_answer[N_ROWS][@_N_OUTPUTS] = {
ANSWERS
};

static const double @_test_allowed[@_N_OUTPUTS] = {ALLOWED};

int main(void)
{
    float out[@_N_OUTPUTS];
    double off, worst = 0.0;
    int i, k, n_wrong = 0;
    for (i = 0; i < N_ROWS; i++) {
        @_predict(&@_test_row[i], out);
        for (k = 0; k < @_N_OUTPUTS; k++) {
            off = (double)out[k] - @_test_answer[i][k];
            off = off < 0.0 ? -off : off;
            if (!(off <= @_test_allowed[k]))
                n_wrong++;
            if (off > worst)
                worst = off;
        }
    }
    printf("%s: %d of %d answers wrong, largest difference %.3g, allowed %.3g\\n",
           n_wrong ? "FAILED" : "OK", n_wrong, N_ROWS * @_N_OUTPUTS, worst, MOST);
    return n_wrong ? 1 : 0;
}

#endif
"""


def main_source(
    model: CompactModel,
    codes: NDArray[np.float64],
    expected: NDArray[np.float64],
    real: np.dtype[Any],
    rounding: NDArray[np.float64],
) -> str:
    """Return the test rows, the answers to them and `main`.

    Parameters
    ----------
    model : CompactModel
        The student.
    codes : ndarray of shape (n_rows, n_columns), float64
        Encoded rows.
    expected : ndarray of shape (n_rows, n_outputs), float64
        What the numbers in the file give for them.
    real : dtype
        Type of numeric columns.
    rounding : ndarray of shape (n_outputs,), float64
        By how much single precision may move each number of an answer; where that is little, a
        fixed share of the answers is allowed.
    """
    columns = [
        cells(column, codes[:, j], real.itemsize == 8)
        for j, column in enumerate(model.schema.columns)
    ]
    rows = ",\n".join("    {" + ", ".join(row) + "}" for row in zip(*columns, strict=True))
    answers = ",\n".join(
        "    {" + ", ".join(floats(row, double=True)) + "}" for row in expected.tolist()
    )
    scale = 1.0 if model.classes else np.abs(expected).max(axis=0)
    allowed = np.maximum(TOLERANCE * scale, rounding).tolist()
    return filled(
        MAIN, N_ROWS=len(codes), ROWS=rows, ANSWERS=answers, ALLOWED=", ".join(map(repr, allowed)),
        MOST=repr(max(allowed)),
    )  # fmt: skip


def cells(column: Column, values: NDArray[np.float64], is_double: bool) -> list[str]:
    """Return a column's values as they stand in a row."""
    if column.kind == "numeric":
        held = values if is_double else values.astype(np.float32)
        return floats(shortest(held), double=is_double)
    return ["@_MISSING" if value != value else str(int(value)) for value in values.tolist()]
