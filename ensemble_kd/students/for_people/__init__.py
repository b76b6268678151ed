"""Students that people can read: one small tree, a soft tree, a sum of curves."""

from ensemble_kd.students.for_people._additive import AdditiveStudent
from ensemble_kd.students.for_people._soft_tree import SoftTreeStudent
from ensemble_kd.students.for_people._trepan import TrepanStudent

__all__ = ["AdditiveStudent", "SoftTreeStudent", "TrepanStudent"]
