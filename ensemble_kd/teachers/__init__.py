"""Teachers: any fitted model as one response, and the default heterogeneous ensemble."""

from ensemble_kd.rows import LoggedScores
from ensemble_kd.teachers._blended import BlendedMembers
from ensemble_kd.teachers._ensemble import TeacherEnsemble, best_member
from ensemble_kd.teachers._fit_members import fit_members
from ensemble_kd.teachers._folds import make_folds
from ensemble_kd.teachers._given import GivenTeacher, as_teacher, fresh, is_fitted, name_of
from ensemble_kd.teachers._licence import licence_note
from ensemble_kd.teachers._out_of_fold import CrossFit, cross_fit
from ensemble_kd.teachers._splits import teacher_splits
from ensemble_kd.teachers._wrap import (
    allows_missing,
    check_distillable,
    fit_teacher,
    seeded,
    teacher_response,
)
from ensemble_kd.teachers.compiling import compiled
from ensemble_kd.teachers.in_time import MemberTime, tell_short_time
from ensemble_kd.teachers.members import DEFAULT_PRESET, PRESETS
from ensemble_kd.teachers.partial import Abstaining, OwnColumns, abstains
from ensemble_kd.teachers.per_row import RowBlend
from ensemble_kd.teachers.queries import EndpointError, HTTPTeacher, QueriedTeacher, queried_in
from ensemble_kd.teachers.related import NewHead
from ensemble_kd.teachers.weighing import MOST_COMPARED, cross_fitted_responses, some_of

__all__ = [
    "DEFAULT_PRESET",
    "MOST_COMPARED",
    "PRESETS",
    "Abstaining",
    "CrossFit",
    "EndpointError",
    "GivenTeacher",
    "HTTPTeacher",
    "LoggedScores",
    "MemberTime",
    "NewHead",
    "OwnColumns",
    "RowBlend",
    "QueriedTeacher",
    "TeacherEnsemble",
    "BlendedMembers",
    "abstains",
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
    "licence_note",
    "make_folds",
    "name_of",
    "queried_in",
    "seeded",
    "some_of",
    "teacher_response",
    "teacher_splits",
    "tell_short_time",
]
