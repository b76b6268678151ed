"""The distilled network by the fast recipe."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._student import StudentMethod


class DistilledFast(StudentMethod):
    """The default student by `recipe="fast"`: no race, half the rows, a shorter training."""

    name = "distilled_fast"
    label = "distilled, fast"
    family = "mlp"
    distilled = True
    recipe = "fast"
