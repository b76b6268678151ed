"""What `schema.json` says of the table's columns."""

from __future__ import annotations

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, is_hex, shown
from ensemble_kd.bundle._table import (
    COLUMN_ENTRIES,
    COLUMN_KINDS,
    HASH_DIGITS,
    HASHED_VERSION,
    HASHES,
    MAX_CATEGORIES,
    MAX_COLUMNS,
    SALT,
    SCHEMA_ENTRIES,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_CATEGORY_TYPES = {str, int, float, bool}


def read_schema(data: memoryview, min_reader: int) -> dict[str, Any]:
    """Return the schema's entries.

    Parameters
    ----------
    data : memoryview
        The member.
    min_reader : int
        Version that the file calls for.

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
    has_salt = isinstance(schema, dict) and SALT in schema
    check_keys("schema.json", schema, SCHEMA_ENTRIES.keys() | ({SALT} if has_salt else set()))
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
    if has_salt or any(HASHES in entry for entry in columns):
        _check_salt(schema, min_reader)
    n_categories = number_of_categories(schema)
    if n_categories > MAX_CATEGORIES:
        raise BundleError(
            f"schema.json must have at most {MAX_CATEGORIES} categories in all, got "
            f"{n_categories}; let rare ones count as never seen, or leave out such a column."
        )
    return schema  # type: ignore[no-any-return, unused-ignore]


def number_of_categories(schema: Mapping[str, Any]) -> int:
    """Return how many categories, or hashes of them, the columns have together."""
    return sum(len(entry.get("categories", entry.get(HASHES, ()))) for entry in schema["columns"])


def _check_column(where: str, entry: Any) -> None:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in tuple(COLUMN_KINDS):  # it may be a list, which cannot be hashed
        raise BundleError(f"{where}: kind must be one of {tuple(COLUMN_KINDS)}, got {shown(kind)}.")
    is_hashed = kind == "categorical" and HASHES in entry
    types = COLUMN_ENTRIES | ({HASHES: list} if is_hashed else COLUMN_KINDS[kind])
    check_keys(where, entry, types.keys())
    check_types(where, entry, types, may_be_null=float)
    if "categories" in entry:
        _check_categories(where, entry["categories"])
    if is_hashed:
        _check_hashes(where, entry[HASHES])


def _check_salt(schema: dict[str, Any], min_reader: int) -> None:
    if min_reader < HASHED_VERSION:
        raise BundleError(
            f"schema.json: {SALT} and {HASHES} need a min_reader of at least {HASHED_VERSION}, got "
            f"{min_reader}."
        )
    is_needed = any(HASHES in entry for entry in schema["columns"])
    if not is_needed or not is_hex(schema.get(SALT), HASH_DIGITS):
        raise BundleError(
            f"schema.json: {SALT} must be {HASH_DIGITS} hexadecimal digits where a column has "
            f"{HASHES}, and there alone, got {shown(schema.get(SALT))}."
        )


def _check_hashes(where: str, hashes: list[Any]) -> None:
    if not all(is_hex(value, HASH_DIGITS) for value in hashes):
        raise BundleError(f"{where}: {HASHES} must each be {HASH_DIGITS} hexadecimal digits.")
    if len(set(hashes)) != len(hashes):
        raise BundleError(f"{where}: {HASHES} must be unique.")


def _check_categories(where: str, categories: list[Any]) -> None:
    if not set(map(type, categories)) <= _CATEGORY_TYPES:
        raise BundleError(f"{where}: categories must be strings, numbers or booleans.")
    if len(set(categories)) != len(categories):
        raise BundleError(f"{where}: categories must be unique.")
