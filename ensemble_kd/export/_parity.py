"""How far an export's answers are from the model's, on made-up rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.bundle import body_from_parts, body_to_parts, decision_from_scalars
from ensemble_kd.errors import MissingDependencyError
from ensemble_kd.export._rows import answers, probe_rows
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import decision


def onnx_difference(model: CompactModel, content: bytes) -> float | None:
    """Return the largest absolute difference of a graph's response under ONNX Runtime.

    Parameters
    ----------
    model : CompactModel
        The student.
    content : bytes
        What `export_onnx` made of it.

    Returns
    -------
    float or None
        None if onnxruntime is not installed; infinite if a score is decided on wrongly.
    """
    try:
        runtime = require("onnxruntime", extra="onnx")
    except MissingDependencyError:
        return None
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    inputs = json.loads(metadata["ensemble_kd.inputs"])
    missing = json.loads(metadata["ensemble_kd.missing"])
    codes = probe_rows(model)
    feed = {facts["input"]: _values(facts, codes[:, j], missing) for j, facts in enumerate(inputs)}
    given = session.run(None, feed)
    if model.is_detector:
        told = np.asarray(model.answers)[decision(model, given[0])]
        if not np.array_equal(given[1], told):
            return float("inf")
    return _largest(given[0], answers(model, codes))


def json_difference(model: CompactModel, text: str) -> float:
    """Return the largest absolute difference of a document's numbers, or of their response.

    Parameters
    ----------
    model : CompactModel
        The student.
    text : str
        What `export_json` made of it.

    Returns
    -------
    float
        0 if the document holds every number of the model, which is compared in full, whatever its
        file keeps of it in fewer bytes.
    """
    document = json.loads(text)
    found = document["model"]
    own, scalars = body_to_parts(replace(model.body, storage={}))
    arrays = {  # an array without rows has lost its width
        name: np.array(_numbers(found[name]), dtype=array.dtype).reshape(array.shape)
        for name, array in own.items()
    }
    codes = probe_rows(model)
    body = body_from_parts(arrays, {name: found[name] for name in scalars})
    read = replace(model, body=body, **decision_from_scalars(document))
    off = [_largest(arrays[name], array) for name, array in own.items()]
    return max(_largest(answers(read, codes), answers(model, codes)), *off)


def _largest(given: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return how far numbers are apart at most; what is missing or infinite is so in both."""
    differ = (given != wanted) & ~((given != given) & (wanted != wanted))
    off = np.abs(given[differ].astype(np.float64) - wanted[differ].astype(np.float64))
    return float(np.nan_to_num(off, nan=np.inf).max(initial=0.0))


def _values(facts: dict[str, Any], codes: NDArray[np.float64], missing: str) -> NDArray[Any]:
    """Return one column as its input takes it."""
    if facts["kind"] != "categorical":
        return codes[:, None]
    text_of: dict[int, str] = {}
    for text, code in facts["texts"].items():
        text_of.setdefault(code, text)
    unseen = "unseen"
    while unseen in facts["texts"] or unseen == missing:
        unseen += "_"
    texts = [missing if code != code else text_of.get(int(code), unseen) for code in codes]
    return np.array(texts, dtype=object)[:, None]


def _numbers(value: Any) -> Any:
    """Return nested lists with null and the texts of infinite numbers as floats."""
    if isinstance(value, list):
        return [_numbers(entry) for entry in value]
    if value is None:
        return float("nan")
    return float(value) if isinstance(value, str) else value
