"""Teachers that need no target: clusterings, whose clusters are classes, and embeddings."""

from ensemble_kd.teachers.unsupervised._clusters import ClusterTeacher
from ensemble_kd.teachers.unsupervised._embedding import EmbeddingTeacher
from ensemble_kd.teachers.unsupervised._finder import as_finder

__all__ = ["ClusterTeacher", "EmbeddingTeacher", "as_finder"]
