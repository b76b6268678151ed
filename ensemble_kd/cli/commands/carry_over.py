"""`carry-over`: a new model whose scores are on the scale of the one that it replaces."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, tell, text_table
from ensemble_kd.cli._figures import does
from ensemble_kd.cli._options import MODEL, adder
from ensemble_kd.cli._out import check_out, note_unsigned, save_again
from ensemble_kd.cli._policies import decision_text
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import read_frame

if TYPE_CHECKING:
    from ensemble_kd.model import CompactModel

SUMMARY = "keep an old model's thresholds valid for a new one"
DESCRIPTION = """\
A new model spreads its scores in another way than the one that it replaces, so a threshold that
people or programs set by the old scores no longer gives as many alerts. This command puts a rising
curve into the new model file, from its scores to those of the old one. From then on a score means
what it meant: by any threshold as many rows are alerts as before. Which rows they are is up to the
new model. The curve is part of the scores in every runtime and export; the threshold of the old
file, and what chose it, is taken over.

Give some thousand rows as they come, without labels, on which neither model was trained. OLD is a
model file, or a .joblib file of a fitted teacher, whose thresholds its student is to keep; opening
such a file runs code: only open files you trust. A teacher decides by no threshold of its own:
--threshold names the one in use.

What is printed is the share of the rows that are alerts before and after, by a few thresholds, and
how many alerts are the same: of those that either model raises, those that both do. The operating
curve of the file tells the alert rates of the new model. What the old one found, and what it cost,
says nothing of the new one and is left out: `evaluate` tells it of rows with labels.
The probabilities of the new model are those of the old one afterwards: `calibrate` would undo that.
"""
EXAMPLES = """\
examples:
  ensemble-kd carry-over fraud_2023.ekd fraud_2024.ekd last_month.parquet --out fraud.ekd
  ensemble-kd carry-over teacher.joblib student.ekd last_month.parquet --threshold 0.83 \\
      --out fraud.ekd
"""
EXTRA = "train"
JSON_HELP = "print the alert rates as one JSON object"
OPTIONS = {
    "old": "what is replaced: a model file (.ekd), or a fitted teacher (.joblib)",
    "new": "model file (.ekd) that takes its place",
    "--require-signature": MODEL["--require-signature"],
    "table": "rows on which neither was trained: .csv, .tsv or .parquet",
    "--threshold": "threshold by which the old one is used (default: that of its file)",
    "--out": MODEL["--out"],
}
# Shares of the rows at which old and new alerts are compared.
SHARES = (0.001, 0.005, 0.01, 0.05, 0.1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `carry-over` takes."""
    add = adder(parser, OPTIONS)
    add("old", metavar="OLD")
    add("new", metavar="NEW")
    add("table", metavar="TABLE")
    add("--threshold", metavar="T", type=read.finite)
    add("--out", metavar="FILE", required=True)
    add("--require-signature", metavar="KEY")


def run(args: argparse.Namespace) -> int:
    """Write the new model on the old one's scale, and return the exit code."""
    from ensemble_kd.decision import ThresholdPolicy, carry_over, carry_over_lines
    from ensemble_kd.scoring import Scorer, load

    console = Console(args.quiet)
    check_out(args.out, args.old, args.new, args.table)
    scorer = load(args.new, require_signature=args.require_signature)
    if not scorer.model.answers:
        raise InputError(
            f"carry-over is for two classes and for outliers, but the new model "
            f"{does(scorer.model)}."
        )
    frame = read_frame(args.table, console.note, texts=scorer.schema.text_columns)
    before = _old_scores(args, scorer.model, frame, console)
    model = carry_over(before[0] if before[0] is not None else before[1], scorer.model, frame)
    if args.threshold is not None:
        model = ThresholdPolicy(fixed=args.threshold).choose(model, frame)
    if model.threshold is None and model.is_detector:
        raise InputError("give --threshold, the score below which the teacher's rows are outliers.")
    after = Scorer(model).respond(frame)[:, -1]
    assert scorer.bundle is not None
    save_again(
        scorer.bundle, model, args.out, note="\n".join(carry_over_lines(model, len(frame))),
        training={"carried_over": {"n_rows": len(frame)}},
    )  # fmt: skip
    note_unsigned(scorer.bundle, console)
    rates = alert_rates(model, before[1], after)
    outcome = {
        "old": args.old, "new": args.new, "out": args.out, "n_rows": len(frame),
        "threshold": model.threshold, "alerts": rates,
        "decision": None if model.threshold is None else decision_text(model),
    }  # fmt: skip
    tell(outcome, args.json, render)
    return 0


def _old_scores(
    args: argparse.Namespace, new: CompactModel, frame: Any, console: Console
) -> tuple[CompactModel | None, Any]:
    """Return the old model, where it is one of ours, and its scores."""
    from ensemble_kd.cli.teacher import fitted_teacher
    from ensemble_kd.scoring import load
    from ensemble_kd.tasks import task_of
    from ensemble_kd.teachers import check_distillable, teacher_response

    if not args.old.endswith(".joblib"):
        old = load(args.old, require_signature=args.require_signature)
        return old.model, old.respond(frame)[:, -1]
    teacher, task = fitted_teacher(args.old, console), task_of(new)
    check_distillable(teacher, task)
    known = getattr(teacher, "feature_names_in_", new.schema.names)
    X = frame[[str(name) for name in known]] if new.schema.named else frame.to_numpy()
    return None, teacher_response(teacher, X, task)[:, -1]


def alert_rates(model: CompactModel, before: Any, after: Any) -> list[dict[str, Any]]:
    """Return by some thresholds of the old scores which share of the rows is an alert."""
    from ensemble_kd.model import share_bounds

    levels = [share if model.is_detector else 1 - share for share in SHARES]
    usual = np.quantile(before, levels, method="higher").tolist()
    found = {}
    for threshold in [*usual, *([] if model.threshold is None else [model.threshold])]:
        was, is_now = (
            score < threshold if model.is_detector else score >= threshold
            for score in (before, after)
        )
        share, either = float(was.mean()), int((was | is_now).sum())
        found[share] = {  # of thresholds with the same alerts before that of the file
            "threshold": threshold, "before": share, "bounds": share_bounds(share, len(before)),
            "after": float(is_now.mean()),
            "shared": int((was & is_now).sum()) / either if either else None,
            "is_own": threshold == model.threshold,
        }  # fmt: skip
    return [found[share] for share in sorted(found)]


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    table = text_table(
        ["threshold", "alerts before (95 %)", "after", "the same alerts", ""],
        [
            [f"{line['threshold']:.6g}",
             "{:.3%} ({:.3%} to {:.3%})".format(line["before"], *line["bounds"]),
             f"{line['after']:.3%}", "-" if line["shared"] is None else f"{line['shared']:.1%}",
             "<- in the file" if line["is_own"] else ""]
            for line in outcome["alerts"]
        ],
    )  # fmt: skip
    lines = [table, "", f"on the {outcome['n_rows']:,} rows given"]
    if outcome["decision"] is not None:
        lines.append(f"threshold: {outcome['decision']}")
    return "\n".join([*lines, f"model: {outcome['out']}"])
