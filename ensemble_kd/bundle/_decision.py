"""What decides on a response: from the model to what the file says of it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle.parts import check_calibrator
from ensemble_kd.model import (
    ChosenBy,
    CompactModel,
    LogitScaling,
    OperatingCurve,
    ProbabilityCurve,
    ScoreCurve,
    ScoreQuantiles,
)


def several_values(model: CompactModel) -> dict[str, int | bool]:
    """Return what `model.json` says of several values or labels; nothing of one.

    Parameters
    ----------
    model : CompactModel
        The model.

    Returns
    -------
    dict
    """
    if model.is_multilabel:
        return {"labels": True}
    is_one = model.has_classes or model.n_outputs == 1
    return {} if is_one else {"n_values": model.n_outputs}


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
            kind = ScoreCurve if "score_quantiles" in scalars else ProbabilityCurve
            found["calibrator"] = kind(_numbers(entry["x"]), _numbers(entry["y"]))
    if "decision_threshold" in scalars:
        found["threshold"] = float(scalars["decision_threshold"])
    if "score_quantiles" in scalars:
        entry = scalars["score_quantiles"]
        found["quantiles"] = ScoreQuantiles(_numbers(entry["score"]), _numbers(entry["share"]))
    return found


def policy_content(policy: ChosenBy) -> dict[str, Any]:
    """Return what `policy.json` says.

    Parameters
    ----------
    policy : ChosenBy
        What the threshold was chosen by.

    Returns
    -------
    dict
    """
    curve = {
        name: [None if value != value else value for value in values.tolist()]
        for name, values in vars(policy.curve).items()
        if isinstance(values, np.ndarray)
    }
    plain = {
        name: value if value is None or isinstance(value, str) else float(value)
        for name, value in policy.asked.items()
    }
    return {
        "policy": {"kind": policy.kind, "asked": plain},
        "operating_curve": curve,
        "n_rows": policy.curve.n_rows,
        "n_positives": policy.curve.n_positives,
    }


def policy_from_content(content: Mapping[str, Any]) -> ChosenBy:
    """Return what the threshold was chosen by.

    Parameters
    ----------
    content : mapping
        The content of `policy.json`, checked.

    Returns
    -------
    ChosenBy
    """
    lists = {
        name: _numbers([np.nan if value is None else value for value in values])
        for name, values in content["operating_curve"].items()
    }
    curve = OperatingCurve(**lists, n_rows=content["n_rows"], n_positives=content["n_positives"])
    return ChosenBy(content["policy"]["kind"], content["policy"]["asked"], curve)


def _numbers(values: list[float]) -> NDArray[np.float64]:
    out = np.array(values, dtype=np.float64)
    out.flags.writeable = False
    return out
