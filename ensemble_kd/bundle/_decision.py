"""A calibrator and a threshold: from the model to what `model.json` says of them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle.parts import check_calibrator
from ensemble_kd.model import Calibrator, CompactModel, LogitScaling, ProbabilityCurve


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
    """Return the calibrator and the threshold of `model.json`; a calibrator's form is checked.

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
    calibrator: Calibrator | None = None
    if "calibrator" in scalars:
        entry = scalars["calibrator"]
        check_calibrator(entry)
        if entry["kind"] == "scaling":
            calibrator = LogitScaling(float(entry["scale"]), _numbers(entry["bias"]))
        else:
            calibrator = ProbabilityCurve(_numbers(entry["x"]), _numbers(entry["y"]))
    threshold = scalars.get("decision_threshold")
    return calibrator, None if threshold is None else float(threshold)


def _numbers(values: list[float]) -> NDArray[np.float64]:
    out = np.array(values, dtype=np.float64)
    out.flags.writeable = False
    return out
