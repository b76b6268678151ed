"""`compress`: a model file into a smaller one, with what each step costs where rows tell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, check_column, print_json, size_text, text_table
from ensemble_kd.cli._sinks import check_out
from ensemble_kd.errors import BundleError, EnsembleKDError, InputError

if TYPE_CHECKING:
    from ensemble_kd.rows import TransferSet
    from ensemble_kd.scoring import Scorer

SUMMARY = "make a model file smaller"
DESCRIPTION = """\
Make a model file smaller. Its numbers are kept as whole numbers from -127 to 127 (int8, about a
quarter of the bytes) or in half precision (float16, about half); both hardly change an answer.
--prune removes hidden units of a network, or leaves of trees; --rank keeps the weights of a network
as products of narrow matrices; --trees keeps the first trees of a sum. They are done in the order
trees, prune, rank, to.

With --rows, real rows such as those that the model was trained on, a fifth of them are kept apart,
and what each step costs is measured on these: against the labels in --target, and against the
answers of the model as it was. --prune needs rows: they say what matters least, and what is left
learns on from the model's own answers to them. For the best small model, compress while you distil,
where there are a teacher and many more rows: DistilledClassifier(compression=[...]).
"""
EXAMPLES = """\
examples:
  ensemble-kd compress churn.ekd --out churn_int8.ekd
  ensemble-kd compress churn.ekd --rows churn.csv --target churned --out churn_int8.ekd
  ensemble-kd compress churn.ekd --prune 0.5 --rows churn.csv --out churn_small.ekd
"""
JSON_HELP = "print sizes and costs as one JSON object"
HELD_OUT_SHARE, FEWEST_ROWS = 0.2, 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `compress` takes."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="model file (.ekd)")
    add(
        "--to",
        choices=["int8", "float16", "float32"],
        default="int8",
        help="what weights or leaf values are kept as (default: %(default)s)",
    )
    add(
        "--prune",
        metavar="S",
        type=read.share_below_one,
        default=0.0,
        help="share of the hidden units of each layer, or of all leaves, to remove; needs --rows "
        "(default: 0, none)",
    )
    add(
        "--rank",
        metavar="R",
        type=read.at_least(1),
        help="keep the weights of a network as products of rank R, where that takes fewer bytes",
    )
    add(
        "--trees",
        metavar="N",
        type=read.at_least(1),
        help="keep the first N trees, rounded up to one for each output",
    )
    add("--rows", metavar="TABLE", help="real rows: .csv, .tsv or .parquet")
    add("--target", metavar="COL", help="column of TABLE that the model predicts")
    add("--out", metavar="FILE", required=True, help="model file to write, replaced at once")
    add(
        "--seed",
        metavar="N",
        type=read.at_least(0),
        default=0,
        help="says which rows are kept apart (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Compress, write and measure a model, and return the exit code."""
    from ensemble_kd.scoring import load

    console = Console(args.quiet)
    check_out(args.out, [path for path in (args.model, args.rows) if path is not None])
    if args.target is not None and args.rows is None:
        raise InputError("--target is a column of --rows, which is not given.")
    scorer = load(args.model)
    steps = _steps(args, scorer)
    rows = None if args.rows is None else _read_rows(args, scorer, console)
    if rows is None:
        console.note("without --rows, what a step costs is not measured.")
    outcome = _compress(args, scorer, steps, rows)
    if args.json:
        print_json(outcome)
    else:
        print(render(outcome))
    return 0


def _steps(args: argparse.Namespace, scorer: Scorer) -> list[Any]:
    """Return the steps, or refuse what does not suit the model."""
    from ensemble_kd.compress import (
        FactorizeWeights,
        PruneNeurons,
        PruneTrees,
        Quantize,
        TruncateTrees,
    )

    is_network = hasattr(scorer.model.body, "layers")
    if args.prune > 0 and args.rows is None:
        raise InputError("--prune needs --rows, real rows that say what matters least.")
    if args.trees is not None and is_network:
        raise InputError("--trees is for trees, but this model is a network; use --prune.")
    if args.rank is not None and not is_network:
        raise InputError("--rank is for networks, but this model is of trees; use --trees.")
    steps: list[Any] = [] if args.trees is None else [TruncateTrees(args.trees)]
    if args.prune > 0:
        keep = 1 - args.prune
        steps.append(PruneNeurons(keep, random_state=args.seed) if is_network else PruneTrees(keep))
    if args.rank is not None:
        steps.append(FactorizeWeights(args.rank))
    return [*steps, Quantize(args.to)]


def _read_rows(args: argparse.Namespace, scorer: Scorer, console: Console) -> TransferSet:
    """Return the rows with the model's own answers, a fifth of them held out."""
    import numpy as np

    from ensemble_kd.cli._tables import read_frame
    from ensemble_kd.model import without_decision
    from ensemble_kd.rows import REAL, TransferSet
    from ensemble_kd.scoring import Scorer
    from ensemble_kd.tasks import task_with

    frame = read_frame(args.rows, console.note)
    if len(frame) < FEWEST_ROWS:
        raise InputError(f"--rows must hold at least {FEWEST_ROWS} rows, got {len(frame)}.")
    model = scorer.model
    task = task_with(np.array(model.classes) if model.has_classes else None)
    hard = task.no_target(len(frame))
    if args.target is not None:
        check_column("--target", args.target, [str(name) for name in frame.columns], args.rows)
        hard = _targets(frame[args.target], args.target, model.classes)
    n_held_out = max(1, round(HELD_OUT_SHARE * len(frame)))
    held_out = np.zeros(len(frame), dtype=bool)
    held_out[np.random.default_rng(args.seed).permutation(len(frame))[:n_held_out]] = True
    return TransferSet(
        model.schema,
        model.schema.encode(frame),
        Scorer(without_decision(model)).respond(frame),
        hard.astype(task.no_target(0).dtype),
        np.ones(len(frame)),
        np.full(len(frame), REAL, dtype=np.int8),
        held_out,
        task,
    )


def _targets(column: Any, name: str, classes: tuple[Any, ...]) -> Any:
    """Return the index of each row's class or its value; -1 or NaN where it is missing."""
    import numpy as np

    from ensemble_kd.cli._target import read_target

    target = read_target(column, name)
    out = np.full(len(column), -1 if classes else np.nan)
    if not classes:
        try:
            out[~target.missing] = target.values.astype(np.float64)
        except ValueError as error:
            raise InputError(f"--target {name} must hold numbers: {error}") from error
        return out
    index = {label: k for k, label in enumerate(classes)}
    labels = target.values.tolist()
    unknown = [label for label in labels if label not in index]
    if unknown:
        raise InputError(
            f"--target {name} must hold classes of the model, {list(classes[:5])}, got "
            f"{unknown[0]!r}."
        )
    out[~target.missing] = [index[label] for label in labels]
    return out


def _compress(
    args: argparse.Namespace, scorer: Scorer, steps: list[Any], rows: TransferSet | None
) -> dict[str, Any]:
    from ensemble_kd.compress import compress
    from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
    from ensemble_kd.scoring import save

    alpha = 0.7
    loss = SoftTargetLoss(alpha=alpha) if scorer.model.classes else SquaredErrorLoss(alpha=alpha)
    result = compress(scorer.model, steps, rows, loss)
    bundle = scorer.bundle
    assert bundle is not None
    names = [row["step"] for row in result.report[1:]]
    done = [*bundle.manifest["training"].get("compression", []), *names]
    try:
        n_bytes = save(
            result.model,
            args.out,
            card=_card(bundle.card, names),
            name=bundle.manifest["name"],
            training=bundle.manifest["training"] | {"compression": done},
        )
    except BundleError as error:  # the fault of the disk, not of a file that was given
        raise EnsembleKDError(str(error)) from error
    return {
        "model": args.model,
        "out": args.out,
        "size_bytes": {"before": bundle.size_bytes, "after": n_bytes},
        "has_target": args.target is not None,
        "task": scorer.task,
        "steps": result.report,
    }


def _card(card: str, steps: list[str]) -> str:
    lines = ["", "## Compression", "", "After what is told above:", "", *(f"- {s}" for s in steps)]
    return card.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


def render(outcome: dict[str, Any]) -> str:
    """Return sizes and costs as text for people."""
    rows = outcome["steps"]
    n_rows = rows[0]["n_rows"]
    header, fields = ["", "arrays"], []
    if n_rows is not None:
        name = "log-loss" if outcome["task"] == "classification" else "squared error"
        fields = [("loss", name), ("fidelity_rmse", "rms difference"), ("agreement", "same class")]
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
