"""How a raw table becomes a matrix of numbers; one schema for teachers, students and scoring.

Each name is loaded when it is first used, so that a single row can be read without numpy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

    from ensemble_kd.schema._columns import Category, Column, near_match
    from ensemble_kd.schema._reading import (
        as_array,
        check_unique,
        is_frame,
        object_array,
        restore_integers,
    )
    from ensemble_kd.schema._schema import TableSchema
    from ensemble_kd.schema._values import FIRST_INEXACT, PlainColumn, check_exact, value_code

_NAMES = {
    "_columns": ["Category", "Column", "near_match"],
    "_reading": ["as_array", "check_unique", "is_frame", "object_array", "restore_integers"],
    "_schema": ["TableSchema"],
    "_values": ["FIRST_INEXACT", "PlainColumn", "check_exact", "value_code"],
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = [
    "FIRST_INEXACT",
    "Category",
    "Column",
    "PlainColumn",
    "TableSchema",
    "as_array",
    "check_exact",
    "check_unique",
    "is_frame",
    "near_match",
    "object_array",
    "restore_integers",
    "value_code",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ensemble_kd.schema' has no attribute {name!r}")
    # Not by importlib: most of a cold start is imports.
    return getattr(__import__(f"ensemble_kd.schema.{_HOMES[name]}", fromlist=[name]), name)
