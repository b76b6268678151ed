"""The distilled network: the estimator as it comes."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._student import StudentMethod


class Distilled(StudentMethod):
    """The default student, distilled from the shared teacher."""

    name = "distilled"
    label = "distilled network"
    family = "mlp"
    distilled = True
