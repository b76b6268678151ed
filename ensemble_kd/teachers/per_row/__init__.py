"""Weights of the members of an ensemble for each row, chosen by name or as an object."""

from ensemble_kd.teachers.per_row._base import Judged, RowWeights
from ensemble_kd.teachers.per_row._blend import RowBlend
from ensemble_kd.teachers.per_row._competence import LocalCompetence
from ensemble_kd.teachers.per_row._confidence import Confidence
from ensemble_kd.teachers.per_row._disagreement import Disagreement

PER_ROW: dict[str, type[RowWeights]] = {
    "confidence": Confidence,
    "competence": LocalCompetence,
    "disagreement": Disagreement,
}

__all__ = [
    "PER_ROW",
    "Confidence",
    "Disagreement",
    "Judged",
    "LocalCompetence",
    "RowBlend",
    "RowWeights",
]
