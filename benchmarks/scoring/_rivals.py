"""How each rival is called: as fast as its own interface allows."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any


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


def has_treelite() -> bool:
    """Return whether treelite and tl2cgen are installed, the extra `treelite`."""
    return all(importlib.util.find_spec(name) is not None for name in ("treelite", "tl2cgen"))


def as_treelite(booster: Any) -> Any:
    """Return the trees of LightGBM or XGBoost as a model of treelite."""
    import treelite

    if type(booster).__module__.startswith("lightgbm"):
        return treelite.frontend.from_lightgbm(booster)
    return treelite.frontend.from_xgboost(booster)


def treelite_call(booster: Any) -> Callable[[Any, int], Any]:
    """Return the walk through the trees by treelite itself, of a matrix and a number of threads."""
    from treelite import gtil

    model = as_treelite(booster)
    most = _omp_threads()
    return lambda X, n: gtil.predict(model, X, nthread=min(n, most))


def compiled_by_tl2cgen(booster: Any, folder: str) -> Callable[[Any, int], Any]:
    """Return the predictor that tl2cgen compiles of the trees; seconds of gcc, once."""
    import tl2cgen

    path = f"{folder}/{type(booster).__module__.split('.')[0]}.so"
    tl2cgen.export_lib(
        as_treelite(booster), toolchain="gcc", libpath=path, params={"parallel_comp": 2}
    )
    # The first now, while the file is there; each is refused beyond the threads of OpenMP.
    predictors = {n: tl2cgen.Predictor(path, nthread=n) for n in range(1, _omp_threads() + 1)}
    most = max(predictors)
    return lambda X, n: predictors[min(n, most)].predict(tl2cgen.DMatrix(X))


def _omp_threads() -> int:
    n_cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(2, int(os.environ.get("OMP_NUM_THREADS", 2)), n_cpus or 1)
