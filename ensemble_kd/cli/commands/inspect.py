"""`inspect`: what a model file holds, without torch or scikit-learn."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.cli._console import one_line, print_json, printable, size_text, text_table
from ensemble_kd.cli._figures import title
from ensemble_kd.cli._options import add_model
from ensemble_kd.cli._policies import at_threshold_text, policy_facts

if TYPE_CHECKING:
    from ensemble_kd.bundle import Bundle
    from ensemble_kd.model import CompactModel

SUMMARY = "tell what a model file holds"
DESCRIPTION = """\
Read a model file, check it, have it answer the test rows that it carries, and tell what it holds:
the student, the columns it takes, its classes, its size, what it was trained on and how close it
came to its teacher, and what chose its threshold. Nothing in the file is run as code. The exit code
is 3 if it is not valid.
"""
EXAMPLES = """\
examples:
  ensemble-kd inspect model.ekd
  ensemble-kd inspect model.ekd --card > MODEL_CARD.md
  ensemble-kd inspect tree.ekd --rules
"""
JSON_HELP = "print the facts as one JSON object; with --card, the card among them"
SHOWN_CLASSES = 20
INVALID = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `inspect` takes."""
    add_model(parser)
    parser.add_argument(
        "--rules",
        action="store_true",
        help="print what the student has learned in place of the facts: the rules of one tree, or "
        "the curves of an additive model",
    )
    parser.add_argument(
        "--card", action="store_true", help="print the model card in place of the facts"
    )


def run(args: argparse.Namespace) -> int:
    """Print what the file holds and return the exit code."""
    from ensemble_kd.bundle import load_bundle
    from ensemble_kd.errors import BundleError
    from ensemble_kd.runtime import without_core
    from ensemble_kd.scoring import load

    required = args.require_signature
    bundle = load_bundle(args.model, require_signature=required)
    facts = bundle_facts(bundle, is_verified=required is not None)
    facts["scored_by"] = without_core()
    try:
        runtime = load(args.model, require_signature=required).runtime
        facts["scored_by"] = facts["scored_by"] or {"C": "the core in C"}.get(runtime, runtime)
    except BundleError as error:
        facts["selftest"] |= {"passed": False, "message": one_line(str(error))}
    if args.rules:
        return _print_rules(bundle, args.json)
    if args.json:
        print_json(facts | {"card": bundle.card} if args.card else facts)
    else:
        print(printable(bundle.card.rstrip("\n")) if args.card else render(facts))
    return 0 if facts["selftest"]["passed"] else INVALID


def _print_rules(bundle: Bundle, as_json: bool) -> int:
    """Print the rules or the curves, and return the exit code."""
    from ensemble_kd.model import MLPRecord
    from ensemble_kd.readable import curves, rules

    model = bundle.model
    told = curves(model) if isinstance(model.body, MLPRecord) else rules(model)
    if as_json:
        print_json(told.to_dict())
    else:
        print(printable(str(told)))
    return 0


def bundle_facts(bundle: Bundle, *, is_verified: bool = False) -> dict[str, Any]:
    """Return what is to be told of a bundle, as plain values.

    Parameters
    ----------
    bundle : Bundle
        Read and checked.
    is_verified : bool, default=False
        Whether it was asked for the signature of a key.

    Returns
    -------
    dict
    """
    model, manifest = bundle.model, bundle.manifest
    kind, counts = _body_facts(model.body)
    return {
        "name": manifest["name"],
        "kind": kind,
        "task": model.task,
        "classes": list(model.classes),
        "n_outputs": model.n_outputs,
        "calibrator": None if model.calibrator is None else str(model.calibrator),
        "threshold": model.threshold,
        "share_below_threshold": _share_below(model),
        "policy": policy_facts(model),
        "reasons": _reasons_facts(model),
        "columns": [_column_facts(column) for column in model.schema.to_dict()["columns"]],
        "named_columns": model.schema.named,
        "size_bytes": bundle.size_bytes,
        **counts,
        "stored_as": _storage_kinds(model.body),
        "created": manifest["created"],
        "format_version": manifest["format_version"],
        "libraries": manifest["libraries"],
        "signature": bundle.key_id and {"key_id": bundle.key_id, "verified": is_verified},
        "training": manifest["training"],
        "selftest": {
            "passed": True,
            "n_rows": len(bundle.selftest.rows),
            "tolerance": bundle.selftest.tolerance,
        },
    }


def _share_below(model: CompactModel) -> float | None:
    """Return which share of real rows an outlier detector calls abnormal."""
    from ensemble_kd.runtime import percentile

    if not model.is_detector or model.threshold is None:
        return None
    return float(percentile(model, np.array(model.threshold))) / 100


def _reasons_facts(model: CompactModel) -> dict[str, Any] | None:
    """Return what reasons are counted from, of what, and what they are called."""
    reasons = model.reasons
    if reasons is None:
        return None
    names = model.schema.names
    return {
        "explained": model.classes[reasons.output] if model.classes else None,
        "raises": reasons.raises,
        "n_background": len(reasons.background),
        "excluded": [names[j] for j in reasons.excluded],
        "groups": [
            vars(group) | {"columns": [names[j] for j in group.columns]} for group in reasons.groups
        ],
    }


def _body_facts(body: Any) -> tuple[str, dict[str, int]]:
    """Return the kind of student and its counts; a parameter is a number that training found."""
    if hasattr(body, "layers"):
        arrays = [body.numeric_weight, body.missing_weight, body.category_weight, body.first_bias]
        arrays += [array for layer in body.layers for array in (layer.weight, layer.bias)]
        n_hidden = len(body.layers)
        return "mlp", {"n_hidden_layers": n_hidden, "n_parameters": sum(a.size for a in arrays)}
    n_leaves = int((body.feature < 0).sum())
    n_splits = len(body.feature) - n_leaves
    return "trees", {
        "n_trees": len(body.roots),
        "n_nodes": len(body.feature),
        "n_parameters": n_splits + n_leaves * body.value.shape[1],
    }


def _storage_kinds(body: Any) -> list[str]:
    """Return how the file keeps arrays: float32 alone, or in fewer bytes."""
    kinds = {
        str(stored.values.dtype) if hasattr(stored, "values") else type(stored).__name__.lower()
        for stored in body.storage.values()
    }
    return sorted(kinds) or ["float32"]


def _column_facts(column: dict[str, Any]) -> dict[str, Any]:
    hashes = column.pop("category_hashes", None)
    if hashes is not None:
        return column | {"n_categories": len(hashes), "categories": None}
    categories = column.pop("categories", None)
    if categories is None:
        return column
    return column | {"n_categories": len(categories), "categories": categories}


def render(facts: dict[str, Any]) -> str:
    """Return the facts as text for people."""
    named = {"mlp": "network", "trees": "trees"}[facts["kind"]]
    counts = [f"{facts['n_parameters']:,} parameters"]
    if facts["kind"] == "trees":
        counts.append(f"{facts['n_trees']:,} trees, {facts['n_nodes']:,} nodes")
    lines = [
        ("name", facts["name"]),
        ("student", f"{named}, {', '.join(counts)}"),
        ("task", facts["task"]),
        ("size", f"{size_text(facts['size_bytes'])}, kept as {', '.join(facts['stored_as'])}"),
        ("created", facts["created"]),
        ("versions", _versions(facts)),
        ("self-test", _verdict(facts["selftest"])),
        ("scored by", facts["scored_by"] or "-"),
    ]
    if facts["classes"]:
        lines.insert(3, ("classes", _classes(facts["classes"])))
    elif facts["n_outputs"] > 1:
        lines.insert(3, ("outputs", f"{facts['n_outputs']} values a row"))
    if facts["calibrator"] is not None:
        lines.append(("calibrated", facts["calibrator"]))
    if facts["share_below_threshold"] is not None:
        share = f"{facts['share_below_threshold']:.2%} of rows kept apart"
        lines.append(
            ("threshold", f"-1, abnormal, below a score of {facts['threshold']:.6g}: {share}")
        )
    elif facts["threshold"] is not None:
        named = repr(facts["classes"][1])
        lines.append(("threshold", f"{named} from a probability of {facts['threshold']:.6g} on"))
    if facts["policy"] is not None:
        lines.append(("policy", facts["policy"]["text"]))
        lines.append(("at the threshold", at_threshold_text(facts["policy"])))
    if facts["reasons"] is not None:
        lines.append(("reasons", _reasons(facts["reasons"])))
    if facts["signature"]:
        lines.append(("signature", _signature(facts["signature"])))
    training = dict(facts["training"])
    fidelity, test = (training.pop(key, None) for key in ("fidelity", "test"))
    calibrated = training.pop("calibrated", None)
    before = isinstance(calibrated, dict) and calibrated.get("after_test") is True
    lines += [(f"training: {key}", _shown(value)) for key, value in training.items()]
    if isinstance(fidelity, dict):
        lines += [(f"fidelity: {key}", _shown(value)) for key, value in fidelity.items()]
    if isinstance(test, dict):
        when = "test before calibration" if before else "test"
        lines += [(f"{when}: {title(key)}", text) for key, text in _test_lines(test)]
    width = max(len(one_line(title)) for title, _ in lines)
    head = [f"{one_line(title).ljust(width)}  {one_line(str(text))}" for title, text in lines]
    table = text_table(
        ("column", "kind", "may be missing", "range or categories"),
        [
            (c["name"], c["kind"], "yes" if c["nullable"] else "no", _range(c))
            for c in facts["columns"]
        ],
    )
    return "\n".join([*head, "", table])


def _test_lines(test: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what was measured on test rows; of a file that anybody may have written."""
    bounds = test.get("bounds")
    for key, value in test.items():
        if key == "bounds" and isinstance(bounds, dict):
            continue
        of = bounds.get(key) if isinstance(bounds, dict) else None
        if not isinstance(value, dict) or not isinstance(of, dict):
            yield key, _shown(value)
            continue
        told = [f"{title(name)} {_shown(figure)}{_interval(of.get(name))}"
                for name, figure in value.items()]  # fmt: skip
        yield key, ", ".join(told)


def _interval(ends: Any) -> str:
    is_pair = isinstance(ends, list) and len(ends) == 2
    return f" ({_shown(ends[0])} to {_shown(ends[1])})" if is_pair else ""


def _versions(facts: dict[str, Any]) -> str:
    libraries = [f"{name} {version}" for name, version in facts["libraries"].items()]
    return ", ".join([f"format {facts['format_version']}", *libraries])


def _reasons(told: dict[str, Any]) -> str:
    what = "raises" if told["raises"] else "lowers"
    of = "the score" if told["explained"] is None else f"the log-odds of {told['explained']!r}"
    hidden = len(told["excluded"])
    return f"what {what} {of}, from {told['n_background']} made-up rows" + (
        f"; {hidden} column(s) never named" if hidden else ""
    )


def _signature(signature: dict[str, Any]) -> str:
    checked = "verified" if signature["verified"] else "not verified: give --require-signature"
    return f"by the key {signature['key_id']}, {checked}"


def _verdict(selftest: dict[str, Any]) -> str:
    if not selftest["passed"]:
        return f"FAILED: {selftest['message']}"
    return f"passed on {selftest['n_rows']} rows, within {selftest['tolerance']:g}"


def _classes(classes: list[Any]) -> str:
    shown = ", ".join(map(repr, classes[:SHOWN_CLASSES]))
    more = len(classes) - SHOWN_CLASSES
    return f"{len(classes)}: {shown}" + (f" and {more} more" if more > 0 else "")


def _range(column: dict[str, Any]) -> str:
    if column["kind"] == "boolean":
        return "false, true"
    if column["kind"] == "categorical":
        return f"{column['n_categories']} categories" + ", hashed" * (column["categories"] is None)
    if column["minimum"] is None:
        return "no value seen"
    return f"{column['minimum']:g} to {column['maximum']:g}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{title(key)} {_shown(entry)}" for key, entry in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
