"""How a raw table becomes a matrix of numbers; one schema for teachers, students and scoring.

Each name is loaded when it is first used, so that a single row can be read without numpy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

    from ensemble_kd.schema._columns import Category, Column, near_match
    from ensemble_kd.schema._names import check_extra
    from ensemble_kd.schema._reading import as_array, object_array
    from ensemble_kd.schema._schema import TableSchema
    from ensemble_kd.schema._tables import (
        check_unique,
        is_frame,
        is_rows_of_dicts,
        read_table,
        reshape_hint,
        restore_integers,
        unmasked,
    )
    from ensemble_kd.schema._values import (
        FIRST_INEXACT,
        UNSEEN,
        PlainColumn,
        by_text,
        check_exact,
        core_column,
        value_code,
    )

_NAMES = {
    "_columns": ["Category", "Column", "near_match"],
    "_names": ["check_extra"],
    "_reading": ["as_array", "object_array"],
    "_schema": ["TableSchema"],
    "_tables": [
        "check_unique",
        "is_frame",
        "is_rows_of_dicts",
        "read_table",
        "reshape_hint",
        "restore_integers",
        "unmasked",
    ],
    "_values": [
        "FIRST_INEXACT",
        "UNSEEN",
        "PlainColumn",
        "by_text",
        "check_exact",
        "core_column",
        "value_code",
    ],
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = [
    "FIRST_INEXACT",
    "UNSEEN",
    "Category",
    "Column",
    "PlainColumn",
    "TableSchema",
    "as_array",
    "by_text",
    "check_exact",
    "check_extra",
    "check_unique",
    "core_column",
    "is_frame",
    "is_rows_of_dicts",
    "near_match",
    "object_array",
    "read_table",
    "reshape_hint",
    "restore_integers",
    "unmasked",
    "value_code",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ensemble_kd.schema' has no attribute {name!r}")
    # Not by importlib: most of a cold start is imports.
    return getattr(__import__(f"ensemble_kd.schema.{_HOMES[name]}", fromlist=[name]), name)
