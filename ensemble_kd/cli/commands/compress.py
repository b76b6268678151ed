"""`compress`: a model file into a smaller one, with what each step costs where rows tell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, size_text, tell, text_table
from ensemble_kd.cli._data import without
from ensemble_kd.cli._options import add_model_to_model, add_seed, adder
from ensemble_kd.cli._out import check_out, note_unsigned, save_again
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import check_column, read_frame

if TYPE_CHECKING:
    from ensemble_kd.rows import TransferSet
    from ensemble_kd.scoring import Scorer
    from ensemble_kd.tasks import BaseTask

SUMMARY = "make a model file smaller"
DESCRIPTION = """\
Make a model file smaller. Its numbers are kept as whole numbers from -127 to 127 (int8, about a
quarter of the bytes) or in half precision (float16, about half); both hardly change an answer.
--prune removes hidden units of a network, or leaves of trees; --rank keeps the weights of a network
as products of narrow matrices; --trees keeps the first trees of a sum. They are done in the order
trees, prune, rank, to.

With --rows, real rows such as those that the model was trained on, a fifth of them are kept apart,
and what each step costs is measured on these: against the labels in --target, and against the
answers of the model as it was; an outlier detector gets the offset that calls as many of the rows
outliers as before. --prune needs rows: they say what matters least, and what is left
learns on from the model's own answers to them. For the best small model, compress while you distil,
where there are a teacher and many more rows: DistilledClassifier(compression=[...]).
"""
EXAMPLES = """\
examples:
  ensemble-kd compress churn.ekd --out churn_int8.ekd
  ensemble-kd compress churn.ekd --rows churn.csv --target churned --out churn_int8.ekd
  ensemble-kd compress churn.ekd --prune 0.5 --rows churn.csv --out churn_small.ekd
"""
EXTRA = "train"
JSON_HELP = "print sizes and costs as one JSON object"
HELD_OUT_SHARE, FEWEST_ROWS = 0.2, 20
# The weight of the model's own answers, the labels having the rest.
ALPHA = 0.7
OPTIONS = {
    "--to": "what weights or leaf values are kept as (default: %(default)s)",
    "--prune": "share of the hidden units of each layer, or of all leaves, to remove; needs --rows "
    "(default: 0, none)",
    "--rank": "keep the weights of a network as products of rank R, where that takes fewer bytes",
    "--trees": "keep the first N trees, rounded up to one for each output",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `compress` takes."""
    add_model_to_model(parser, needs_rows=False)
    add = adder(parser, OPTIONS)
    add("--to", choices=["int8", "float16", "float32"], default="int8")
    add("--prune", metavar="S", type=read.share_below_one, default=0.0)
    add("--rank", metavar="R", type=read.at_least(1))
    add("--trees", metavar="N", type=read.at_least(1))
    add_seed(parser, "says which rows are kept apart")


def run(args: argparse.Namespace) -> int:
    """Compress, write and measure a model, and return the exit code."""
    from ensemble_kd.scoring import load
    from ensemble_kd.tasks import task_of

    console = Console(args.quiet)
    check_out(args.out, args.model, args.rows)
    if args.target is not None and args.rows is None:
        raise InputError("--target is a column of --rows, which is not given.")
    scorer = load(args.model, require_signature=args.require_signature)
    steps = _steps(args, scorer)
    if args.target is not None and scorer.model.is_detector:
        raise InputError("--target is for models that learn one, but this model finds outliers.")
    if args.target is not None and scorer.model.is_multilabel:
        raise InputError(
            "--target is one column, but this model tells several labels; leave it out, and what a "
            "step costs is measured by the model's own answers."
        )
    task = task_of(scorer.model)
    rows = None if args.rows is None else _read_rows(args, scorer, task, console)
    if rows is None:
        console.note("without --rows, what a step costs is not measured.")
    outcome = _compress(args, scorer, steps, task, rows)
    note_unsigned(scorer.bundle, console)
    tell(outcome, args.json, render)
    return 0


def _steps(args: argparse.Namespace, scorer: Scorer) -> list[Any]:
    """Return the steps, or refuse what does not suit the model."""
    from ensemble_kd import compress

    is_network = hasattr(scorer.model.body, "layers")
    if args.prune > 0 and args.rows is None:
        raise InputError("--prune needs --rows, real rows that say what matters least.")
    if args.trees is not None and is_network:
        raise InputError("--trees is for trees, but this model is a network; use --prune.")
    if args.rank is not None and not is_network:
        raise InputError("--rank is for networks, but this model is of trees; use --trees.")
    steps: list[Any] = [] if args.trees is None else [compress.TruncateTrees(args.trees)]
    if args.prune > 0:
        keep = 1 - args.prune
        of_network = compress.PruneNeurons(keep, random_state=args.seed)
        steps.append(of_network if is_network else compress.PruneTrees(keep))
    if args.rank is not None:
        steps.append(compress.FactorizeWeights(args.rank))
    return [*steps, compress.Quantize(args.to)]


def _read_rows(
    args: argparse.Namespace, scorer: Scorer, task: BaseTask, console: Console
) -> TransferSet:
    """Return the rows with the model's own answers, a fifth of them held out."""
    from ensemble_kd.model import without_decision
    from ensemble_kd.rows import REAL, TransferSet
    from ensemble_kd.scoring import Scorer
    from ensemble_kd.tasks import read_target

    frame = read_frame(args.rows, console.note, texts=scorer.schema.text_columns)
    if len(frame) < FEWEST_ROWS:
        raise InputError(f"--rows must hold at least {FEWEST_ROWS} rows, got {len(frame)}.")
    hard = task.no_target(len(frame))
    if args.target is not None:
        check_column("--target", args.target, [str(name) for name in frame.columns], args.rows)
        target = read_target(frame[args.target], args.target)
        hard[~target.missing] = task.hard_of(target.values, args.target)
    frame = without(frame, scorer.schema, args.target)
    n_held_out = max(1, round(HELD_OUT_SHARE * len(frame)))
    held_out = np.zeros(len(frame), dtype=bool)
    held_out[np.random.default_rng(args.seed).permutation(len(frame))[:n_held_out]] = True
    schema = scorer.schema
    return TransferSet(
        schema,
        schema.encode(frame),
        Scorer(without_decision(scorer.model)).respond(frame),
        hard,
        np.ones(len(frame)),
        np.full(len(frame), REAL, dtype=np.int8),
        held_out,
        task,
    )


def _compress(
    args: argparse.Namespace,
    scorer: Scorer,
    steps: list[Any],
    task: BaseTask,
    rows: TransferSet | None,
) -> dict[str, Any]:
    from ensemble_kd.compress import compress

    result = compress(scorer.model, steps, rows, task.loss(task.losses[0], ALPHA))
    bundle, model = scorer.bundle, result.model
    assert bundle is not None
    if model.is_detector and rows is not None:
        from ensemble_kd.decision import with_offset_again
        from ensemble_kd.runtime import respond

        before, after = (respond(of, rows.X)[:, 0] for of in (scorer.model, model))
        model = with_offset_again(model, before, after)
    names = [row["step"] for row in result.report[1:]]
    done = [*bundle.manifest["training"].get("compression", []), *names]
    listed = "\n".join(f"- {step}" for step in names)
    n_bytes = save_again(
        bundle,
        model,
        args.out,
        note=f"## Compression\n\nAfter what is told above:\n\n{listed}\n",
        training={"compression": done},
    )
    return {
        "model": args.model,
        "out": args.out,
        "size_bytes": {"before": bundle.size_bytes, "after": n_bytes},
        "has_target": args.target is not None,
        "task": task.name,
        "steps": result.report,
    }


def render(outcome: dict[str, Any]) -> str:
    """Return sizes and costs as text for people."""
    from ensemble_kd.tasks import task_named

    rows = outcome["steps"]
    n_rows = rows[0]["n_rows"]
    header, fields = ["", "arrays"], []
    if n_rows is not None:
        task = task_named(outcome["task"])
        fields = [("loss", task.loss_name), ("fidelity_rmse", "rms difference")]
        fields.append(("agreement", task.agreement_name))
        fields = [(key, title) for key, title in fields if rows[0][key] is not None]
        header += [title for _, title in fields]
    table = text_table(
        header,
        [
            [row["step"], size_text(row["size_bytes"]), *(f"{row[key]:.5g}" for key, _ in fields)]
            for row in rows
        ],
    )
    size = outcome["size_bytes"]
    lines = [table, ""]
    if n_rows is not None:
        against = "the labels and " if outcome["has_target"] else ""
        lines.append(f"on {n_rows:,} rows kept apart, against {against}the answers as they were")
    lines.append(
        f"model: {outcome['out']} ({size_text(size['after'])}, was {size_text(size['before'])})"
    )
    return "\n".join(lines)
