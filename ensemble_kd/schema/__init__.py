"""How a raw table becomes a matrix of numbers; one schema for teachers, students and scoring."""

from ensemble_kd.schema._columns import Category, Column, check_unique, is_frame, near_match
from ensemble_kd.schema._schema import TableSchema

__all__ = ["Category", "Column", "TableSchema", "check_unique", "is_frame", "near_match"]
