"""Teachers of several outputs: by themselves, or one model for each output."""

from ensemble_kd.teachers.outputs._per_output import PerOutput, for_outputs

__all__ = ["PerOutput", "for_outputs"]
