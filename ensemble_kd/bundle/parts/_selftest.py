"""What `selftest.json` says: rows, the answers to them, and how near an answer must be."""

from __future__ import annotations

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, is_number, shown
from ensemble_kd.bundle._table import MAX_SELFTEST_ROWS, SELFTEST_ENTRIES
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

_CELL_TYPES = {str, int, float, bool, type(None)}
_WHERE = "selftest.json"


def read_selftest(data: memoryview, n_columns: int, n_outputs: int) -> dict[str, Any]:
    """Return the self-test, whose rows are still to be scored.

    Parameters
    ----------
    data : memoryview
        The member.
    n_columns : int
        Number of values of a row.
    n_outputs : int
        Number of values of a response.

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
