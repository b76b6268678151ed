"""The same single tree without distillation."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._student import StudentMethod


class HardTree(StudentMethod):
    """The single-tree student, trained plainly on the true targets."""

    name = "hard_tree"
    label = "tree, hard labels"
    family = "tree"
    distilled = False
    needs_teacher = False
