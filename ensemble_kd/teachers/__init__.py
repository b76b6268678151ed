"""Teachers: any fitted model as one response, and the default heterogeneous ensemble."""

from ensemble_kd.teachers._ensemble import TeacherEnsemble
from ensemble_kd.teachers._out_of_fold import make_folds, out_of_fold_response
from ensemble_kd.teachers._wrap import check_distillable, fit_teacher, teacher_response

__all__ = [
    "TeacherEnsemble",
    "check_distillable",
    "fit_teacher",
    "make_folds",
    "out_of_fold_response",
    "teacher_response",
]
