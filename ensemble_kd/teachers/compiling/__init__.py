"""A teacher that labels rows faster: its trees by the scoring core, with the same answers."""

from ensemble_kd.teachers.compiling._compiled import compiled
from ensemble_kd.teachers.compiling._given import CompiledModel

__all__ = ["CompiledModel", "compiled"]
