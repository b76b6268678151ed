"""Teachers of several outputs: by themselves, or one model for each output."""

from ensemble_kd.teachers.outputs._base import OnePerOutput
from ensemble_kd.teachers.outputs._per_output import PerLabel, PerOutput, for_outputs

__all__ = ["OnePerOutput", "PerLabel", "PerOutput", "for_outputs"]
