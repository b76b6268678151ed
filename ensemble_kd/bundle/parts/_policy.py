"""What `policy.json` says: how the threshold was chosen, and what others would have done."""

from __future__ import annotations

from itertools import pairwise

from ensemble_kd.bundle._json import check_keys, decode_json, is_number, shown
from ensemble_kd.bundle._table import (
    CURVE_LISTS,
    CURVE_OF_COSTS,
    CURVE_OF_LABELS,
    MAX_NAME_LENGTH,
    MAX_POINTS,
    POLICIES,
    POLICY,
    POLICY_ENTRIES,
    POLICY_VERSION,
    TASK_OF_SCORES,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def read_policy(
    data: memoryview, task: str, n_classes: int, scalars: Mapping[str, Any], min_reader: int
) -> dict[str, Any]:
    """Return what the member holds.

    Parameters
    ----------
    data : memoryview
        The member.
    task : str
        What the manifest says.
    n_classes : int
        Number of classes, 0 without.
    scalars : mapping
        What `model.json` holds, checked.
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
    if min_reader < POLICY_VERSION:
        raise BundleError(
            f"{POLICY} needs a min_reader of at least {POLICY_VERSION}, got {min_reader}."
        )
    if "decision_threshold" not in scalars:
        raise BundleError(f"{POLICY} tells of a decision_threshold, which is missing.")
    content = decode_json(data, POLICY)
    if not isinstance(content, dict):
        raise BundleError(f"{POLICY} must be a JSON object, got {shown(content)}.")
    check_keys(POLICY, content, POLICY_ENTRIES.keys())
    _check_policy(content["policy"])
    n_rows, n_positives = content["n_rows"], content["n_positives"]
    if not is_number(n_rows) or not n_rows > 0:
        raise BundleError(f"{POLICY}: n_rows must be a number > 0, got {shown(n_rows)}.")
    if n_positives is not None and not (is_number(n_positives) and 0 <= n_positives <= n_rows):
        raise BundleError(
            f"{POLICY}: n_positives must be null or a number up to n_rows, got "
            f"{shown(n_positives)}."
        )
    is_of_scores = task == TASK_OF_SCORES
    _check_curve(content["operating_curve"], n_positives is not None, is_of_scores)
    return content


def _check_policy(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise BundleError(f"{POLICY}: policy must be an object, got {shown(entry)}.")
    check_keys(f"{POLICY}: policy", entry, {"kind", "asked"})
    kind, asked = entry["kind"], entry["asked"]
    if kind not in tuple(POLICIES):  # it may be a list, which cannot be hashed
        raise BundleError(
            f"{POLICY}: the kind of policy must be one of {tuple(POLICIES)}, got {shown(kind)}."
        )
    if not isinstance(asked, dict):
        raise BundleError(f"{POLICY}: asked must be an object, got {shown(asked)}.")
    check_keys(f"{POLICY}: asked", asked, POLICIES[kind].keys())
    for name, other in POLICIES[kind].items():
        value = asked[name]
        is_text = other is str and isinstance(value, str) and len(value) <= MAX_NAME_LENGTH
        if not (is_number(value) or is_text or (other is None and value is None)):
            raise BundleError(f"{POLICY}: {name} must be a number, got {shown(value)}.")


def _check_curve(curve: Any, has_labels: bool, is_of_scores: bool) -> None:
    if not isinstance(curve, dict):
        raise BundleError(f"{POLICY}: operating_curve must be an object, got {shown(curve)}.")
    wanted = {*CURVE_LISTS, *(CURVE_OF_LABELS if has_labels else ())}
    if has_labels and curve.keys() & set(CURVE_OF_COSTS):
        wanted |= set(CURVE_OF_COSTS)
    check_keys(f"{POLICY}: operating_curve", curve, wanted)
    for name, values in curve.items():
        if not isinstance(values, list) or not 1 <= len(values) <= MAX_POINTS:
            raise BundleError(
                f"{POLICY}: {name} must be a list of 1 to {MAX_POINTS} numbers, got "
                f"{shown(values)}."
            )
        known = [v for v in values if not (v is None and name == "precision")]
        is_share = name in ("alert_rate", *CURVE_OF_LABELS)
        is_signed = name == "threshold" and is_of_scores
        for value in known:
            if not is_number(value) or not (is_signed or value >= 0) or (is_share and value > 1):
                raise BundleError(
                    f"{POLICY}: {name} must be numbers of its range, got {shown(value)}."
                )
    n_points = len(curve["threshold"])
    for name, values in curve.items():
        if len(values) != n_points:
            raise BundleError(f"{POLICY}: {name} must have {n_points} entries, got {len(values)}.")
    if not all(a < b for a, b in pairwise(curve["threshold"])):
        raise BundleError(f"{POLICY}: threshold must increase.")
    for name in ("alert_rate", "recall"):
        values = curve.get(name, [])
        if not all(a <= b if is_of_scores else a >= b for a, b in pairwise(values)):
            raise BundleError(f"{POLICY}: {name} must have more alerts, the more are let through.")
