"""Values that no row of training had: what a strict scorer refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ensemble_kd.errors import InputError
from ensemble_kd.schema._columns import Column, Matrix

MOST_TOLD = 5


def check_known(columns: Sequence[Column], raw: Sequence[Any], codes: Matrix) -> None:
    """Refuse rows with a category never seen, or a number out of the range that was.

    Parameters
    ----------
    columns : sequence of Column
        The columns.
    raw : sequence
        Their values as they were given.
    codes : ndarray of shape (n_rows, n_columns)
        Their codes.

    Raises
    ------
    InputError
        Names each such column, the first of its rows and the value.
    """
    found = []
    for column, values, code in zip(columns, raw, codes.T, strict=True):
        wrong = np.flatnonzero(_is_unknown(column, code))
        if len(wrong):
            i = int(wrong[0])
            told = _category(column, values, i) if column.categories else _number(column, code[i])
            more = f" (and {len(wrong) - 1:,} more rows)" if len(wrong) > 1 else ""
            found.append(f"column {column.name!r}, row {i}: {told}{more}")
    if found:
        more = f"; and {len(found) - MOST_TOLD} more columns" if len(found) > MOST_TOLD else ""
        raise InputError(
            f"a strict scorer takes what training had: {'; '.join(found[:MOST_TOLD])}{more}; put "
            f"them right, or score with strict=False."
        )


def _is_unknown(column: Column, code: Matrix) -> Any:
    if column.kind == "categorical":
        return code == len(column.categories)
    if column.kind == "boolean":
        return np.zeros(len(code), dtype=bool)
    if column.minimum is None or column.maximum is None:
        return code == code
    return (code < column.minimum) | (code > column.maximum)


def _category(column: Column, values: Any, i: int) -> str:
    value = values.iloc[i] if hasattr(values, "iloc") else values[i]
    for plain in ("as_py", "item"):  # of Arrow, of numpy
        value = getattr(value, plain)() if hasattr(value, plain) else value
    return f"{value!r:.40} is no category of training, or was too rare there to be told apart"


def _number(column: Column, value: float) -> str:
    if column.kind == "categorical" or column.minimum is None:
        return f"{value:g} where training had no value"
    return f"{value:g} is not within {column.minimum:g} to {column.maximum:g}"
