"""What `model.json` says: the kind of student, its scalars, its storage, how it decides."""

from __future__ import annotations

from itertools import pairwise

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, is_number, shown
from ensemble_kd.bundle._table import (
    CALIBRATORS,
    FEWEST_VALUES,
    KINDS,
    LINK_OF_LABELS,
    LINKS,
    MAX_KNOTS,
    MAX_LAYERS,
    MOST_VALUES,
    NEW_SCALARS,
    QUANTILES,
    SCALARS,
    STORAGE_OF,
    STORAGE_OF_PART,
    STORAGE_PARTS,
    TASK_OF_LABELS,
    TASK_OF_SCORES,
    TASK_OF_VALUES,
    array_forms,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_WHERE = "model.json"


def read_scalars(data: memoryview, task: str, n_classes: int, min_reader: int) -> dict[str, Any]:
    """Return the scalars of a student, and what else `model.json` holds.

    Parameters
    ----------
    data : memoryview
        The member.
    task : str
        What the manifest says.
    n_classes : int
        Number of classes, 0 without.
    min_reader : int
        What the manifest says.

    Returns
    -------
    dict

    Raises
    ------
    BundleError
        If it is not as the format says.
    """
    scalars = decode_json(data, _WHERE)
    check_scalars(scalars)
    for name, version in NEW_SCALARS.items():
        if name in scalars and min_reader < version:
            raise BundleError(
                f"{_WHERE}: {name} needs a min_reader of at least {version}, got {min_reader}."
            )
    if "n_values" in scalars and task != TASK_OF_VALUES:
        raise BundleError(f"{_WHERE}: n_values is for the task {TASK_OF_VALUES}, got {task}.")
    if ("labels" in scalars) != (task == TASK_OF_LABELS):
        raise BundleError(
            f"{_WHERE}: labels must be true for the task {TASK_OF_LABELS}, and else left out; the "
            f"task is {task}."
        )
    _check_response(scalars, n_classes)
    if task == TASK_OF_SCORES:
        _check_scores(scalars)
    else:
        _check_decision(scalars, n_classes)
    return scalars  # type: ignore[no-any-return, unused-ignore]


def check_scalars(scalars: Any) -> None:
    """Check the form of what `model.json` holds, whatever the classes.

    Parameters
    ----------
    scalars : object
        What it holds.

    Raises
    ------
    BundleError
        If the kind is unknown, or an entry is missing, unknown or of another form.
    """
    kind = scalars.get("kind") if isinstance(scalars, dict) else None
    if kind not in KINDS:
        raise BundleError(
            f"{_WHERE}: the kind of student must be one of {KINDS}, got {shown(kind)}."
        )
    types = SCALARS[kind]
    check_keys(_WHERE, scalars, {"kind", *types} | scalars.keys() & NEW_SCALARS.keys())
    check_types(_WHERE, scalars, types)
    if kind == "mlp" and not 0 <= scalars["n_layers"] <= MAX_LAYERS:
        raise BundleError(
            f"{_WHERE}: n_layers must be from 0 to {MAX_LAYERS}, got {scalars['n_layers']}."
        )
    if "outside" in scalars and (kind != "mlp" or scalars["outside"] is not True):
        raise BundleError(
            f"{_WHERE}: outside must be true, of an mlp, or left out, got "
            f"{shown(scalars['outside'])} of {shown(kind)}."
        )
    if scalars.get("labels", True) is not True:
        raise BundleError(
            f"{_WHERE}: labels must be true or left out, got {shown(scalars['labels'])}."
        )
    n_values = scalars.get("n_values", FEWEST_VALUES)
    if type(n_values) is not int or not FEWEST_VALUES <= n_values <= MOST_VALUES:
        raise BundleError(
            f"{_WHERE}: n_values must be from {FEWEST_VALUES} to {MOST_VALUES}, or left out of one "
            f"value, got {shown(n_values)}."
        )
    if "storage" in scalars:
        _check_storage(scalars["storage"], scalars)
    if "calibrator" in scalars:
        check_calibrator(scalars["calibrator"])
    if "decision_threshold" in scalars and not is_number(scalars["decision_threshold"]):
        raise BundleError(
            f"{_WHERE}: decision_threshold must be a number, got "
            f"{shown(scalars['decision_threshold'])}."
        )
    if "score_quantiles" in scalars:
        _check_form_of_quantiles(scalars["score_quantiles"])


def _check_storage(storage: Any, scalars: Mapping[str, Any]) -> None:
    """Check what is said of storage: known arrays, each by a kind that it may have."""
    if not isinstance(storage, dict) or not storage:
        raise BundleError(
            f"{_WHERE}: storage must be an object with an entry, got {shown(storage)}; leave it "
            f"out where every array is kept as it is."
        )
    forms = array_forms(scalars)
    for name, kind in sorted(storage.items()):  # a whole before its parts
        allowed: tuple[str, ...] = ()
        if name in forms:
            dtype, shape = forms[name]
            allowed = STORAGE_OF.get((dtype, len(shape)), ())
        whole, dot, side = name.rpartition(".")
        if dot and side in STORAGE_PARTS.get(storage.get(whole, ""), ()):
            allowed = STORAGE_OF_PART
        if not isinstance(kind, str) or kind not in allowed:
            raise BundleError(
                f"{_WHERE}: storage of {shown(name)} must be "
                f"{f'one of {allowed}' if allowed else 'left out'}, got {shown(kind)}."
            )


def check_calibrator(entry: Any) -> None:
    """Check the form of a calibrator's entry.

    Parameters
    ----------
    entry : object
        What `model.json` says of it.

    Raises
    ------
    BundleError
        If its kind is unknown, or a key is missing, unknown or no number or list of them.
    """
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in tuple(CALIBRATORS):  # it may be a list, which cannot be hashed
        raise BundleError(
            f"{_WHERE}: the kind of calibrator must be one of {tuple(CALIBRATORS)}, got "
            f"{shown(kind)}."
        )
    check_keys(f"{_WHERE}: calibrator", entry, {"kind", *CALIBRATORS[kind]})
    _check_numbers(entry, CALIBRATORS[kind])


def _check_form_of_quantiles(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise BundleError(f"{_WHERE}: score_quantiles must be an object, got {shown(entry)}.")
    check_keys(f"{_WHERE}: score_quantiles", entry, QUANTILES.keys())
    _check_numbers(entry, QUANTILES)


def _check_numbers(entry: Mapping[str, Any], types: Mapping[str, type]) -> None:
    """Check that each value is a number, or a list of them."""
    for name, wanted in types.items():
        value = entry[name]
        numbers = value if wanted is list and isinstance(value, list) else [value]
        if isinstance(value, list) != (wanted is list) or not all(map(is_number, numbers)):
            form = "a list of numbers" if wanted is list else "a number"
            raise BundleError(f"{_WHERE}: {name} must be {form}, got {shown(value)}.")


# --- with the classes -----------------------------------------------------------------------------


def link_of(scalars: Mapping[str, Any], n_classes: int) -> str:
    """Return what turns the sums into the response.

    Parameters
    ----------
    scalars : mapping
        What `model.json` holds.
    n_classes : int
        Number of classes, 0 without.

    Returns
    -------
    str
    """
    if scalars["kind"] == "mlp":
        if "labels" in scalars:
            return LINK_OF_LABELS
        return "softmax" if n_classes else "identity"
    return str(scalars["link"])


def number_of_sums(scalars: Mapping[str, Any], n_classes: int) -> int:
    """Return the number of sums that the link takes.

    Parameters
    ----------
    scalars : mapping
        What `model.json` holds.
    n_classes : int
        Number of classes, 0 without.

    Returns
    -------
    int
    """
    if link_of(scalars, n_classes) == "sigmoid":
        return 1
    return number_of_outputs(scalars, n_classes)


def number_of_outputs(scalars: Mapping[str, Any], n_classes: int) -> int:
    """Return the number of numbers in a response.

    Parameters
    ----------
    scalars : mapping
        What `model.json` holds.
    n_classes : int
        Number of classes, 0 without.

    Returns
    -------
    int
    """
    return n_classes or int(scalars.get("n_values", 1))


def _check_response(scalars: Mapping[str, Any], n_classes: int) -> None:
    """Check what the link and the scale of the outputs are, beside so many classes."""
    link = link_of(scalars, n_classes)
    if link not in LINKS:
        raise BundleError(f"link must be one of {LINKS}, got {shown(link)}.")
    if (link == LINK_OF_LABELS) != ("labels" in scalars):
        raise BundleError(f"link must be {LINK_OF_LABELS} of labels alone, got {shown(link)}.")
    if not n_classes and link != "identity":
        raise BundleError(f"link must be identity without classes, got {shown(link)}.")
    if link == "sigmoid" and n_classes != 2:
        raise BundleError(f"link sigmoid needs two classes, got {n_classes}.")
    if scalars["kind"] == "mlp" and n_classes:
        for name, plain in (("output_mean", 0.0), ("output_scale", 1.0)):
            if scalars[name] != plain:
                raise BundleError(
                    f"{name} must be {plain} in a classification, got {scalars[name]}."
                )


def _check_decision(scalars: Mapping[str, Any], n_classes: int) -> None:
    calibrator, threshold = scalars.get("calibrator"), scalars.get("decision_threshold")
    if "score_quantiles" in scalars:
        raise BundleError(f"score_quantiles are for the task {TASK_OF_SCORES}.")
    is_plain = not n_classes or "labels" in scalars
    if is_plain and (calibrator is not None or threshold is not None):
        raise BundleError("a calibrator and a threshold are for a classification.")
    if calibrator is not None and calibrator["kind"] == "scaling":
        _check_scaling(calibrator, scalars, n_classes)
    elif calibrator is not None:
        _check_curve(calibrator["x"], calibrator["y"], n_classes)
    if threshold is None:
        return
    if n_classes != 2:
        raise BundleError(f"a threshold needs two classes, got {n_classes}.")
    if not 0 <= threshold <= 1:
        raise BundleError(f"decision_threshold must be in [0, 1], got {threshold}.")


def _check_scores(scalars: Mapping[str, Any]) -> None:
    """Check what is decided on a score without classes."""
    for name in ("decision_threshold", "score_quantiles"):
        if name not in scalars:
            raise BundleError(f"{_WHERE}: the task {TASK_OF_SCORES} needs {name}.")
    score, share = (scalars["score_quantiles"][name] for name in QUANTILES)
    if len(score) != len(share) or not 1 <= len(score) <= MAX_KNOTS:
        raise BundleError(
            f"score_quantiles must have from 1 to {MAX_KNOTS} knots, got {len(score)} and "
            f"{len(share)}."
        )
    if not all(a < b for a, b in pairwise(score)):
        raise BundleError("the score of score_quantiles must increase.")
    if not all(0 <= s <= 1 for s in share) or not all(a <= b for a, b in pairwise(share)):
        raise BundleError("the share of score_quantiles must not decrease, within [0, 1].")
    calibrator = scalars.get("calibrator")
    if calibrator is not None:
        if calibrator["kind"] != "curve":
            raise BundleError("a calibrator that scales is for a classification.")
        _check_knots(calibrator["x"], calibrator["y"])


def _check_scaling(
    calibrator: Mapping[str, Any], scalars: Mapping[str, Any], n_classes: int
) -> None:
    if link_of(scalars, n_classes) == "identity":
        raise BundleError("a calibrator that scales needs logits, got the link identity.")
    if not calibrator["scale"] > 0:
        raise BundleError(f"scale must be finite and > 0, got {calibrator['scale']}.")
    n_sums, n_given = number_of_sums(scalars, n_classes), len(calibrator["bias"])
    if n_given != n_sums:
        raise BundleError(f"bias must have {n_sums} entries, got {n_given}.")


def _check_curve(x: list[float], y: list[float], n_classes: int) -> None:
    if n_classes != 2:
        raise BundleError(f"a curve needs two classes, got {n_classes}.")
    _check_knots(x, y)
    for name, values in (("x", x), ("y", y)):
        if not all(0 <= value <= 1 for value in values):
            raise BundleError(f"the {name} of a curve must be in [0, 1].")


def _check_knots(x: list[float], y: list[float]) -> None:
    if len(x) != len(y) or not 2 <= len(x) <= MAX_KNOTS:
        raise BundleError(
            f"a curve must have from 2 to {MAX_KNOTS} knots, got {len(x)} and {len(y)}."
        )
    if not all(a < b for a, b in pairwise(x)) or not all(a <= b for a, b in pairwise(y)):
        raise BundleError("the x of a curve must increase, and its y must not decrease.")
