"""The same boosted trees without distillation."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._student import StudentMethod


class HardGBDT(StudentMethod):
    """The boosting student, trained plainly on the true targets."""

    name = "hard_gbdt"
    label = "boosting, hard labels"
    family = "gbdt"
    distilled = False
    needs_teacher = False
