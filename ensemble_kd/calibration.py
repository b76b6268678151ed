"""The former name of `ensemble_kd.decision`; it goes with the next release."""

from __future__ import annotations

import warnings
from typing import Any

from ensemble_kd import decision


def __getattr__(name: str) -> Any:
    if name not in decision.__all__:
        raise AttributeError(f"module 'ensemble_kd.calibration' has no attribute {name!r}")
    warnings.warn(
        f"ensemble_kd.calibration is now ensemble_kd.decision; import {name} from there.",
        FutureWarning,
        stacklevel=2,
    )
    return getattr(decision, name)
