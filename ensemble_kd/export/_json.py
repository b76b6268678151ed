"""One JSON document with all that is needed to score, for a reader in any language."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from ensemble_kd.bundle import body_to_parts, decision_scalars, several_values
from ensemble_kd.errors import InputError
from ensemble_kd.export._categories import refuse_hashes
from ensemble_kd.export._decided import check_decided
from ensemble_kd.export._decimals import shortest
from ensemble_kd.export._write import write_export
from ensemble_kd.model import CompactModel
from ensemble_kd.scoring import make_selftest

# Rises with every change that a reader of this document would have to know of; a document is of the
# lowest version that has all it holds.
PLAIN_VERSION, DECISION_VERSION = 1, 2
SCORES_VERSION = OUTSIDE_VERSION = 3
VALUES_VERSION = 4  # several outputs of a regression, or several labels

ENCODING = [
    "numeric: the number; boolean: 0 or 1; missing: NaN",
    "categorical: index in categories, where 1, 1.0 and true are equal; not there: their number",
]
FORMULAS = {
    "mlp": [
        "b = edges[edge_offsets[k] : edge_offsets[k+1]] for the k-th of numeric_columns, value x",
        "e[t] = clip((x - b[t]) / (b[t+1] - b[t]), 0, 1), t = 0 .. len(b)-2; x missing: all 0",
        "h = first_bias + sum of e[t] * numeric_weight[edge_offsets[k] - k + t]",
        "  + sum of missing_weight[k] over the missing numeric columns",
        "  + sum of category_weight[category_offsets[c] + code], missing: the last row of the part",
        "for each layer: h = max(h, 0) @ weight + bias",
        "classification: softmax(h); regression, outliers: output_mean + output_scale * h",
    ],
    "trees": [
        "code of the k-th of category_columns becomes category_rank[category_offsets[k] + code];"
        " null there: missing",
        "from each of roots, while feature[i] >= 0: left if missing_left[i] = 1 where the value is"
        " missing, else if value <= threshold[i]; left is i + 1, right is right[i]",
        "sums = base; tree t adds value[i][0] to sums[tree_output[t]], or value[i] to all if -1",
        "identity: sums, in a classification divided by their total; sigmoid: [1 - p, p] with"
        " p = 1 / (1 + exp(-sums[0])); softmax: softmax(sums)",
    ],
}
# Of outliers, whose score is low for what is abnormal.
SCORES = {
    "curve": "calibrator: the score becomes the line through (x, y) at it, flat beyond",
    "decision_threshold": "predicted: -1, abnormal, if the score is less than that, else 1",
    "score_quantiles": "percentile: 100 times the line through (score, share), flat beyond",
}
# Before those of an mlp that looks outside.
OUTSIDE_FORMULA = [
    "outside: beyond[i] = max(low[i] - x, x - high[i], 0) for the value x, or the code, of the i-th"
    " of outside.columns, missing[i] where it is missing; n_columns is the number of columns",
    "column n_columns: max of beyond / width; n_columns + 1: their sum; n_columns + 2: max of"
    " beyond / spread; n_columns + 3: their sum; n_columns + 4: how many beyond are > 0",
]
# After those of a model of several labels, which `classes` names.
LABELS_FORMULA = [
    "multilabel: p = 1 / (1 + exp(-s)) of each s of h, or of the sums (link sigmoids), for the"
    " label at its place in classes; predicted: 1 where p is above 0.5, else 0"
]
# Of the calibrator, in place of the link's last line or after it.
DECISIONS = {
    "scaling": "calibrator: sums (of an mlp: h) become scale * sums + bias before the link",
    "curve": "calibrator: p of the second class becomes the line through (x, y) at p, flat beyond",
    "decision_threshold": "predicted: the second class if its p is at least that, else the first",
}


def export_json(model: CompactModel, path: str | os.PathLike[str] | None = None) -> str:
    """Return a model as one JSON document, and write it if a path is given.

    Parameters
    ----------
    model : CompactModel
        The student; ``load("model.ekd").model`` is one.
    path : str, path-like or None, default=None
        Where to write the document as UTF-8; None to write nothing.

    Returns
    -------
    str
        ASCII text. float32 numbers have the fewest decimals that name them; a missing rank is
        null, an infinite threshold ``"inf"`` or ``"-inf"``.

    Raises
    ------
    InputError
        If a category is a number that JSON cannot hold, or the file cannot be written.
    """
    refuse_hashes(model.schema)
    check_decided(model)
    arrays, scalars = body_to_parts(replace(model.body, storage={}))  # in full
    selftest = make_selftest(model)
    decision = decision_scalars(model)
    kinds = [value["kind"] if key == "calibrator" else key for key, value in decision.items()]
    looks_outside = "outside" in scalars
    decisions, version = (
        (SCORES, SCORES_VERSION) if model.is_detector else (DECISIONS, DECISION_VERSION)
    )
    version = version if decision else PLAIN_VERSION
    version = OUTSIDE_VERSION if looks_outside else version
    version = VALUES_VERSION if several_values(model) else version
    formula = ENCODING + OUTSIDE_FORMULA * looks_outside + FORMULAS[scalars["kind"]]
    formula = formula + LABELS_FORMULA * model.is_multilabel
    document = {
        "format": "ensemble_kd.json",
        "version": version,
        "task": model.task,
        "classes": list(model.classes),
        "columns": model.schema.to_dict()["columns"],
        "model": scalars | {name: _plain(array) for name, array in arrays.items()},
        **several_values(model),
        **decision,
        "formula": formula + [decisions[kind] for kind in kinds],
        "selftest": {
            "rows": selftest.rows,
            "expected": selftest.expected.tolist(),
            "tolerance": selftest.tolerance,
        },
    }
    try:
        text = json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(
            f"categories, classes and bounds must be texts or finite numbers to be written as "
            f"JSON ({error}); rename them before training."
        ) from error
    if path is not None:
        write_export(text.encode("ascii"), path)
    return text


def _plain(array: NDArray[Any]) -> list[Any]:
    if array.ndim == 2:
        return [_plain(row) for row in array]
    if array.dtype.kind == "f":
        return [_number(value) for value in shortest(array)]
    plain: list[Any] = array.tolist()
    return plain


def _number(value: float) -> float | str | None:
    if value != value:
        return None
    return value if math.isfinite(value) else repr(value)
