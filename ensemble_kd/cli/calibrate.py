"""`calibrate`: a model file with probabilities put right, and a threshold, by rows kept apart."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, check_column, print_json, text_table
from ensemble_kd.cli._sinks import check_out
from ensemble_kd.errors import BundleError, EnsembleKDError, InputError

if TYPE_CHECKING:
    from ensemble_kd.model import CompactModel
    from ensemble_kd.scoring import Scorer

SUMMARY = "put a classifier's probabilities right, and choose its threshold"
DESCRIPTION = """\
Fit a calibrator to real rows with their true classes, rows that the model was not trained on, and
choose from which probability on the second of two classes (in sorted order, such as "yes" or 1) is
predicted. Both become part of the model file, so that scores, exports and predictions have them.

The costs printed are those on the rows given; on new rows expect a little worse.
"""
EXAMPLES = """\
examples:
  ensemble-kd calibrate churn.ekd --rows kept.csv --target churned --out churn_right.ekd
  ensemble-kd calibrate fraud.ekd --rows kept.csv --target fraud --max-false-positive-rate 0.005 \\
      --out fraud_alarm.ekd
  ensemble-kd calibrate fraud.ekd --rows kept.csv --target fraud --method none --cost-ratio 40 \\
      --out fraud_alarm.ekd
"""
JSON_HELP = "print the outcome as one JSON object"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `calibrate` takes."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="model file (.ekd)")
    add("--rows", metavar="TABLE", required=True, help="real rows: .csv, .tsv or .parquet")
    add("--target", metavar="COL", required=True, help="column of TABLE that the model predicts")
    add(
        "--method",
        choices=["auto", "platt", "temperature", "isotonic", "none"],
        default="auto",
        help="how probabilities are put right; none leaves them as they are (default: %(default)s)",
    )
    rule = parser.add_mutually_exclusive_group()
    rule.add_argument(
        "--threshold", metavar="P", type=read.share, help="predict the second class from P on"
    )
    rule.add_argument(
        "--max-false-positive-rate",
        metavar="S",
        type=read.share_below_one,
        help="call at most the share S of the negative rows positive",
    )
    rule.add_argument(
        "--cost-ratio",
        metavar="R",
        type=read.positive,
        help="take the cheapest threshold where a missed positive costs R false alarms",
    )
    add("--out", metavar="FILE", required=True, help="model file to write, replaced at once")


def run(args: argparse.Namespace) -> int:
    """Calibrate and write a model, and return the exit code."""
    from ensemble_kd.cli._tables import read_frame
    from ensemble_kd.cli._target import read_target
    from ensemble_kd.scoring import load

    console = Console(args.quiet)
    check_out(args.out, [args.model, args.rows])
    scorer = load(args.model)
    if scorer.task != "classification":
        raise InputError("calibrate is for classifications, but this model predicts values.")
    frame = read_frame(args.rows, console.note)
    check_column("--target", args.target, [str(name) for name in frame.columns], args.rows)
    target = read_target(frame[args.target], args.target)
    outcome = _calibrate(args, scorer, frame[~target.missing], target.values)
    if args.json:
        print_json(outcome)
    else:
        print(render(outcome))
    return 0


def _calibrate(args: argparse.Namespace, scorer: Scorer, frame: Any, y: Any) -> dict[str, Any]:
    from ensemble_kd.decision import calibrate, choose_threshold, with_threshold

    model = scorer.model
    if args.method != "none":
        model = calibrate(model, frame, y, method=args.method)
    if args.threshold is not None:
        model = with_threshold(model, args.threshold)
    elif args.max_false_positive_rate is not None or args.cost_ratio is not None:
        model = choose_threshold(
            model,
            frame,
            y,
            max_false_positive_rate=args.max_false_positive_rate,
            cost_ratio=args.cost_ratio,
        )
    _write(args.out, model, scorer)
    return {
        "model": args.model,
        "out": args.out,
        "n_rows": len(frame),
        "threshold": model.threshold,
        "before": _quality(scorer.model, frame, y),
        "after": _quality(model, frame, y),
    }


def _quality(model: CompactModel, frame: Any, y: Any) -> dict[str, float | None]:
    """Return log-loss and, of two classes, the shares of wrong calls."""
    import numpy as np

    from ensemble_kd.scoring import Scorer

    scorer = Scorer(model)
    proba = scorer.predict_proba(frame)
    called = scorer.decide(proba)
    index = {label: k for k, label in enumerate(model.classes)}
    true = np.array([index[label] for label in y.tolist()])
    chosen = np.maximum(proba[np.arange(len(true)), true], 1e-15)
    quality: dict[str, float | None] = {"log_loss": float(-np.log(chosen).mean())}
    quality["accuracy"] = float((called == np.array(model.classes)[true]).mean())
    if len(model.classes) == 2:
        positive = called == scorer.classes_[1]
        for name, wrong, rows in (
            ("false_positive_rate", positive, true == 0),
            ("missed_positive_rate", ~positive, true == 1),
        ):
            quality[name] = float(wrong[rows].mean()) if rows.any() else None
    return quality


def _write(out: str, model: CompactModel, scorer: Scorer) -> None:
    from ensemble_kd.scoring import save

    bundle = scorer.bundle
    assert bundle is not None
    try:
        save(
            model,
            out,
            card=bundle.card,
            name=bundle.manifest["name"],
            training=bundle.manifest["training"],
        )
    except BundleError as error:  # the fault of the disk, not of a file that was given
        raise EnsembleKDError(str(error)) from error


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    names = list(outcome["before"])
    table = text_table(
        ["", *(name.replace("_", " ") for name in names)],
        [
            [when, *("-" if (v := outcome[when][name]) is None else f"{v:.5g}" for name in names)]
            for when in ("before", "after")
        ],
    )
    lines = [table, "", f"on the {outcome['n_rows']:,} rows given"]
    if outcome["threshold"] is not None:
        lines.append(f"threshold: {outcome['threshold']:.6g}")
    return "\n".join([*lines, f"model: {outcome['out']}"])
