"""The teacher on the command line: out of a file that the user named, and kept beside a model."""

from ensemble_kd.cli.teacher._clusters import read_clusters
from ensemble_kd.cli.teacher._kept import fitted_teacher, keep_teacher
from ensemble_kd.cli.teacher._named import fit, load_teacher, read_teacher

__all__ = ["fit", "fitted_teacher", "keep_teacher", "load_teacher", "read_clusters", "read_teacher"]
