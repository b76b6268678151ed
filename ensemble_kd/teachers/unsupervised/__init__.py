"""Teachers that need no target: clusterings, whose clusters become classes."""

from ensemble_kd.teachers.unsupervised._clusters import ClusterTeacher, as_clusters

__all__ = ["ClusterTeacher", "as_clusters"]
