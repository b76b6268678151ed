"""Teachers: any fitted model as one response, and the default heterogeneous ensemble."""

from ensemble_kd.teachers._compiled import compiled
from ensemble_kd.teachers._ensemble import TeacherEnsemble, best_member
from ensemble_kd.teachers._out_of_fold import CrossFit, cross_fit, make_folds
from ensemble_kd.teachers._selection import cross_fitted_responses
from ensemble_kd.teachers._splits import teacher_splits
from ensemble_kd.teachers._weighted_mean import WeightedMean
from ensemble_kd.teachers._wrap import (
    allows_missing,
    check_distillable,
    fit_teacher,
    seeded,
    teacher_response,
)

__all__ = [
    "CrossFit",
    "TeacherEnsemble",
    "WeightedMean",
    "allows_missing",
    "best_member",
    "check_distillable",
    "compiled",
    "cross_fit",
    "cross_fitted_responses",
    "fit_teacher",
    "make_folds",
    "seeded",
    "teacher_response",
    "teacher_splits",
]
