"""Compress a tabular ensemble into one small, fast model, and say what was lost.

Importing the package costs next to nothing: each name below is loaded when it is first used, and
`load` needs numpy and safetensors alone.
"""

from __future__ import annotations

from ensemble_kd._version import __version__ as __version__
from ensemble_kd.errors import (
    BudgetError,
    BundleError,
    EnsembleKDError,
    InputError,
    MissingDependencyError,
    NotDistillableError,
)

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

    from ensemble_kd.estimators import (
        DistilledClassifier,
        DistilledOutlierDetector,
        DistilledRegressor,
    )
    from ensemble_kd.flow import Distillation, distill
    from ensemble_kd.scoring import Scorer, load
    from ensemble_kd.students import (
        AdditiveStudent,
        GBDTStudent,
        MLPStudent,
        SoftTreeStudent,
        TreeStudent,
        TrepanStudent,
    )
    from ensemble_kd.teachers import TeacherEnsemble
    from ensemble_kd.transfer import MarginalSynthesizer, MungeSynthesizer
    from ensemble_kd.tuning import DistillationSearch

_NAMES = {
    "estimators": ["DistilledClassifier", "DistilledOutlierDetector", "DistilledRegressor"],
    "flow": ["Distillation", "distill"],
    "scoring": ["Scorer", "load"],
    "students": [
        "AdditiveStudent",
        "GBDTStudent",
        "MLPStudent",
        "SoftTreeStudent",
        "TreeStudent",
        "TrepanStudent",
    ],
    "teachers": ["TeacherEnsemble"],
    "transfer": ["MarginalSynthesizer", "MungeSynthesizer"],
    "tuning": ["DistillationSearch"],
}
_HOMES = {name: f"ensemble_kd.{room}" for room, names in _NAMES.items() for name in names}

__all__ = [
    "AdditiveStudent",
    "BudgetError",
    "BundleError",
    "Distillation",
    "DistillationSearch",
    "DistilledClassifier",
    "DistilledOutlierDetector",
    "DistilledRegressor",
    "EnsembleKDError",
    "GBDTStudent",
    "InputError",
    "MLPStudent",
    "MarginalSynthesizer",
    "MissingDependencyError",
    "MungeSynthesizer",
    "NotDistillableError",
    "Scorer",
    "SoftTreeStudent",
    "TeacherEnsemble",
    "TreeStudent",
    "TrepanStudent",
    "distill",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ensemble_kd' has no attribute {name!r}")
    import importlib  # here, as most of a cold start is imports

    try:
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("ensemble_kd"):
            raise
        from ensemble_kd._optional import missing

        extra = "train,tune" if _HOMES[name] == "ensemble_kd.tuning" else "train"
        raise missing(error, f"ensemble_kd.{name}", extra=extra) from error


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
