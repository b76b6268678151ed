"""`evaluate`: a model file beside its teacher and rivals, on rows of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli._alert_figures import alert_figures, alert_text
from ensemble_kd.cli._console import Console, tell
from ensemble_kd.cli._figures import does, fidelity_text, figure_table, rare_text
from ensemble_kd.cli._options import MODEL, ROWS, add_model, adder
from ensemble_kd.cli._policies import rate_facts
from ensemble_kd.cli.detectors import evaluated_scores, render_scores
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import check_column, read_frame

if TYPE_CHECKING:
    from ensemble_kd.scoring import Scorer

SUMMARY = "tell how good a model is on rows of your own, beside its teacher"
DESCRIPTION = """\
Score a table whose targets are known, and print a line of figures for each model: the student in
the model file and, where they are given, its teacher, the teacher's best single member, and the
same student trained plainly, without a teacher. Each one's loss is set beside the student's on the
same rows, with an interval of 95 %: where 0 is in it, the rows do not tell which is better.

Give rows that no model was trained on: on others it looks better than it is. The teacher is what
`distill --keep-teacher` writes, or a fitted model of your own; opening such a file runs code: only
open files you trust. A plain student is what `distill --alpha 0 --n-synthetic 0` writes.

AUC, AP (the average precision) and recall are of the second of two classes in sorted order, such as
"yes" or 1. Recall at 1 % FPR, shown where that class is rare, is the share of its rows that is
found while one in a hundred of the others is called so too. Then come, each with an interval of
95 %, recall at 0.1 % FPR, the precision of as many first rows as there are positive ones, by how
much the highest 1 % of the probabilities are off, what wrong calls cost where the file says what
they do, and beside a teacher the overlap of the 1 % that are alerted first (of at most what ties
allow) and the correlation of ranks.

An outlier detector has no target: it is judged by --label, if you know which rows are abnormal, and
beside its teacher by --teacher: by the correlation of ranks, and by how many of the most abnormal
1 % and 5 % of the rows are the same.
"""
EXAMPLES = """\
examples:
  ensemble-kd evaluate churn.ekd kept.csv --target churned

  ensemble-kd distill churn.csv --target churned --out churn.ekd --keep-teacher teacher.joblib
  ensemble-kd distill churn.csv --target churned --out plain.ekd --alpha 0 --n-synthetic 0
  ensemble-kd evaluate churn.ekd kept.csv --target churned --teacher teacher.joblib \\
      --plain plain.ekd
  ensemble-kd evaluate detector.ekd kept.csv --label fraud --teacher teacher.joblib
"""
EXTRA = "train"
JSON_HELP = "print the figures as one JSON object"
OPTIONS = {
    **{name: ROWS[name] for name in ("table", "--weight")},
    "--target": MODEL["--target"],
    "--label": "of an outlier detector: column that says which rows are abnormal, 1 or true (or -1 "
    "beside 1)",
    "--teacher": "joblib file of a fitted teacher; opening one runs code: only open files you "
    "trust",
    "--plain": "model file of the same student trained without a teacher",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `evaluate` takes."""
    add_model(parser)
    add = adder(parser, OPTIONS)
    add("table", metavar="TABLE")
    add("--target", metavar="COL")
    add("--label", metavar="COL")
    add("--teacher", metavar="FILE")
    add("--plain", metavar="MODEL2")
    add("--weight", metavar="COL")


def run(args: argparse.Namespace) -> int:
    """Measure the models and return the exit code."""
    from ensemble_kd.scoring import load

    console = Console(args.quiet)
    scorer = load(args.model, require_signature=args.require_signature)
    frame = read_frame(args.table, console.note, texts=scorer.schema.text_columns)
    names = [str(name) for name in frame.columns]
    for flag, name in (("--target", args.target), ("--weight", args.weight)):
        if name is not None:
            check_column(flag, name, names, args.table)
    of_scores = scorer.model.is_detector
    outcome = {
        "model": args.model,
        "table": args.table,
        **({"label": args.label} if of_scores else {"target": args.target}),
        "task": scorer.task,
        **(evaluated_scores if of_scores else evaluated)(args, scorer, frame, console),
    }
    tell(outcome, args.json, render_scores if of_scores else render)
    return 0


def evaluated(
    args: argparse.Namespace, scorer: Scorer, frame: Any, console: Console
) -> dict[str, Any]:
    """Return the figures of all models on the rows that have a target, as plain values."""
    from ensemble_kd.cli._data import read_weight, without
    from ensemble_kd.cli.teacher import fitted_teacher
    from ensemble_kd.estimators import measure_on_test
    from ensemble_kd.tasks import read_target, task_of
    from ensemble_kd.teachers import best_member, check_distillable, teacher_response

    if args.label is not None:
        raise InputError(f"--label is for outlier detectors, but this model {does(scorer.model)}.")
    if scorer.model.is_multilabel:
        raise InputError(
            "evaluate reads one target column, but this model tells several labels; measure it in "
            "Python: DistilledClassifier.measure(X, Y)."
        )
    if args.target is None:
        raise InputError("--target must name the column that the model predicts, got none.")
    target = read_target(frame[args.target], args.target)
    task = task_of(scorer.model)
    hard = task.hard_of(target.values, args.target)
    if (hint := task.hint(hard)) is not None:
        console.note(hint)
    if target.missing.any():
        console.note(f"{target.missing.sum():,} row(s) without {args.target!r} are left out.")
    given = frame[~target.missing]
    weight = None if args.weight is None else read_weight(given[args.weight], args.weight)
    weight = weight if weight is not None and weight.sum() > 0 else None

    rows = without(given, scorer.schema, args.target, args.weight)
    responses, name = {"student": scorer.respond(rows)}, None
    if args.plain is not None:
        responses["plain"] = _plain(args.plain, scorer).respond(rows)
    if args.teacher is not None:
        teacher = fitted_teacher(args.teacher, console)
        check_distillable(teacher, task)
        known = getattr(teacher, "feature_names_in_", None)
        if known is None and scorer.schema.named:
            known = scorer.schema.names
        X = rows.to_numpy() if known is None else given[_columns(known, given, args.table)]
        responses["teacher"] = teacher_response(teacher, X, task)
        member = best_member(teacher)
        if member is not None:
            name, model = member
            responses["best_member"] = teacher_response(model, X, task)
    found = measure_on_test(responses, task, hard, weight)
    return {
        "n_rows": found.n_rows,
        "weighted": weight is not None,
        "quality": found.quality,
        "bounds": found.bounds,
        "rare": None if found.rare is None else vars(found.rare).copy(),
        "above_student": found.above_student,
        "gain_kept": None if found.kept is None else vars(found.kept) | {"text": str(found.kept)},
        "fidelity": None if found.fidelity is None else vars(found.fidelity).copy(),
        "loss": task.score_name,
        "best_member": name,
        "at_threshold": _at_threshold(scorer, responses["student"], hard, weight),
        "alert_rate": None
        if scorer.model.threshold is None
        else rate_facts(
            scorer.model, scorer.decide(responses["student"]) == scorer.classes_[1], weight
        ),
        "alerts": alert_figures(scorer.model, responses, hard == 1)
        if weight is None and len(scorer.model.classes) == 2 and found.rare is not None
        else None,
    }


def _at_threshold(scorer: Scorer, proba: Any, hard: Any, weight: Any) -> dict[str, Any] | None:
    """Return the shares of wrong calls of a model that has a threshold."""
    from ensemble_kd.decision import wrong_call_rates

    if scorer.model.threshold is None:
        return None
    second = scorer.classes_[1]
    false_alarms, missed = wrong_call_rates(scorer.decide(proba) == second, hard == 1, weight)
    return {
        "threshold": scorer.model.threshold,
        "class": second.item() if hasattr(second, "item") else second,
        "false_positive_rate": false_alarms,
        "missed_positive_rate": missed,
    }


def _threshold_text(found: Mapping[str, Any]) -> str:
    wrong, missed = (
        "-" if share is None else f"{share:.2%}"
        for share in (found["false_positive_rate"], found["missed_positive_rate"])
    )
    return (
        f"at the student's threshold, {found['class']!r} from {found['threshold']:.4g} on: {wrong} "
        f"of the other rows are called so, {missed} of its own are missed (accuracy above is that "
        "of the likelier class)"
    )


def _columns(known: Any, rows: Any, table: str) -> list[str]:
    """Return the columns that a teacher was fitted on, in its order."""
    names = [str(name) for name in rows.columns]
    for name in map(str, known):
        check_column("what the teacher was fitted on", name, names, table)
    return list(map(str, known))


def _plain(path: str, scorer: Scorer) -> Scorer:
    """Return the plain student, if it answers the same question."""
    from ensemble_kd.scoring import load

    plain = load(path)
    if (plain.task, plain.model.classes) != (scorer.task, scorer.model.classes):
        raise InputError(
            f"--plain must predict what the model does, got {path!r}, a {plain.task}"
            + (f" of {list(plain.model.classes[:5])}." if plain.model.has_classes else ".")
        )
    return plain


def render(outcome: Mapping[str, Any]) -> str:
    """Return the figures as text for people."""
    weighted = ", weighted" if outcome["weighted"] else ""
    column = f"{outcome['loss']} above the student's (95 %)"
    beside = {who: "{:+.4f} ({:+.4f} to {:+.4f})".format(*found)
              for who, found in outcome["above_student"].items()}  # fmt: skip
    lines = [
        f"{outcome['task']} of {outcome['target']!r} on {outcome['n_rows']:,} rows of "
        f"{outcome['table']}{weighted}:",
        figure_table(outcome["quality"], outcome["bounds"], {column: beside} if beside else None),
        *rare_text(outcome["rare"]),
        "",
    ]
    if outcome["at_threshold"] is not None:
        lines.append(_threshold_text(outcome["at_threshold"]))
        lines.append(outcome["alert_rate"]["text"])
    if outcome["alerts"] is not None:
        lines += [alert_text(outcome["alerts"]), ""]
    if outcome["best_member"] is not None:
        lines.append(f"best member: {outcome['best_member']}, by rows of the teacher's training")
    if outcome["gain_kept"] is not None:
        lines.append(outcome["gain_kept"]["text"])
    if outcome["fidelity"] is not None:
        lines.append(fidelity_text(outcome["fidelity"], "test"))
    absent = [flag for flag, who in (("--teacher", "teacher"), ("--plain", "plain"))
              if who not in outcome["quality"]]  # fmt: skip
    if absent:
        lines.append(f"for more to compare with, give {' and '.join(absent)} (see --help)")
    return "\n".join(lines)
