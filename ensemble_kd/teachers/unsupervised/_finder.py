"""Which teachers find what is to be learned themselves."""

from __future__ import annotations

from typing import Any

from ensemble_kd.tasks import BaseTask, kind_of
from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers.unsupervised._clusters import ClusterTeacher
from ensemble_kd.teachers.unsupervised._embedding import EmbeddingTeacher

# What scikit-learn calls the estimators that need no target and group rows.
GROUPS_ROWS = ("clusterer", "density_estimator")


def as_finder(teacher: Any, task: BaseTask) -> ClusterTeacher | EmbeddingTeacher | None:
    """Return a teacher that finds what is to be learned, None where it does not.

    Parameters
    ----------
    teacher : object
        What a user calls a teacher: such a one, or by itself a clusterer, a mixture, or a
        transformer that predicts nothing.
    task : BaseTask
        What is to be predicted: of classes a clustering finds them, of values an embedding.

    Returns
    -------
    ClusterTeacher, EmbeddingTeacher or None
        Unfitted.
    """
    if isinstance(teacher, ClusterTeacher if task.has_classes else EmbeddingTeacher):
        return fresh(teacher)
    if isinstance(teacher, type) or not task.is_supervised:
        return None
    if task.has_classes:
        return ClusterTeacher(teacher) if kind_of(teacher) in GROUPS_ROWS else None
    transforms = hasattr(teacher, "transform") and not hasattr(teacher, "predict")
    return EmbeddingTeacher(teacher) if transforms else None
