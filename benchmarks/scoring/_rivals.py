"""How each rival is called: as fast as its own interface allows."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np


def onnx_session(content: bytes, n_threads: int) -> Any:
    """Return a session of ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def onnx_call(content: bytes, n_threads: int = 1) -> Callable[[Any], Any]:
    """Return the function that scores a float32 matrix."""
    session = onnx_session(content, n_threads)
    return lambda X: session.run(None, {"X": X})


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


def compiled_by_tl2cgen(booster: Any, folder: str) -> Callable[[Any, int], Any]:
    """Return the predictor that tl2cgen compiles of LightGBM's trees; half a minute of gcc."""
    import tl2cgen
    import treelite

    model = treelite.frontend.from_lightgbm(booster)
    path = f"{folder}/trees.so"
    tl2cgen.export_lib(model, toolchain="gcc", libpath=path, params={"parallel_comp": 2})
    predictors = {n: tl2cgen.Predictor(path, nthread=n) for n in (1, 2)}
    return lambda X, n: predictors[n].predict(tl2cgen.DMatrix(X))
