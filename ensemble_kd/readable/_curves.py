"""The curves of an additive model: what each column adds, wherever it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, MLPRecord

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """What one column adds to the outputs.

    Parameters
    ----------
    name : str
        Of the column.
    at : tuple of float or str
        Numbers between which the curve is straight and beyond which it is level, or categories; the
        last one of a categorical column is for one never seen.
    values : ndarray of shape (n_points, n_outputs)
        What is added there.
    missing : ndarray of shape (n_outputs,)
        What a missing value adds.
    """

    name: str
    at: tuple[float | str, ...]
    values: Array
    missing: Array

    @property
    def is_numeric(self) -> bool:
        """Whether it is a curve over numbers."""
        return not isinstance(self.at[0], str)

    @property
    def span(self) -> float:
        """By how much the column moves an output, at most."""
        return float(np.ptp(self.values, axis=0).max())


@dataclass(frozen=True)
class Curves:
    """All of an additive model: outputs are `base` and what each column adds; `str` is a table.

    Parameters
    ----------
    outputs : tuple of str
        What is added to: the log-odds of the second of two classes, a logit a class, or the value.
    base : ndarray of shape (n_outputs,)
        Where the sum begins.
    curves : tuple of Curve
        The column that moves the most first.
    """

    outputs: tuple[str, ...]
    base: Array
    curves: tuple[Curve, ...]

    def __str__(self) -> str:
        """Return each column with the points of its curve."""
        lines = [f"{', '.join(self.outputs)} begins at {_numbers(self.base)}"]
        for curve in self.curves:
            lines.append(f"{curve.name}: moves it by {curve.span:.3g}")
            points = [(_place(at), row) for at, row in zip(curve.at, curve.values, strict=True)]
            for place, row in [*points, ("missing", curve.missing)]:
                lines.append(f"  {place:>12}  {_numbers(row)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain values."""
        told = [
            {"column": curve.name, "at": list(curve.at), "values": curve.values.tolist(),
             "missing": curve.missing.tolist()}
            for curve in self.curves
        ]  # fmt: skip
        return {"outputs": list(self.outputs), "base": self.base.tolist(), "curves": told}


def _place(at: float | str) -> str:
    return at if isinstance(at, str) else f"{at:.6g}"


def _numbers(row: Array) -> str:
    return "  ".join(f"{number:+.4g}" for number in row)


def curves(model: CompactModel) -> Curves:
    """Return the curves of an additive model.

    Parameters
    ----------
    model : CompactModel
        Such as the ``model_`` of an estimator whose student is "additive".

    Returns
    -------
    Curves

    Raises
    ------
    InputError
        If columns act together in it.
    """
    body = model.body
    if not isinstance(body, MLPRecord) or body.layers or body.outside is not None:
        raise InputError("curves are those of an additive model; choose student='additive'.")
    # To the numbers that are told: of two classes one, the log-odds.
    to_told = np.eye(len(body.first_bias)) * body.output_scale
    outputs = tuple(f"the logit of {label!r}" for label in model.classes) or ("the value",)
    if model.is_multilabel:
        outputs = tuple(f"the log-odds of {label!r}" for label in model.classes)
    if model.is_detector:
        outputs = ("the score",)
    if model.has_classes and len(model.classes) == 2:
        to_told, outputs = np.array([[-1.0], [1.0]]), (f"the log-odds of {model.classes[1]!r}",)
    base = body.first_bias.astype(np.float64) @ to_told + body.output_mean
    found = []
    for c, j in enumerate(body.numeric_columns):
        edges = body.edges[slice(*body.edge_offsets[c : c + 2])]
        begin = int(body.edge_offsets[c]) - c
        steps = body.numeric_weight[begin : begin + len(edges) - 1].astype(np.float64) @ to_told
        values = np.vstack([np.zeros(len(base)), np.cumsum(steps, axis=0)])
        missing = body.missing_weight[c].astype(np.float64) @ to_told
        found.append((int(j), tuple(edges.tolist()), values, missing))
    for c, j in enumerate(body.category_columns):
        rows = body.category_weight[slice(*body.category_offsets[c : c + 2])].astype(np.float64)
        values = rows @ to_told
        column = model.schema.columns[j]
        names = ["false", "true"]
        if column.kind == "categorical":
            names = [str(category) for category in column.categories]
            names += [f"category {code}" for code in range(len(names), len(rows) - 2)]
            names.append("never seen")
        found.append((int(j), tuple(names), values[:-1], values[-1]))
    moved = []
    for j, at, values, missing in found:
        # What a curve is worth lies in how it goes: its middle goes to the base.
        middle = (values.max(axis=0) + values.min(axis=0)) / 2
        base = base + middle
        moved.append(Curve(model.schema.columns[j].name, at, values - middle, missing - middle))
    moved.sort(key=lambda curve: -curve.span)
    return Curves(outputs, base, tuple(moved))
