"""A distilled single tree."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._student import StudentMethod


class DistilledTree(StudentMethod):
    """The single-tree student, distilled from the shared teacher."""

    name = "distilled_tree"
    label = "distilled tree"
    family = "tree"
    distilled = True
