"""`score`: the rows of a table through a model file, chunk by chunk, with numpy alone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ensemble_kd._optional import require
from ensemble_kd.cli._arguments import at_least
from ensemble_kd.cli._chunks import Chunk, read_chunks
from ensemble_kd.cli._console import Console
from ensemble_kd.cli._sinks import check_is_no_input, open_sink, sink_format
from ensemble_kd.errors import InputError

if TYPE_CHECKING:
    from ensemble_kd.scoring import Scorer

SUMMARY = "predict each row of a table"
DESCRIPTION = """\
Predict each row of a table with a model file. The table is read in chunks, so it may be larger than
memory. Columns that the model does not take, such as the target, are left alone; a category never
seen in training is allowed; an empty field, NA, NaN or null is a missing value.

A classification gives the columns `prediction` and one `proba_<class>` a class; a regression gives
`prediction`. For CSV, neither pandas nor scikit-learn nor torch is needed; Parquet needs pyarrow.
"""
EXAMPLES = """\
examples:
  ensemble-kd score model.ekd new.csv --id customer --out scores.csv
  ensemble-kd score model.ekd new.parquet --proba --out scores.parquet
  gunzip -c new.csv.gz | ensemble-kd score model.ekd - --json > scores.ndjson
"""
JSON_HELP = "write one JSON object a line in place of CSV"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `score` takes."""
    parser.add_argument("model", metavar="MODEL", help="model file (.ekd)")
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="rows to predict: .csv, .tsv, .parquet, or - for CSV on stdin",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        default="-",
        help="where predictions go: .csv, .ndjson or .parquet; a file is there whole or not at all "
        "(default: -, stdout)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--proba", dest="which", action="store_const", const="proba", default="both",
        help="only the probabilities (default: prediction and probabilities)",
    )  # fmt: skip
    which.add_argument(
        "--labels", dest="which", action="store_const", const="labels", default="both",
        help="only the prediction",
    )  # fmt: skip
    parser.add_argument(
        "--id",
        dest="ids",
        metavar="COL",
        nargs="+",
        action="extend",
        default=[],
        help="columns of the table to put before the predictions",
    )
    parser.add_argument(
        "--chunk-rows",
        metavar="N",
        type=at_least(1),
        default=100_000,
        help="rows in memory at once (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Score the table and return the exit code."""
    from ensemble_kd.scoring import load

    console = Console(args.quiet)
    kind = sink_format(args.out, args.json)
    scorer = load(args.model)
    _check(scorer, args.which, args.ids)
    if args.out != "-":
        check_is_no_input(args.out, [args.model, args.table])
    n_rows = 0
    chunks = read_chunks(args.table, scorer.schema, args.ids, args.chunk_rows)
    try:
        with open_sink(args.out, kind) as sink:
            for chunk in chunks:
                columns = predictions(scorer, chunk, args.which)
                sink.write(columns, _types(scorer, columns, chunk) if kind == "parquet" else {})
                n_rows += chunk.n_rows
                console.progress(f"{n_rows:,} rows scored")
    finally:
        console.progress("", last=True)
    where = "" if args.out == "-" else f"; predictions are in {args.out}"
    console.note(f"{n_rows:,} rows scored{where}.")
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
    if scorer.task == "regression":
        return columns | {"prediction": answer[:, 0].tolist()}
    if which != "proba":
        columns["prediction"] = scorer.decide(answer).tolist()
    if which != "labels":
        columns |= {
            f"proba_{label}": answer[:, k].tolist()
            for k, label in enumerate(scorer.classes_.tolist())
        }
    return columns


def _check(scorer: Scorer, which: str, ids: list[str]) -> None:
    if scorer.task == "regression" and which == "proba":
        raise InputError("--proba is for classifications, but this model predicts values.")
    own = {"prediction"}
    if scorer.task == "classification":
        own |= {f"proba_{label}" for label in scorer.classes_.tolist()}
    for name in ids:
        if name in own:
            raise InputError(f"--id must not be a column of the answer, got {name!r}; rename it.")


def _types(scorer: Scorer, columns: dict[str, list[Any]], chunk: Chunk) -> dict[str, Any]:
    """Return the Arrow types of the answer; an id out of CSV has none and is text."""
    pyarrow = require("pyarrow", extra="bench")
    types = {name: pyarrow.float64() for name in columns if name not in chunk.ids}
    if "prediction" in types and scorer.task == "classification":
        types["prediction"] = pyarrow.array(scorer.classes_.tolist()).type
    return types | chunk.id_types
