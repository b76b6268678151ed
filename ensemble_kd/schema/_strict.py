"""Values that no row of training had: what a strict scorer refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ensemble_kd.errors import InputError, shown
from ensemble_kd.schema._columns import Column, Matrix

MOST_TOLD = 5


def known_range(columns: Sequence[Column]) -> tuple[Matrix, Matrix]:
    """Return the lowest and the highest code of each column that training had.

    Parameters
    ----------
    columns : sequence of Column
        The columns.

    Returns
    -------
    low, high : ndarray of shape (n_columns,)
        Where it had no value, low is above high.
    """
    low, high = np.zeros((2, len(columns)))
    for j, column in enumerate(columns):
        if column.kind != "numeric":
            high[j] = 1 if column.kind == "boolean" else len(column.categories) - 1
        elif column.minimum is None or column.maximum is None:
            low[j], high[j] = np.inf, -np.inf
        else:
            low[j], high[j] = column.minimum, column.maximum
    return low, high


def check_known(
    columns: Sequence[Column], known: tuple[Matrix, Matrix], raw: Sequence[Any], codes: Matrix
) -> None:
    """Refuse rows with a category never seen, or a number out of the range that was.

    Parameters
    ----------
    columns : sequence of Column
        The columns.
    known : tuple of ndarray of shape (n_columns,)
        Of `known_range`.
    raw : sequence
        Their values as they were given.
    codes : ndarray of shape (n_rows, n_columns)
        Their codes.

    Raises
    ------
    InputError
        Names each such column, the first of its rows and the value.
    """
    low, high = known
    wrong = (codes < low) | (codes > high)  # neither of a missing value
    if not wrong.any():
        return
    found = []
    for j in np.flatnonzero(wrong.any(axis=0)).tolist():
        rows, column = np.flatnonzero(wrong[:, j]), columns[j]
        i = int(rows[0])
        told = (_number if column.kind == "numeric" else _category)(column, raw[j], i)
        more = f" (and {len(rows) - 1:,} more rows)" if len(rows) > 1 else ""
        found.append(f"column {column.name!r}, row {i}: {told}{more}")
    more = f"; and {len(found) - MOST_TOLD} more columns" if len(found) > MOST_TOLD else ""
    raise InputError(
        f"a strict scorer takes what training had: {'; '.join(found[:MOST_TOLD])}{more}; put them "
        f"right, or score with strict=False."
    )


def _category(column: Column, values: Any, i: int) -> str:
    if not column.categories:
        return f"{shown(_value(values, i))} where training had no value"
    return f"{shown(_value(values, i))} is no category of training, or was too rare there"


def _number(column: Column, values: Any, i: int) -> str:
    value = float(_value(values, i))
    if column.minimum is None or column.maximum is None:
        return f"{shown(value)} where training had no value"
    return f"{shown(value)} is not within {column.minimum:g} to {column.maximum:g}"


def _value(values: Any, i: int) -> Any:
    value = values.iloc[i] if hasattr(values, "iloc") else values[i]
    for plain in ("as_py", "item"):  # of Arrow, of numpy
        value = getattr(value, plain)() if hasattr(value, plain) else value
    return value
