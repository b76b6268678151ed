"""How a raw table becomes a matrix of numbers; one schema for teachers, students and scoring."""

from ensemble_kd.schema._columns import Category, Column, near_match
from ensemble_kd.schema._reading import (
    FIRST_INEXACT,
    as_array,
    check_unique,
    is_frame,
    object_array,
    restore_integers,
)
from ensemble_kd.schema._schema import TableSchema

__all__ = [
    "FIRST_INEXACT",
    "Category",
    "Column",
    "TableSchema",
    "as_array",
    "check_unique",
    "is_frame",
    "near_match",
    "object_array",
    "restore_integers",
]
