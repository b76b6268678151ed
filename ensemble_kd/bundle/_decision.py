"""What decides on a response: from the model to what `model.json` says of it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle.parts import check_calibrator
from ensemble_kd.model import CompactModel, LogitScaling, ProbabilityCurve, ScoreQuantiles


def decision_scalars(model: CompactModel) -> dict[str, Any]:
    """Return what `model.json` says of calibrator, threshold and quantiles; nothing without.

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
    if model.quantiles is not None:
        entries["score_quantiles"] = {
            name: np.asarray(part, dtype=np.float64).tolist()
            for name, part in vars(model.quantiles).items()
        }
    return entries


def decision_from_scalars(scalars: Mapping[str, Any]) -> dict[str, Any]:
    """Return calibrator, threshold and quantiles of `model.json`; a calibrator's form is checked.

    Parameters
    ----------
    scalars : mapping
        The content of `model.json`.

    Returns
    -------
    dict
        What a `CompactModel` takes under these names, as far as it is there.

    Raises
    ------
    BundleError
        If an entry has another form.
    """
    found: dict[str, Any] = {}
    if "calibrator" in scalars:
        entry = scalars["calibrator"]
        check_calibrator(entry)
        if entry["kind"] == "scaling":
            found["calibrator"] = LogitScaling(float(entry["scale"]), _numbers(entry["bias"]))
        else:
            found["calibrator"] = ProbabilityCurve(_numbers(entry["x"]), _numbers(entry["y"]))
    if "decision_threshold" in scalars:
        found["threshold"] = float(scalars["decision_threshold"])
    if "score_quantiles" in scalars:
        entry = scalars["score_quantiles"]
        found["quantiles"] = ScoreQuantiles(_numbers(entry["score"]), _numbers(entry["share"]))
    return found


def _numbers(values: list[float]) -> NDArray[np.float64]:
    out = np.array(values, dtype=np.float64)
    out.flags.writeable = False
    return out
