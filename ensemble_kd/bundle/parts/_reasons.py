"""What `reasons.json` says: what contributions are counted from, and what reasons are called."""

from __future__ import annotations

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, is_number, shown
from ensemble_kd.bundle._table import (
    MAX_BACKGROUND,
    MAX_REASON_LENGTH,
    MAX_STEPS,
    PLACES_VERSION,
    REASON_ENTRIES,
    REASONS,
    REASONS_ENTRIES,
    TASK_WITH_CLASSES,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def read_reasons(
    data: memoryview,
    columns: Sequence[Mapping[str, Any]],
    task: str,
    n_outputs: int,
    min_reader: int,
) -> dict[str, Any]:
    """Return what reasons are counted from and called.

    Parameters
    ----------
    data : memoryview
        The member.
    columns : sequence of dict
        Columns of `schema.json`, checked.
    task : str
        What the manifest says.
    n_outputs : int
        Number of values of a response.
    min_reader : int
        What the manifest says.

    Returns
    -------
    dict
        With background, output, raises, groups, excluded and n_steps.

    Raises
    ------
    BundleError
        If it is not as the format says.
    """
    if min_reader < PLACES_VERSION:
        raise BundleError(
            f"{REASONS} needs a min_reader of at least {PLACES_VERSION}, got {min_reader}."
        )
    if n_outputs > 1 and task != TASK_WITH_CLASSES:
        raise BundleError(
            f"{REASONS} is of models of one value or of classes, got {n_outputs} outputs of the "
            f"task {task!r}."
        )
    reasons = decode_json(data, REASONS)
    check_keys(REASONS, reasons, REASONS_ENTRIES.keys())
    steps = reasons["n_steps"]
    check_types(REASONS, reasons | {"n_steps": 1 if steps is None else steps}, REASONS_ENTRIES)
    if steps is not None and not 1 <= steps <= MAX_STEPS:
        raise BundleError(f"{REASONS}: n_steps must be in [1, {MAX_STEPS}] or null, got {steps}.")
    if not 0 <= reasons["output"] < n_outputs:
        raise BundleError(
            f"{REASONS}: output must be in [0, {n_outputs}), got {shown(reasons['output'])}."
        )
    _check_background(reasons["background"], columns)
    _check_groups(reasons["groups"], reasons["excluded"], columns)
    return reasons  # type: ignore[no-any-return, unused-ignore]


def _check_background(background: list[Any], columns: Sequence[Mapping[str, Any]]) -> None:
    if not 1 <= len(background) <= MAX_BACKGROUND:
        raise BundleError(
            f"{REASONS}: background must have from 1 to {MAX_BACKGROUND} rows, got "
            f"{len(background)}."
        )
    n_codes = [_n_codes(column) for column in columns]
    for row in background:
        if not isinstance(row, list) or len(row) != len(columns):
            raise BundleError(
                f"{REASONS}: a row of the background must be a list of {len(columns)} values, got "
                f"{shown(row)}."
            )
        for value, n in zip(row, n_codes, strict=True):
            if value is None:
                continue
            if not is_number(value) or (n is not None and value not in range(n)):
                form = "a number" if n is None else f"a code in [0, {n})"
                raise BundleError(
                    f"{REASONS}: a value of the background must be null or {form}, got "
                    f"{shown(value)}."
                )


def _n_codes(column: Mapping[str, Any]) -> int | None:
    if column["kind"] == "numeric":
        return None
    if column["kind"] == "boolean":
        return 2
    return len(column.get("categories") or column.get("category_hashes") or ()) + 1


def _check_groups(groups: list[Any], excluded: list[Any], columns: Sequence[Any]) -> None:
    names: set[str] = set()
    taken: set[int] = set()
    for group in groups:
        check_keys(f"{REASONS}: a group", group, REASON_ENTRIES.keys())
        check_types(f"{REASONS}: a group", group, {"name": str, "columns": list})
        for entry in ("name", "code", "text"):
            value = group[entry]
            is_text = isinstance(value, str) and 1 <= len(value) <= MAX_REASON_LENGTH
            if not is_text and (value is not None or entry == "name"):
                raise BundleError(
                    f"{REASONS}: {entry} must be a text of 1 to {MAX_REASON_LENGTH} characters, "
                    f"got {shown(value)}."
                )
        if not group["columns"]:
            raise BundleError(f"{REASONS}: a group must have a column.")
        _take(group["columns"], taken, len(columns))
        names.add(group["name"])
    _take(excluded, taken, len(columns))
    alone = {column["name"] for j, column in enumerate(columns) if j not in taken}
    if len(names) != len(groups) or names & alone:
        raise BundleError(
            f"{REASONS}: groups must have names of their own, none that of a column in no group."
        )


def _take(places: list[Any], taken: set[int], n_columns: int) -> None:
    for place in places:
        if type(place) is not int or not 0 <= place < n_columns or place in taken:
            raise BundleError(
                f"{REASONS}: a column must be an index in [0, {n_columns}), in one group or "
                f"excluded, got {shown(place)}."
            )
        taken.add(place)
