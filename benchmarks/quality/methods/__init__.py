"""The benchmarked methods, one a file."""

from ensemble_kd.benchmarks.quality.methods._base import NOT_ASKED, Method, Shared, TaskData
from ensemble_kd.benchmarks.quality.methods.autogluon import (
    AutoGluonDistilled,
    AutoGluonPlain,
    AutoGluonTeacher,
)
from ensemble_kd.benchmarks.quality.methods.best_member import BestMember
from ensemble_kd.benchmarks.quality.methods.catboost import CatBoost
from ensemble_kd.benchmarks.quality.methods.distilled import Distilled
from ensemble_kd.benchmarks.quality.methods.distilled_fast import DistilledFast
from ensemble_kd.benchmarks.quality.methods.distilled_gbdt import DistilledGBDT
from ensemble_kd.benchmarks.quality.methods.distilled_small import DistilledSmall
from ensemble_kd.benchmarks.quality.methods.distilled_tree import DistilledTree
from ensemble_kd.benchmarks.quality.methods.hard_gbdt import HardGBDT
from ensemble_kd.benchmarks.quality.methods.hard_student import HardStudent
from ensemble_kd.benchmarks.quality.methods.hard_tree import HardTree
from ensemble_kd.benchmarks.quality.methods.hard_tuned import HardTuned
from ensemble_kd.benchmarks.quality.methods.imodels import IModelsDistilled
from ensemble_kd.benchmarks.quality.methods.realmlp import RealMLP
from ensemble_kd.benchmarks.quality.methods.tabtune import TabTuneDistilled
from ensemble_kd.benchmarks.quality.methods.teacher import Teacher
from ensemble_kd.benchmarks.quality.methods.tuned_lightgbm import TunedLightGBM
from ensemble_kd.benchmarks.quality.methods.tuned_lightgbm_long import TunedLightGBMLong
from ensemble_kd.benchmarks.quality.methods.tuned_xgboost import TunedXGBoost
from ensemble_kd.benchmarks.quality.methods.tuned_xgboost_long import TunedXGBoostLong

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        Teacher,
        BestMember,
        HardStudent,
        HardTuned,
        Distilled,
        DistilledFast,
        DistilledSmall,
        HardGBDT,
        DistilledGBDT,
        HardTree,
        DistilledTree,
        TunedLightGBM,
        TunedXGBoost,
        TunedLightGBMLong,
        TunedXGBoostLong,
        CatBoost,
        RealMLP,
        AutoGluonTeacher,
        AutoGluonPlain,
        AutoGluonDistilled,
        IModelsDistilled,
        TabTuneDistilled,
    )
}

__all__ = ["METHODS", "NOT_ASKED", "Method", "Shared", "TaskData"]
