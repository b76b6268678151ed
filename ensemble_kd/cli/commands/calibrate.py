"""`calibrate`: a model file with probabilities put right, and a threshold, by rows kept apart."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, tell, text_table
from ensemble_kd.cli._data import without
from ensemble_kd.cli._figures import does
from ensemble_kd.cli._options import add_model_to_model, adder
from ensemble_kd.cli._out import check_out, note_unsigned, save_again
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import check_column, read_frame

if TYPE_CHECKING:
    from ensemble_kd.model import CompactModel
    from ensemble_kd.scoring import Scorer
    from ensemble_kd.tasks import BaseTask

SUMMARY = "put a classifier's probabilities right, and choose its threshold"
DESCRIPTION = """\
Fit a calibrator to real rows with their true classes, rows that the model was not trained on, and
choose from which probability on the second of two classes (in sorted order, such as "yes" or 1) is
predicted. Both become part of the model file, so that scores, exports and predictions have them.

What is printed is measured on the rows given; on new rows expect a little worse. With --cost-ratio
the cost of wrong calls is among it, in false alarms a row, before and after, and beside it what it
costs to call no row positive, or each. The model card tells of calibrator and threshold.
"""
EXAMPLES = """\
examples:
  ensemble-kd calibrate churn.ekd --rows kept.csv --target churned --out churn_right.ekd
  ensemble-kd calibrate fraud.ekd --rows kept.csv --target fraud --max-false-positive-rate 0.005 \\
      --out fraud_alarm.ekd
  ensemble-kd calibrate fraud.ekd --rows kept.csv --target fraud --method none --cost-ratio 40 \\
      --out fraud_alarm.ekd
"""
EXTRA = "train"
JSON_HELP = "print the outcome as one JSON object"
OPTIONS = {
    "--method": "how probabilities are put right; none leaves them as they are "
    "(default: %(default)s)",
    "--threshold": "predict the second class from P on",
    "--max-false-positive-rate": "call at most the share S of the negative rows positive",
    "--cost-ratio": "take the cheapest threshold where a missed positive costs R false alarms",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `calibrate` takes."""
    add_model_to_model(parser, needs_rows=True)
    methods = ["auto", "platt", "temperature", "isotonic", "none"]
    adder(parser, OPTIONS)("--method", choices=methods, default="auto")
    add = adder(parser.add_mutually_exclusive_group(), OPTIONS)
    add("--threshold", metavar="P", type=read.share)
    add("--max-false-positive-rate", metavar="S", type=read.share_below_one)
    add("--cost-ratio", metavar="R", type=read.positive)


def run(args: argparse.Namespace) -> int:
    """Calibrate and write a model, and return the exit code."""
    from ensemble_kd.decision import cost_a_row, decision_lines
    from ensemble_kd.estimators import BEFORE
    from ensemble_kd.scoring import Scorer, load
    from ensemble_kd.tasks import read_target, task_with

    console = Console(args.quiet)
    check_out(args.out, args.model, args.rows)
    scorer = load(args.model, require_signature=args.require_signature)
    if not scorer.model.has_classes:
        hint = "; distill --contamination sets its threshold" if scorer.model.is_detector else ""
        raise InputError(
            f"calibrate is for classifications, but this model {does(scorer.model)}{hint}."
        )
    frame = read_frame(args.rows, console.note, texts=scorer.schema.text_columns)
    check_column("--target", args.target, [str(name) for name in frame.columns], args.rows)
    target = read_target(frame[args.target], args.target)
    task = task_with(scorer.classes_)
    hard = task.hard_of(target.values, args.target)
    frame = without(frame[~target.missing], scorer.schema, args.target)
    model = calibrated(args, scorer.model, frame, target.values)
    assert scorer.bundle is not None
    was_tested = "test" in scorer.bundle.manifest["training"]
    told = decision_lines(
        model, len(frame), calibrated=args.method != "none",
        max_false_positive_rate=args.max_false_positive_rate, cost_ratio=args.cost_ratio,
    )  # fmt: skip
    save_again(
        scorer.bundle, model, args.out, note="\n".join([*told, *([BEFORE] if was_tested else [])]),
        training={"calibrated": {"after_test": was_tested}},
    )  # fmt: skip
    note_unsigned(scorer.bundle, console)
    outcome = {
        "model": args.model,
        "out": args.out,
        "n_rows": len(frame),
        "threshold": model.threshold,
        "before": quality(scorer, task, frame, hard, args.cost_ratio),
        "after": quality(Scorer(model), task, frame, hard, args.cost_ratio),
    }
    if args.cost_ratio is not None:
        positive = float((hard == 1).mean())
        outcome["cost"] = {
            "ratio": args.cost_ratio,
            "calling_none": cost_a_row(positive, 0.0, 1.0, args.cost_ratio),
            "calling_all": cost_a_row(positive, 1.0, 0.0, args.cost_ratio),
        }
    tell(outcome, args.json, render)
    return 0


def calibrated(args: argparse.Namespace, model: CompactModel, frame: Any, y: Any) -> CompactModel:
    """Return the model with the calibrator and the threshold that the options ask for."""
    from ensemble_kd.decision import calibrate, choose_threshold, with_threshold

    if args.method != "none":
        model = calibrate(model, frame, y, method=args.method)
    if args.threshold is not None:
        return with_threshold(model, args.threshold)
    if args.max_false_positive_rate is None and args.cost_ratio is None:
        return model
    return choose_threshold(
        model,
        frame,
        y,
        max_false_positive_rate=args.max_false_positive_rate,
        cost_ratio=args.cost_ratio,
    )


def quality(
    scorer: Scorer, task: BaseTask, frame: Any, hard: Any, cost_ratio: float | None
) -> dict[str, float | None]:
    """Return log-loss and accuracy and, of two classes, the shares of wrong calls, and their cost.

    The cost is that of a row in false alarms, where a missed positive costs `cost_ratio` of them.
    """
    from ensemble_kd.decision import cost_a_row, wrong_call_rates

    proba = scorer.predict_proba(frame)
    called = scorer.decide(proba)
    shown: dict[str, float | None] = {
        "log_loss": task.mean_loss(proba, task.truth(hard), np.ones(len(hard))),
        "accuracy": float((called == scorer.classes_[hard]).mean()),
    }
    if len(scorer.classes_) == 2:
        rates = wrong_call_rates(called == scorer.classes_[1], hard == 1)
        shown["false_positive_rate"], shown["missed_positive_rate"] = rates
        if cost_ratio is not None and rates[0] is not None and rates[1] is not None:
            positive = float((hard == 1).mean())
            shown["cost_a_row"] = cost_a_row(positive, rates[0], rates[1], cost_ratio)
    return shown


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
    if "cost" in outcome:
        cost = outcome["cost"]
        lines.append(
            f"cost: in false alarms, a missed positive counting as {cost['ratio']:g}; to call "
            f"none positive costs {cost['calling_none']:.5g} a row, to call all "
            f"{cost['calling_all']:.5g}"
        )
    if outcome["threshold"] is not None:
        lines.append(f"threshold: {outcome['threshold']:.6g}")
    return "\n".join([*lines, f"model: {outcome['out']}"])
