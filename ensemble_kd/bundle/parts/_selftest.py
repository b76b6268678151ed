"""What `selftest.json` says: rows, the answers to them, and how near an answer must be."""

from __future__ import annotations

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, is_number, shown
from ensemble_kd.bundle._table import (
    MAX_SELFTEST_ROWS,
    MAX_SELFTEST_VALUES,
    MAX_SELFTEST_WORK,
    SELFTEST_ENTRIES,
)
from ensemble_kd.errors import BundleError, InputError
from ensemble_kd.schema import check_exact, value_code

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

_CELL_TYPES = {str, int, float, bool, type(None)}
_WHERE = "selftest.json"
_MISSING = float("nan")


def read_selftest(data: memoryview, n_columns: int, n_outputs: int, work: int) -> dict[str, Any]:
    """Return the self-test, whose rows are still to be scored.

    Parameters
    ----------
    data : memoryview
        The member.
    n_columns : int
        Number of values of a row.
    n_outputs : int
        Number of values of a response.
    work : int
        How many weights a row may go through, a node counting as four.

    Returns
    -------
    dict
        With rows, expected and tolerance.

    Raises
    ------
    BundleError
        If it is not as the format says.
    """
    selftest = decode_json(data, _WHERE)
    check_keys(_WHERE, selftest, SELFTEST_ENTRIES.keys())
    check_types(_WHERE, selftest, SELFTEST_ENTRIES)
    rows, expected = selftest["rows"], selftest["expected"]
    if len(rows) > MAX_SELFTEST_ROWS:
        raise BundleError(f"a self-test has at most {MAX_SELFTEST_ROWS} rows, got {len(rows)}.")
    for what, each, most in (
        ("values", max(n_columns, n_outputs), MAX_SELFTEST_VALUES),
        ("weights and nodes to go through", work, MAX_SELFTEST_WORK),
    ):
        if len(rows) * each > most:
            raise BundleError(
                f"the rows of a self-test have at most {most} {what}, got {len(rows)} of {each}."
            )
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != n_columns:
            raise BundleError(
                f"self-test row {i} must be a list of {n_columns} values, got {shown(row)}."
            )
        if not set(map(type, row)) <= _CELL_TYPES:
            wrong = next(value for value in row if type(value) not in _CELL_TYPES)
            raise BundleError(
                f"self-test row {i} must hold strings, numbers, booleans or None, got "
                f"{shown(wrong)}."
            )
    if len(expected) != len(rows):
        raise BundleError(
            f"{_WHERE}: expected must have an answer for each of the {len(rows)} rows, got "
            f"{len(expected)}."
        )
    for answer in expected:
        is_list = isinstance(answer, list) and len(answer) == n_outputs
        if not is_list or not all(map(is_number, answer)):
            raise BundleError(
                f"{_WHERE}: expected must be a list of lists of {n_outputs} number(s) each, got "
                f"{shown(answer)}."
            )
    if not selftest["tolerance"] >= 0:
        raise BundleError(
            f"the self-test's tolerance must be finite and >= 0, got {selftest['tolerance']}."
        )
    return selftest  # type: ignore[no-any-return, unused-ignore]


def check_answers(
    selftest: Mapping[str, Any],
    columns: Sequence[Any],
    answer: Callable[[list[list[float]]], list[list[float]]],
) -> None:
    """Have the rows of a self-test scored, and refuse a model that answers otherwise.

    Parameters
    ----------
    selftest : mapping
        Rows, expected and tolerance, checked.
    columns : sequence of Column or PlainColumn
        Of the table.
    answer : callable
        From encoded rows to their responses.

    Raises
    ------
    BundleError
        If a value is none that its column holds, or an answer is off.
    """
    rows, tolerance = selftest["rows"], selftest["tolerance"]
    try:
        encoded_columns = [
            _codes(column, [row[j] for row in rows]) for j, column in enumerate(columns)
        ]
    except InputError as error:
        raise BundleError(f"the model cannot score its own self-test rows: {error}") from error
    encoded = [list(row) for row in zip(*encoded_columns, strict=True)]
    worst = 0.0
    for given, promised in zip(answer(encoded), selftest["expected"], strict=True):
        for value, wanted in zip(given, promised, strict=True):
            difference = abs(value - wanted) / max(1.0, abs(wanted))
            if not difference <= worst:  # it may be NaN
                worst = difference
    if not worst <= tolerance:
        raise BundleError(
            f"the model must answer its self-test rows within {tolerance}, got a difference of "
            f"{worst:.2g}: the file was made by a faulty writer, or this machine computes wrongly."
        )


def _codes(column: Any, values: list[Any]) -> list[float]:
    """Return the codes of values of one column; rows are made up, so a category is of any type."""
    if column.kind != "categorical":
        return [value_code(column, value) for value in values]
    for value in values:
        check_exact(column, value)
    keys = [column.key_of(value) for value in values]
    given = set(keys)  # few, while a dict of all categories would take long to make
    known = {category: code for code, category in enumerate(column.categories) if category in given}
    unseen = len(column.categories)
    return [
        _MISSING if value is None else float(known.get(key, unseen))
        for value, key in zip(values, keys, strict=True)
    ]
