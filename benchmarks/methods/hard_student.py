"""The same network without distillation: what the labels alone teach it."""

from __future__ import annotations

from ensemble_kd.benchmarks.methods._student import StudentMethod


class HardStudent(StudentMethod):
    """The default student, trained plainly on the true targets."""

    name = "hard_student"
    label = "network, hard labels"
    family = "mlp"
    distilled = False
    needs_teacher = False
