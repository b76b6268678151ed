"""A calibrator and a threshold: what `model.json` says of them, and the rules that they keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._json import check_keys, shown
from ensemble_kd.bundle._limits import MAX_KNOTS
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Calibrator, CompactModel, LogitScaling, ProbabilityCurve

_FIELDS: dict[str, dict[str, Any]] = {
    "scaling": {"scale": float, "bias": list},
    "curve": {"x": list, "y": list},
}


def decision_scalars(model: CompactModel) -> dict[str, Any]:
    """Return what `model.json` says of a calibrator and a threshold; nothing without them.

    Parameters
    ----------
    model : CompactModel
        The model.

    Returns
    -------
    dict
    """
    entries: dict[str, Any] = {}
    calibrator = model.calibrator
    if isinstance(calibrator, LogitScaling):
        bias = np.asarray(calibrator.bias, dtype=np.float64).tolist()
        scale = float(calibrator.scale)
        entries["calibrator"] = {"kind": "scaling", "scale": scale, "bias": bias}
    elif calibrator is not None:
        x, y = (
            np.asarray(part, dtype=np.float64).tolist() for part in (calibrator.x, calibrator.y)
        )
        entries["calibrator"] = {"kind": "curve", "x": x, "y": y}
    if model.threshold is not None:
        entries["decision_threshold"] = float(model.threshold)
    return entries


def decision_from_scalars(scalars: Mapping[str, Any]) -> tuple[Calibrator | None, float | None]:
    """Return the calibrator and the threshold of `model.json`, whose form is checked here.

    Parameters
    ----------
    scalars : mapping
        The content of `model.json`.

    Returns
    -------
    calibrator : LogitScaling, ProbabilityCurve or None
    threshold : float or None

    Raises
    ------
    BundleError
        If an entry has another form.
    """
    threshold = scalars.get("decision_threshold")
    if "decision_threshold" in scalars and type(threshold) not in (int, float):
        raise BundleError(
            f"model.json: decision_threshold must be a number, got {shown(threshold)}."
        )
    calibrator = _calibrator(scalars["calibrator"]) if "calibrator" in scalars else None
    return calibrator, None if threshold is None else float(threshold)


def _calibrator(entry: Any) -> Calibrator:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in tuple(_FIELDS):  # it may be a list, which cannot be hashed
        raise BundleError(
            f"model.json: the kind of calibrator must be one of {tuple(_FIELDS)}, got "
            f"{shown(kind)}."
        )
    check_keys("model.json: calibrator", entry, {"kind", *_FIELDS[kind]})
    for name, wanted in _FIELDS[kind].items():
        value = entry[name]
        numbers = value if wanted is list and isinstance(value, list) else [value]
        is_right = isinstance(value, list) == (wanted is list)
        if not is_right or any(type(number) not in (int, float) for number in numbers):
            form = "a list of numbers" if wanted is list else "a number"
            raise BundleError(f"model.json: {name} must be {form}, got {shown(value)}.")
    if kind == "scaling":
        return LogitScaling(float(entry["scale"]), _numbers(entry["bias"]))
    return ProbabilityCurve(_numbers(entry["x"]), _numbers(entry["y"]))


def _numbers(values: list[float]) -> NDArray[np.float64]:
    out = np.array(values, dtype=np.float64)
    out.flags.writeable = False
    return out


def audit_decision(model: CompactModel) -> None:
    """Check that calibrator and threshold suit the model, and keep the rules of the format.

    Raises
    ------
    BundleError
        If they do not.
    """
    if model.calibrator is None and model.threshold is None:
        return
    if model.task != "classification":
        raise BundleError("a calibrator and a threshold are for a classification.")
    if isinstance(model.calibrator, LogitScaling):
        _audit_scaling(model.calibrator, model)
    elif model.calibrator is not None:
        _audit_curve(model.calibrator, model)
    threshold = model.threshold
    if threshold is None:
        return
    if len(model.classes) != 2:
        raise BundleError(f"a threshold needs two classes, got {len(model.classes)}.")
    if not 0 <= threshold <= 1:
        raise BundleError(f"decision_threshold must be in [0, 1], got {threshold}.")


def _audit_scaling(calibrator: LogitScaling, model: CompactModel) -> None:
    if model.link == "identity":
        raise BundleError("a calibrator that scales needs logits, got the link identity.")
    if not (math.isfinite(calibrator.scale) and calibrator.scale > 0):
        raise BundleError(f"scale must be finite and > 0, got {calibrator.scale}.")
    if np.shape(calibrator.bias) != (model.n_sums,):
        raise BundleError(
            f"bias must have {model.n_sums} entries, got the shape {np.shape(calibrator.bias)}."
        )
    if not np.isfinite(calibrator.bias).all():
        raise BundleError("bias must be finite.")


def _audit_curve(calibrator: ProbabilityCurve, model: CompactModel) -> None:
    x, y = calibrator.x, calibrator.y
    if len(model.classes) != 2:
        raise BundleError(f"a curve needs two classes, got {len(model.classes)}.")
    if x.ndim != 1 or x.shape != y.shape or not 2 <= len(x) <= MAX_KNOTS:
        raise BundleError(
            f"a curve must have from 2 to {MAX_KNOTS} knots, got the shapes {x.shape} and "
            f"{y.shape}."
        )
    for name, values in (("x", x), ("y", y)):
        if not ((values >= 0) & (values <= 1)).all():
            raise BundleError(f"the {name} of a curve must be in [0, 1].")
    if not (np.diff(x) > 0).all() or not (np.diff(y) >= 0).all():
        raise BundleError("the x of a curve must increase, and its y must not decrease.")
