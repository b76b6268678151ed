"""Teachers: any fitted model as one response, and the default heterogeneous ensemble."""

from ensemble_kd.teachers._compiled import WeightedMean, compiled
from ensemble_kd.teachers._ensemble import TeacherEnsemble
from ensemble_kd.teachers._out_of_fold import make_folds, out_of_fold_response
from ensemble_kd.teachers._splits import teacher_splits
from ensemble_kd.teachers._wrap import (
    allows_missing,
    check_distillable,
    fit_teacher,
    seeded,
    teacher_response,
)

__all__ = [
    "TeacherEnsemble",
    "WeightedMean",
    "allows_missing",
    "check_distillable",
    "compiled",
    "fit_teacher",
    "make_folds",
    "out_of_fold_response",
    "seeded",
    "teacher_response",
    "teacher_splits",
]
