"""Teachers: any fitted model as one response, and the default heterogeneous ensemble."""

from ensemble_kd.teachers._blended import BlendedMembers
from ensemble_kd.teachers._compiled import compiled
from ensemble_kd.teachers._ensemble import TeacherEnsemble
from ensemble_kd.teachers._folds import make_folds
from ensemble_kd.teachers._out_of_fold import CrossFit, cross_fit
from ensemble_kd.teachers._selection import cross_fitted_responses
from ensemble_kd.teachers._splits import teacher_splits
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
    "BlendedMembers",
    "allows_missing",
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
