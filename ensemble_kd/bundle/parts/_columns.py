"""What `schema.json` says of the table's columns."""

from __future__ import annotations

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, shown
from ensemble_kd.bundle._places import refuse_waiting
from ensemble_kd.bundle._table import (
    COLUMN_ENTRIES,
    COLUMN_KINDS,
    MAX_CATEGORIES,
    MAX_COLUMNS,
    SCHEMA_ENTRIES,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

_CATEGORY_TYPES = {str, int, float, bool}


def read_schema(data: memoryview) -> dict[str, Any]:
    """Return the schema's entries.

    Parameters
    ----------
    data : memoryview
        The member.

    Returns
    -------
    dict
        Its columns each have the entries of their kind, and no others.

    Raises
    ------
    BundleError
        If it is not as the format says.
    """
    schema = decode_json(data, "schema.json")
    refuse_waiting("schema.json", schema if isinstance(schema, dict) else ())
    check_keys("schema.json", schema, SCHEMA_ENTRIES.keys())
    check_types("schema.json", schema, SCHEMA_ENTRIES)
    columns: list[Any] = schema["columns"]
    if not columns:
        raise BundleError("schema.json must have at least one column.")
    if len(columns) > MAX_COLUMNS:
        raise BundleError(
            f"schema.json must have at most {MAX_COLUMNS} columns, got {len(columns)}; leave out "
            f"those that the model does not need."
        )
    for j, entry in enumerate(columns):
        _check_column(f"schema.json: column {j}", entry)
    if len({entry["name"] for entry in columns}) != len(columns):
        raise BundleError("schema.json: column names must be unique.")
    n_categories = sum(len(entry.get("categories", ())) for entry in columns)
    if n_categories > MAX_CATEGORIES:
        raise BundleError(
            f"schema.json must have at most {MAX_CATEGORIES} categories in all, got "
            f"{n_categories}; let rare ones count as never seen, or leave out such a column."
        )
    return schema  # type: ignore[no-any-return, unused-ignore]


def _check_column(where: str, entry: Any) -> None:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in tuple(COLUMN_KINDS):  # it may be a list, which cannot be hashed
        raise BundleError(f"{where}: kind must be one of {tuple(COLUMN_KINDS)}, got {shown(kind)}.")
    refuse_waiting("schema.json, column", entry)
    types = COLUMN_ENTRIES | COLUMN_KINDS[kind]
    check_keys(where, entry, types.keys())
    check_types(where, entry, types, may_be_null=float)
    if "categories" in entry:
        _check_categories(where, entry["categories"])


def _check_categories(where: str, categories: list[Any]) -> None:
    if not set(map(type, categories)) <= _CATEGORY_TYPES:
        raise BundleError(f"{where}: categories must be strings, numbers or booleans.")
    if len(set(categories)) != len(categories):
        raise BundleError(f"{where}: categories must be unique.")
