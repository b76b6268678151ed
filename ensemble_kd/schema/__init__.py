"""How a raw table becomes a matrix of numbers; one schema for teachers, students and scoring."""

from ensemble_kd.schema._columns import Category, Column, near_match
from ensemble_kd.schema._names import check_extra
from ensemble_kd.schema._reading import FIRST_INEXACT, as_array, object_array
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

__all__ = [
    "FIRST_INEXACT",
    "Category",
    "Column",
    "TableSchema",
    "as_array",
    "check_extra",
    "check_unique",
    "is_frame",
    "is_rows_of_dicts",
    "near_match",
    "object_array",
    "read_table",
    "reshape_hint",
    "restore_integers",
    "unmasked",
]
