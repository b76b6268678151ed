"""`threshold`: a model file whose threshold achieves what is asked, by rows kept apart."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, tell
from ensemble_kd.cli._data import without
from ensemble_kd.cli._figures import does
from ensemble_kd.cli._options import add_model, adder
from ensemble_kd.cli._out import check_out, note_unsigned, save_again
from ensemble_kd.cli._policies import at_threshold_text, curve_text, decision_text, policy_facts
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import check_column, read_frame

if TYPE_CHECKING:
    from ensemble_kd.decision import ThresholdPolicy

SUMMARY = "find a threshold by alerts, by rates or by costs"
DESCRIPTION = """\
Find from which score on a row is an alert: called the second of two classes (in sorted order, such
as "yes" or 1) or, by an outlier detector, abnormal. Give rows as they come that the model was not
trained on, some thousand of them, and say what the threshold is to achieve:

  --alert-budget 0.005                    half a percent of the rows are alerts; needs no labels
  --alert-budget 200 --rows-a-day 50000   the same, as alerts a day
  --max-false-positive-rate 0.01          at most 1 % of the negative rows; needs --target
  --cost 5 amount                         the cheapest: a false alarm costs 5, a missed row what its
                                          column "amount" says, or a number; needs --target
  --contamination 0.01                    of an outlier detector: so many outliers
  --fixed 0.8                             a threshold of your own, to see what it does

What is printed is the operating curve: what other thresholds would do, with intervals of 95 %. With
labels it tells which share of the positive rows is found (recall) and which share of the alerts is
right (precision). The threshold lies between two scores: rows that score alike are all alerts or
none, and every runtime and export decides alike. With --out, threshold, policy and curve go into a
model file, and `inspect` and the model card tell them.
"""
EXAMPLES = """\
examples:
  ensemble-kd threshold fraud.ekd kept.csv --alert-budget 0.005
  ensemble-kd threshold fraud.ekd kept.csv --target fraud --cost 5 amount --out fraud_alarm.ekd
  ensemble-kd threshold detector.ekd kept.parquet --alert-budget 200 --rows-a-day 50000 \\
      --out detector_alarm.ekd
"""
EXTRA = "train"
JSON_HELP = "print policy, threshold and operating curve as one JSON object"
OPTIONS = {
    "table": "rows kept apart from training: .csv, .tsv or .parquet",
    "--target": "column of TABLE with what is true; of an outlier detector 1 or true for what is "
    "abnormal (or -1 beside 1)",
    "--alert-budget": "share of the rows that are to be alerts or, with --rows-a-day, alerts a day",
    "--max-false-positive-rate": "share of the negative rows that may be alerts",
    "--cost": "what a false alarm costs, and a missed row: a number, or the column of its amount",
    "--contamination": "of an outlier detector: auto, or the share of the rows that are outliers",
    "--fixed": "the threshold itself",
    "--rows-a-day": "rows that are scored a day",
    "--out": "model file to write, replaced at once (default: none, tell only)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `threshold` takes."""
    add_model(parser)
    add = adder(parser, OPTIONS)
    add("table", metavar="TABLE")
    which = adder(parser.add_mutually_exclusive_group(required=True), OPTIONS)
    which("--alert-budget", metavar="S", type=read.positive)
    which("--max-false-positive-rate", metavar="S", type=read.share_below_one)
    which("--cost", metavar=("F", "M"), nargs=2)
    which("--contamination", metavar="S", type=read.contamination)
    which("--fixed", metavar="T", type=read.finite)
    add("--rows-a-day", metavar="N", type=read.positive)
    add("--target", metavar="COL")
    add("--out", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Find the threshold, write the model if asked to, and return the exit code."""
    from ensemble_kd.decision import decision_lines
    from ensemble_kd.scoring import load
    from ensemble_kd.tasks import read_target

    console = Console(args.quiet)
    policy = policy_of(args)
    if args.out is not None:
        check_out(args.out, args.model, args.table)
    scorer = load(args.model, require_signature=args.require_signature)
    if not scorer.model.answers:
        raise InputError(
            f"threshold is for two classes and for outliers, but this model {does(scorer.model)}."
        )
    frame = read_frame(args.table, console.note, texts=scorer.schema.text_columns)
    y = None
    if args.target is not None:
        check_column("--target", args.target, [str(name) for name in frame.columns], args.table)
        target = read_target(frame[args.target], args.target)
        frame, y = frame[~target.missing], target.values
    elif policy.rule.needs_labels:
        raise InputError("this policy needs --target, the column with what is true; got none.")
    rows = frame if scorer.schema.named else without(frame, scorer.schema, args.target)
    model = policy.choose(scorer.model, rows, y)
    if args.out is not None:
        lines = decision_lines(model, len(rows), calibrated=False)
        save_again(scorer.bundle, model, args.out, note="\n".join(lines))
        note_unsigned(scorer.bundle, console)
    facts = policy_facts(model)
    assert facts is not None and model.policy is not None and model.threshold is not None
    outcome = {
        "model": args.model, "out": args.out, "n_rows": len(rows), "threshold": model.threshold,
        "decision": decision_text(model), "policy": facts,
        "curve": curve_text(model.policy, model.threshold),
    }  # fmt: skip
    tell({k: v for k, v in outcome.items() if k != "curve"} if args.json else outcome,
         args.json, render)  # fmt: skip
    return 0


def policy_of(args: argparse.Namespace) -> ThresholdPolicy:
    """Return the policy that the options name."""
    from ensemble_kd.decision import ThresholdPolicy

    cost = None
    if args.cost is not None:
        cost = tuple(map(_number_or_text, args.cost))
    return ThresholdPolicy(
        fpr=args.max_false_positive_rate, alert_budget=args.alert_budget,
        rows_a_day=args.rows_a_day, cost=cost, contamination=args.contamination, fixed=args.fixed,
    )  # fmt: skip


def _number_or_text(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    lines = [
        f"threshold: {outcome['decision']}, {outcome['policy']['text']}",
        at_threshold_text(outcome["policy"]),
        "",
        outcome["curve"],
    ]
    if outcome["out"] is not None:
        lines += ["", f"model: {outcome['out']}"]
    return "\n".join(lines)
