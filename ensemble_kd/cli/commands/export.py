"""`export`: a model file as an ONNX graph, a C file or a JSON document."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli._console import Console, size_text, tell
from ensemble_kd.cli._options import add_model, adder
from ensemble_kd.cli._out import check_out
from ensemble_kd.errors import InputError

if TYPE_CHECKING:
    from ensemble_kd.model import CompactModel

SUMMARY = "turn a model file into ONNX, C or JSON"
DESCRIPTION = """\
Turn a model file into something that runs without Python or without this package, and say how far
its answers are from the model's on made-up rows.

  onnx  one graph: raw columns in (text for categories), probabilities and label, or the value, out;
        needs the extra `onnx`, and onnxruntime for the comparison
  c     one C99 file without malloc, for small machines; compiled with -DENSEMBLE_KD_MAIN it is a
        program that checks itself
  json  all numbers and the formula, for a scorer in any language

docs/export.md tells what each takes: how columns, categories and missing values are given.
"""
EXAMPLES = """\
examples:
  ensemble-kd export model.ekd --to onnx
  ensemble-kd export model.ekd --to c --dtype int8 --name churn --out churn.c
  ensemble-kd export model.ekd --to json --out scorer/model.json
"""
JSON_HELP = "print the outcome as one JSON object"
OPTIONS = {
    "--to": "the format",
    "--out": "where to write; a file that is there is replaced at once (default: beside the model, "
    "with the ending .onnx, .c or .json)",
    "--name": "onnx: name of the graph; c: begins every name in the file, a letter, then letters, "
    "digits and _ (default: from the file's name)",
    "--dtype": "c: type of weights and leaf values; int8 rounds, and takes a quarter of the room "
    "in a network, less is saved in trees (default: float32)",
    "--inputs": "c: type of numeric columns, edges and thresholds; float32 suits machines without "
    "double precision, and rounds (default: float64)",
    "--reasons": "c: tell reasons, too: of a model that has them, in float32",
    "--missing": "onnx: the text of a missing value in a column of categories "
    "(default: an empty one)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `export` takes."""
    add_model(parser)
    add = adder(parser, OPTIONS)
    add("--to", choices=["onnx", "c", "json"], required=True)
    add("--out", metavar="FILE")
    add("--name", metavar="NAME")
    add("--dtype", choices=["float32", "int8"])
    add("--inputs", choices=["float64", "float32"])
    add("--reasons", action="store_true", default=None)
    add("--missing", metavar="TEXT")


def run(args: argparse.Namespace) -> int:
    """Write the export, tell of it and return the exit code."""
    from ensemble_kd import export as exports
    from ensemble_kd.scoring import load

    _check_options(args)
    out = args.out or str(Path(args.model).with_suffix(f".{args.to}"))
    model = load(args.model, require_signature=args.require_signature).model
    check_out(out, args.model)
    facts = {
        "model": args.model,
        "to": args.to,
        "out": out,
        **export(model, out, args),
        "answers_span": exports.answer_span(model),
    }
    tell(facts, args.json, render)
    if facts["worst_difference"] is None:
        Console(args.quiet).note("onnxruntime is not installed, so that nothing was compared.")
    return 0


def export(model: CompactModel, out: str, args: argparse.Namespace) -> dict[str, Any]:
    """Write the file and return its size and how far its answers are from the model's.

    Parameters
    ----------
    model : CompactModel
        The student.
    out : str
        Where to write.
    args : Namespace
        The options.

    Returns
    -------
    dict
        `size_bytes`, `worst_difference` (None if it was not measured), and for C the bytes that the
        program needs.

    Raises
    ------
    InputError
        If the model cannot be given in this format; the message says why.
    """
    from ensemble_kd import export as exports

    if args.to == "onnx":
        name = args.name or Path(out).stem
        content = exports.export_onnx(model, name=name, missing=args.missing or "")
        facts: dict[str, Any] = {"worst_difference": exports.onnx_difference(model, content)}
    elif args.to == "json":
        text = exports.export_json(model)
        content, facts = text.encode(), {"worst_difference": exports.json_difference(model, text)}
    else:
        c = exports.build_c(
            model,
            name=args.name or exports.macro_name(Path(out).stem),
            dtype=args.dtype or "float32",
            inputs=args.inputs or "float64",
            reasons=bool(args.reasons),
        )
        told = ("worst_difference", "table_bytes", "text_bytes", "stack_bytes")
        content, facts = c.source.encode(), {name: getattr(c, name) for name in told}
    exports.write_export(content, out)  # once it is compared
    return {"size_bytes": len(content), **facts}


def render(facts: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    lines = [f"{facts['out']}: {size_text(facts['size_bytes'])}"]
    if facts["to"] == "c":
        lines += [
            f"flash: {size_text(facts['table_bytes'])} of numbers, "
            f"{size_text(facts['text_bytes'])} of texts (none with -DENSEMBLE_KD_NO_TEXTS)",
            f"RAM:   {size_text(facts['stack_bytes'])} of buffers on the stack",
        ]
    if facts["worst_difference"] is not None:
        what = {
            "onnx": "under ONNX Runtime",
            "c": "from the rounding of weights and inputs",
            "json": "read back",
        }[facts["to"]]
        lines.append(
            f"largest difference to the model, {what}, on made-up rows: "
            f"{facts['worst_difference']:.2g}, where its answers span {facts['answers_span']:.3g}"
        )
    if facts["to"] == "c":
        lines.append(f"test:  cc -std=c99 -DENSEMBLE_KD_MAIN {facts['out']} -lm && ./a.out")
    return "\n".join(lines)


def _check_options(args: argparse.Namespace) -> None:
    for flag, value, formats in [
        ("--name", args.name, ("onnx", "c")),
        ("--dtype", args.dtype, ("c",)),
        ("--inputs", args.inputs, ("c",)),
        ("--reasons", args.reasons, ("c",)),
        ("--missing", args.missing, ("onnx",)),
    ]:
        if value is not None and args.to not in formats:
            raise InputError(
                f"{flag} is for --to {' or '.join(formats)}, but this is --to {args.to}; leave it "
                f"out."
            )
