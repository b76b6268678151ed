"""Distilled boosted trees."""

from __future__ import annotations

from ensemble_kd.benchmarks.quality.methods._student import StudentMethod


class DistilledGBDT(StudentMethod):
    """The boosting student, distilled from the shared teacher."""

    name = "distilled_gbdt"
    label = "distilled boosting"
    family = "gbdt"
    distilled = True
