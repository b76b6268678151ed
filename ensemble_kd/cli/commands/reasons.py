"""`reasons`: a model file that tells reasons for its scores."""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, field
from typing import Any

from ensemble_kd.cli._console import Console, tell
from ensemble_kd.cli._options import add_model, adder
from ensemble_kd.cli._out import check_out, note_unsigned, save_again
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import read_chunks

SUMMARY = "have a model file tell reasons for its scores"
DESCRIPTION = """\
Make a model file that tells which columns make a row's score high, or low where it finds outliers:
`score --reasons 4`. Answers stay as they are. Contributions are counted from made-up rows that the
file keeps: quantiles of the columns of the real rows given, rounded and shuffled, so that no real
row is among them.

--texts names a CSV file with the columns `column`, `code`, `text` and, if wanted, `group`: columns
of one group are one reason. Columns that it leaves out are told by their names; those of --exclude
never, though they still count in the score.
"""
EXAMPLES = """\
examples:
  ensemble-kd reasons fraud.ekd --rows train.csv --out fraud_reasons.ekd
  ensemble-kd reasons credit.ekd --rows train.csv --texts reasons.csv --exclude age sex \\
      --out credit_reasons.ekd
"""
JSON_HELP = "print the outcome as one JSON object"
OPTIONS = {
    "--rows": "real rows of normal behaviour, such as those of the training: .csv, .tsv or "
    ".parquet; the first 1,000,000 are read",
    "--texts": "CSV file: column, code, text, and group if wanted",
    "--exclude": "columns that are never named, such as protected ones",
    "--explained": "class whose score is explained (default: the second of two)",
    "--steps": "steps in which the columns of a network change from usual values to the row's: "
    "the fewer, the faster and the rougher (default: one by one of at most 8 columns, 4 of more)",
    "--out": "model file to write, replaced at once",
}
MOST_ROWS = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `reasons` takes."""
    add_model(parser)
    add = adder(parser, OPTIONS)
    add("--rows", metavar="TABLE", required=True)
    add("--texts", metavar="FILE")
    add("--exclude", metavar="COL", nargs="+", action="extend", default=[])
    add("--explained", metavar="CLASS")
    add("--steps", type=int, metavar="N")
    add("--out", metavar="FILE", required=True)


def run(args: argparse.Namespace) -> int:
    """Write a model with reasons, and return the exit code."""
    from ensemble_kd.explain import with_reasons
    from ensemble_kd.scoring import load

    console = Console(args.quiet)
    check_out(args.out, args.model, args.rows, args.texts)
    scorer = load(args.model, require_signature=args.require_signature)
    said = Said() if args.texts is None else read_said(args.texts)
    rows = next(iter(read_chunks(args.rows, scorer.schema, [], MOST_ROWS)), None)
    if rows is None:
        raise InputError(f"--rows must have rows, got none in {args.rows!r}.")
    model = with_reasons(
        scorer.model, rows, texts=said.texts, groups=said.groups, excluded=args.exclude,
        explained=_label(scorer.model.classes, args.explained),
        n_steps="auto" if args.steps is None else args.steps,
    )  # fmt: skip
    save_again(scorer.bundle, model, args.out)
    note_unsigned(scorer.bundle, console)
    assert model.reasons is not None
    outcome = {
        "model": args.model,
        "out": args.out,
        "n_rows": rows.n_rows,
        "n_background": len(model.reasons.background),
        "n_texts": len(said.texts),
        "excluded": args.exclude,
    }
    tell(outcome, args.json, render)
    return 0


@dataclass
class Said:
    """What a file of texts says.

    Parameters
    ----------
    texts : dict of str to (str or None, str or None)
        Code and sentence by name of a column or group.
    groups : dict of str to list of str
        Columns by name of a group.
    """

    texts: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)


def read_said(path: str) -> Said:
    """Return the codes, texts and groups of a CSV file.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    Said

    Raises
    ------
    InputError
        If it cannot be read, or a line is not as it must be.
    """
    said = Said()
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            names = set(lines.fieldnames or ())
            if not {"column", "code", "text"} <= names <= {"column", "code", "text", "group"}:
                raise InputError(
                    f"--texts must have the columns column, code, text and may have group, got "
                    f"{sorted(names)} in {path!r}."
                )
            for line in lines:
                _add(said, line, f"{path}, line {lines.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"--texts cannot be read: {error}.") from error
    return said


def _add(said: Said, line: dict[str, str], where: str) -> None:
    column, group = line["column"], line.get("group")
    if not column or None in line:
        raise InputError(f"--texts must have a column in each line, and no more fields: {where}.")
    if group:
        said.groups.setdefault(group, []).append(column)
    name = group or column
    told = line["code"] or None, line["text"] or None
    if told == (None, None):
        return
    if said.texts.setdefault(name, told) != told:
        raise InputError(
            f"--texts must say the same code and text in all lines of a group, got another for "
            f"{name!r}: {where}."
        )


def _label(classes: tuple[Any, ...], text: str | None) -> Any:
    """Return the class that a text stands for."""
    if text is None:
        return None
    for label in classes:
        if str(label) == text:
            return label
    raise InputError(f"--explained must be one of the classes {list(classes)}, got {text!r}.")


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    hidden = outcome["excluded"]
    never = f"\nnever named: {', '.join(hidden)}" if hidden else ""
    return (
        f"reasons are counted from {outcome['n_background']} made-up rows, by quantiles of "
        f"{outcome['n_rows']:,} real ones; {outcome['n_texts']} have a text{never}\n"
        f"model: {outcome['out']}"
    )
