"""Teachers that know a part: some of the columns, or some of the rows."""

from ensemble_kd.teachers.partial._abstaining import Abstaining, abstains
from ensemble_kd.teachers.partial._own_columns import OwnColumns, asked_by_own_columns

__all__ = ["Abstaining", "OwnColumns", "abstains", "asked_by_own_columns"]
