"""`score`: the rows of a table through a model file, chunk by chunk, with numpy alone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli._arguments import at_least
from ensemble_kd.cli._console import Console
from ensemble_kd.cli._figures import does
from ensemble_kd.cli._options import add_model, adder
from ensemble_kd.cli._out import check_is_no_input, told_of
from ensemble_kd.cli._policies import decision_text
from ensemble_kd.errors import InputError
from ensemble_kd.model import MOST_REASONS, alert_rate
from ensemble_kd.table_files import (
    STDOUT,
    Chunk,
    SinkFormat,
    arrow_type,
    open_sink,
    read_chunks,
    sink_format,
)

if TYPE_CHECKING:
    from ensemble_kd.scoring import Scorer

SUMMARY = "predict each row of a table"
DESCRIPTION = """\
Predict each row of a table with a model file. The table is read in chunks, so it may be larger than
memory. Columns that the model does not take, such as the target, are left alone; an empty field,
NA, NaN or null is a missing value. A category never seen in training is allowed, with a warning
where there are many; a chunk in which all of a column's are of another type (texts for numbers, or
the other way round) is refused.

A classification gives the columns `prediction` and one `proba_<class>` a class; a model of several
labels `prediction_<label>`, 0 or 1, and `proba_<label>` for each; a regression gives `prediction`.
An outlier detector gives `score`, low for what is abnormal, `percentile`, how many in
a hundred real rows score lower, and `prediction`, -1 (abnormal) or 1. Where the file has a
threshold it decides the prediction, and notes at the end say how many rows are alerts, what chose
it, and how many alerts there were among the rows that did. With --reasons there are `reason_1` and
so on, the strongest first, empty where there are fewer: the code of the reason, or the name of its
column or group; the model file must have reasons, see `ensemble-kd reasons`. For CSV, neither
pandas nor scikit-learn nor torch is needed; Parquet needs pyarrow.
"""
EXAMPLES = """\
examples:
  ensemble-kd score model.ekd new.csv --id customer --out scores.csv
  ensemble-kd score model.ekd new.parquet --proba --out scores.parquet
  ensemble-kd score fraud.ekd new.csv --reasons 4 --out scores.csv
  gunzip -c new.csv.gz | ensemble-kd score model.ekd - --json > scores.ndjson
"""
JSON_HELP = "write one JSON object a line in place of CSV"
OPTIONS = {
    "table": "rows to predict: .csv, .tsv, .parquet, or - for CSV on stdin",
    "--out": "where predictions go: .csv, .ndjson or .parquet; a file is there whole or not at all "
    "(default: -, stdout)",
    "--proba": "only the probabilities (default: prediction and probabilities)",
    "--labels": "only the prediction",
    "--reasons": "columns with so many reasons of each score, from 1 to 4",
    "--id": "columns of the table to put before the predictions",
    "--chunk-rows": "rows in memory at once (default: %(default)s)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `score` takes."""
    add_model(parser)
    add = adder(parser, OPTIONS)
    add("table", metavar="TABLE")
    add("--out", metavar="FILE", default=STDOUT)
    which = adder(parser.add_mutually_exclusive_group(), OPTIONS)
    which("--proba", dest="which", action="store_const", const="proba", default="both")
    which("--labels", dest="which", action="store_const", const="labels", default="both")
    add("--reasons", metavar="N", type=int, choices=range(1, MOST_REASONS + 1))
    add("--id", dest="ids", metavar="COL", nargs="+", action="extend", default=[])
    add("--chunk-rows", metavar="N", type=at_least(1), default=100_000)


def run(args: argparse.Namespace) -> int:
    """Score the table and return the exit code."""
    from ensemble_kd.scoring import load

    console = Console(args.quiet)
    kind = _format(args)
    scorer = load(args.model, require_signature=args.require_signature)
    _check(scorer, args.which, args.ids, args.reasons)
    if args.out != STDOUT:
        check_is_no_input(args.out, args.model, args.table)
    n_rows = n_alerts = 0
    chunks = read_chunks(args.table, scorer.schema, args.ids, args.chunk_rows)
    try:
        with open_sink(args.out, kind) as sink:
            for chunk in chunks:
                columns = predictions(scorer, chunk, args.which)
                if args.reasons is not None:
                    columns |= reasons(scorer, chunk, args.reasons)
                sink.write(columns, _types(scorer, columns, chunk) if kind == "parquet" else {})
                n_rows += chunk.n_rows
                n_alerts += alerts_among(scorer, columns)
                console.progress(f"{n_rows:,} rows scored")
    finally:
        console.progress("", last=True)
    where = "" if args.out == STDOUT else f"; predictions are in {args.out}"
    console.note(f"{n_rows:,} rows scored{where}.")
    if scorer.model.threshold is not None and args.which != "proba" and n_rows:
        policy = scorer.model.policy
        console.note(
            f"{n_alerts:,} of them ({n_alerts / n_rows:.2%}) are alerts, "
            f"{decision_text(scorer.model)}" + ("." if policy is None else f", {policy}.")
        )
        if policy is not None:
            console.note(f"{alert_rate(scorer.model, n_alerts / n_rows, n_rows)}.")
    return 0


def predictions(scorer: Scorer, chunk: Chunk, which: str) -> dict[str, list[Any]]:
    """Return the columns of the answer: the ids, then prediction and probabilities.

    Parameters
    ----------
    scorer : Scorer
        The loaded model.
    chunk : Chunk
        Typed rows.
    which : {"both", "proba", "labels"}
        Which columns a classification gives.

    Returns
    -------
    dict of str to list
        One value a row.

    Raises
    ------
    InputError
        If a value is of the wrong kind.
    """
    try:
        answer = scorer.respond(chunk)
    except TypeError as error:  # a date or list in a column of numbers or categories
        raise InputError(str(error)) from error
    columns = dict(chunk.ids)
    if scorer.model.is_detector:
        if which != "labels":
            columns["score"] = answer[:, 0].tolist()
            columns["percentile"] = scorer.percentile(answer[:, 0]).tolist()
        return columns | {"prediction": scorer.decide(answer).tolist()}
    if not scorer.model.classes:
        if answer.shape[1] == 1:
            return columns | {"prediction": answer[:, 0].tolist()}
        return columns | {f"prediction_{k}": values.tolist() for k, values in enumerate(answer.T)}
    if which != "proba" and scorer.model.is_multilabel:
        decided = scorer.decide(answer).T.tolist()
        columns |= {
            f"prediction_{label}": values
            for label, values in zip(scorer.model.classes, decided, strict=True)
        }
    elif which != "proba":
        columns["prediction"] = scorer.decide(answer).tolist()
    if which != "labels":
        columns |= {
            f"proba_{label}": answer[:, k].tolist()
            for k, label in enumerate(scorer.classes_.tolist())
        }
    return columns


def reasons(scorer: Scorer, chunk: Chunk, n_reasons: int) -> dict[str, list[str | None]]:
    """Return a column a reason: its code, or its name where it has none.

    Parameters
    ----------
    scorer : Scorer
        The loaded model.
    chunk : Chunk
        Typed rows.
    n_reasons : int
        How many columns.

    Returns
    -------
    dict of str to list
        One value a row, None where a row has fewer reasons.
    """
    found = [
        [reason.code or reason.name for reason in row]
        for row in scorer.explain(chunk).reasons(n_reasons)
    ]
    return {
        f"reason_{k + 1}": [row[k] if k < len(row) else None for row in found]
        for k in range(n_reasons)
    }


def alerts_among(scorer: Scorer, columns: dict[str, list[Any]]) -> int:
    """Return how many predictions are alerts: the second of two classes, or abnormal rows.

    Parameters
    ----------
    scorer : Scorer
        The loaded model.
    columns : dict of str to list
        The columns of the answer.

    Returns
    -------
    int
        0 where the model has no threshold.
    """
    model = scorer.model
    if model.threshold is None:
        return 0
    return columns.get("prediction", []).count(-1 if model.is_detector else model.classes[1])


def _format(args: argparse.Namespace) -> SinkFormat:
    with told_of("--out"):
        kind = sink_format(args.out)
    if args.json and kind == "parquet":
        raise InputError(f"--json writes lines of JSON, but --out is {args.out!r}; leave one out.")
    return "ndjson" if args.json else kind


def _check(scorer: Scorer, which: str, ids: list[str], n_reasons: int | None) -> None:
    labels = scorer.model.classes
    if not labels and which == "proba":
        raise InputError(f"--proba is for classifications, but this model {does(scorer.model)}.")
    texts: dict[str, Any] = {}
    for label in labels:
        if str(label) in texts:
            raise InputError(
                f"the classes {texts[str(label)]!r} and {label!r} of the model would have one "
                "column of the answer; score the rows in Python, by ensemble_kd.load."
            )
        texts[str(label)] = label
    own = {"score", "percentile"} if scorer.model.is_detector else set()
    own |= {"prediction", *(f"proba_{label}" for label in labels)}
    own |= {f"prediction_{label}" for label in labels}
    if n_reasons is not None:
        if scorer.model.reasons is None:
            raise InputError(
                "--reasons needs a model file that has reasons; make one: ensemble-kd reasons."
            )
        own |= {f"reason_{k + 1}" for k in range(n_reasons)}
    for name in ids:
        if name in own:
            raise InputError(f"--id must not be a column of the answer, got {name!r}; rename it.")


def _types(scorer: Scorer, columns: dict[str, list[Any]], chunk: Chunk) -> dict[str, Any]:
    """Return the Arrow types of the answer; an id out of CSV has none and is text."""
    types = {name: arrow_type([0.0]) for name in columns if name not in chunk.ids}
    types |= {name: arrow_type([""]) for name in types if name.startswith("reason_")}
    if "prediction" in types and scorer.model.answers:
        types["prediction"] = arrow_type(list(scorer.model.answers))
    if scorer.model.is_multilabel:
        types |= {name: arrow_type([0]) for name in types if name.startswith("prediction_")}
    return types | chunk.id_types
