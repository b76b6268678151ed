"""From a compact model and encoded rows to its response, and to what is decided on it."""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import (
    CompactModel,
    LogitScaling,
    MLPRecord,
    ProbabilityCurve,
    ScoreCurve,
)
from ensemble_kd.runtime._compiled import HAS_CORE, WHY_NO_CORE, CompiledRuntime
from ensemble_kd.runtime._mlp import MLPRuntime
from ensemble_kd.runtime._trees import TreesRuntime

# Which runtime scores: "numpy" or "c"; unset, the core in C where it is installed.
VARIABLE = "ENSEMBLE_KD_RUNTIME"


class Runtime(Protocol):
    """Anything that gives outputs for encoded rows."""

    @property
    def name(self) -> str:
        """What scores, "C" or "numpy"."""

    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return shape (n_samples, n_outputs)."""


def build_runtime(
    model: CompactModel,
    *,
    n_threads: int = 1,
    left_categories: NDArray[np.uint64] | None = None,
    extra: str | None = None,
) -> Runtime:
    """Return the runtime of a model: the core in C where it is installed, else numpy.

    Both give the same answers to 1e-6. The environment variable ``ENSEMBLE_KD_RUNTIME`` chooses one
    of them, ``numpy`` or ``c``.

    Parameters
    ----------
    model : CompactModel
        The student's arrays.
    n_threads : int, default=1
        Most threads of the core for a batch; numpy does as it is set up.
    left_categories : ndarray of shape (n_nodes,), uint64, or None, default=None
        Of a teacher's trees; see `TreesRuntime`.
    extra : {"ignore", "error"} or None, default=None
        What becomes of keys of a dict that the model does not take; only "ignore" allows them.

    Returns
    -------
    Runtime

    Raises
    ------
    ValueError
        If the variable names no runtime, or one that is not installed.
    """
    chosen = os.environ.get(VARIABLE, "")
    if chosen not in ("", "c", "numpy"):
        raise ValueError(
            f"{VARIABLE} must be c or numpy, got {chosen!r}; unset it for the default."
        )
    if chosen == "c" and not HAS_CORE:
        raise ValueError(
            f"{VARIABLE} is c, but the package was installed without its core in C; install a C "
            f"compiler and the package again, or unset the variable."
        )
    if HAS_CORE and chosen != "numpy":
        return CompiledRuntime(
            model, n_threads=n_threads, left_categories=left_categories, extra=extra
        )
    if isinstance(model.body, MLPRecord):
        return MLPRuntime(model.body)
    return TreesRuntime(model.body, left_categories)


def without_core() -> str | None:
    """Return what to say where numpy scores though nobody chose it; None where all is well.

    Returns
    -------
    str or None
    """
    if HAS_CORE or os.environ.get(VARIABLE) == "numpy":
        return None
    return (
        f"ensemble_kd is installed without its core in C ({WHY_NO_CORE}): numpy scores in its "
        f"place, with the same answers, but a row takes some 70 times as long and a batch some 20 "
        f"times; install a C compiler and the package again, or set {VARIABLE}=numpy to have it so."
    )


def respond(model: CompactModel, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the response to encoded rows, by a runtime built for the purpose.

    Parameters
    ----------
    model : CompactModel
        The student's arrays.
    codes : ndarray of shape (n_samples, n_columns)
        Rows as the model's schema encodes them.

    Returns
    -------
    ndarray of shape (n_samples, n_classes) or (n_samples, 1), float64
        Probabilities or values.
    """
    return response(model, build_runtime(model).outputs(codes))


def response(model: CompactModel, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn outputs into the response.

    Parameters
    ----------
    model : CompactModel
        Says which link its outputs take.
    outputs : ndarray of shape (n_samples, n_sums)
        What the runtime gave.

    Returns
    -------
    ndarray of shape (n_samples, n_classes) or (n_samples, 1), float64
        Probabilities that sum to 1, one of each label by itself, or values.
    """
    calibrator = model.calibrator
    if not model.has_classes:
        if isinstance(calibrator, ScoreCurve):
            return np.interp(outputs, calibrator.x, calibrator.y)
        return np.exp(-np.logaddexp(0.0, -outputs)) if model.is_multilabel else outputs
    if isinstance(calibrator, LogitScaling):
        outputs = calibrator.scale * outputs + calibrator.bias
    answer = _link(model.link, outputs)
    if isinstance(calibrator, ProbabilityCurve):
        second = np.interp(answer[:, 1], calibrator.x, calibrator.y)
        answer = np.column_stack([1.0 - second, second])
    return answer


def _link(link: str, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    if link == "identity":
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))
    if link == "sigmoid":
        outputs = np.hstack([np.zeros_like(outputs), outputs])
    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def decision(model: CompactModel, answer: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of each row's answer, by the threshold where there is one; of labels each's.

    Parameters
    ----------
    model : CompactModel
        Of a classification, of labels or of outliers.
    answer : ndarray of shape (n_samples, n_outputs)
        Probabilities or scores.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_labels), int64
        Places in `model.answers`; of labels 1 where the probability is above a half, else 0.

    Raises
    ------
    InputError
        If it is a score without a threshold.
    """
    if model.is_multilabel:
        return (answer > 0.5).astype(np.int64)
    if model.threshold is not None:
        return (answer[:, -1] >= model.threshold).astype(np.int64)
    if model.is_detector:
        raise InputError("the model has scores, but no threshold on them; find one first.")
    return answer.argmax(axis=1)


def percentile(model: CompactModel, score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many in a hundred real rows have a lower score, on straight lines between knots.

    Parameters
    ----------
    model : CompactModel
        Of outliers.
    score : ndarray of float64
        Scores.

    Returns
    -------
    ndarray of float64
        In [0, 100], of the shape of `score`: near 0 for what is abnormal.

    Raises
    ------
    InputError
        If the model has no quantiles.
    """
    if model.quantiles is None:
        raise InputError("the model has no quantiles of scores, by which percentiles are told.")
    return 100.0 * np.interp(score, model.quantiles.score, model.quantiles.share)
