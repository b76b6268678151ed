"""How the boosting libraries are asked: their word for a task, LightGBM's fastest call."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from ensemble_kd.model import Link

LIGHTGBM_OBJECTIVES: dict[Link, str] = {
    "identity": "l2",
    "sigmoid": "binary",
    "softmax": "multiclass",
}
XGBOOST_OBJECTIVES: dict[Link, str] = {
    "identity": "reg:squarederror",
    "sigmoid": "binary:logistic",
    "softmax": "multi:softprob",
}


def lightgbm_fast(booster: Any, n_columns: int) -> Callable[[Any], float]:
    """Return LightGBM's prepared call for one row of doubles, by ctypes."""
    from lightgbm.basic import _LIB

    config, length, out = ctypes.c_void_p(), ctypes.c_int64(), (ctypes.c_double * 1)()
    status = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, -1, 1, n_columns, b"num_threads=1", ctypes.byref(config)
    )
    if status != 0:
        raise RuntimeError("LightGBM refused the prepared call.")
    predict = _LIB.LGBM_BoosterPredictForMatSingleRowFast

    def call(row: np.ndarray) -> float:
        predict(config, ctypes.c_void_p(row.ctypes.data), ctypes.byref(length), out)
        return out[0]

    call.kept = booster  # type: ignore[attr-defined]
    return call
