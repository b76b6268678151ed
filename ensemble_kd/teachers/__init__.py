"""Teachers: any fitted model as one response, and the default heterogeneous ensemble."""

from ensemble_kd.teachers._blended import BlendedMembers
from ensemble_kd.teachers._compiled import compiled
from ensemble_kd.teachers._ensemble import TeacherEnsemble, best_member
from ensemble_kd.teachers._fit_members import fit_members
from ensemble_kd.teachers._folds import make_folds
from ensemble_kd.teachers._given import GivenTeacher, as_teacher, fresh, is_fitted, name_of
from ensemble_kd.teachers._out_of_fold import CrossFit, cross_fit
from ensemble_kd.teachers._splits import teacher_splits
from ensemble_kd.teachers._wrap import (
    allows_missing,
    check_distillable,
    fit_teacher,
    seeded,
    teacher_response,
)
from ensemble_kd.teachers.in_time import MemberTime, tell_short_time
from ensemble_kd.teachers.members import DEFAULT_PRESET, PRESETS
from ensemble_kd.teachers.weighing import MOST_COMPARED, cross_fitted_responses, some_of

__all__ = [
    "DEFAULT_PRESET",
    "MOST_COMPARED",
    "PRESETS",
    "CrossFit",
    "GivenTeacher",
    "MemberTime",
    "TeacherEnsemble",
    "BlendedMembers",
    "allows_missing",
    "as_teacher",
    "best_member",
    "check_distillable",
    "compiled",
    "cross_fit",
    "cross_fitted_responses",
    "fit_members",
    "fit_teacher",
    "fresh",
    "is_fitted",
    "make_folds",
    "name_of",
    "seeded",
    "some_of",
    "teacher_response",
    "teacher_splits",
    "tell_short_time",
]
