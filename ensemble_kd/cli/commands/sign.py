"""`sign`: vouch for a model file with a key."""

from __future__ import annotations

import argparse
from typing import Any

from ensemble_kd.cli._console import tell
from ensemble_kd.cli._options import add_model, adder
from ensemble_kd.cli._out import check_out, saving

SUMMARY = "sign a model file"
DESCRIPTION = """\
Check a model file, have it answer the test rows that it carries, and sign it. The signature covers
every byte of the file, and takes the place of one that is there; answers stay as they are. A signed
file is of format version 4: ensemble_kd 0.2 cannot read it. Needs the extra `sign`.
"""
EXAMPLES = """\
examples:
  ensemble-kd sign model.ekd --key release.key
  ensemble-kd sign model.ekd --key release.key --out signed.ekd
"""
JSON_HELP = "print the outcome as one JSON object"
OPTIONS = {
    "--key": "file of the private key, as `ensemble-kd keygen` makes it",
    "--out": "where to write (default: the model file itself, replaced at once)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `sign` takes."""
    add_model(parser)
    add = adder(parser, OPTIONS)
    add("--key", metavar="FILE", required=True)
    add("--out", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Sign the file and return the exit code."""
    from ensemble_kd.bundle import sign_bundle
    from ensemble_kd.scoring import load

    out = args.model if args.out is None else args.out
    check_out(out, args.key, None if args.out is None else args.model)
    load(args.model, require_signature=args.require_signature)
    with saving():
        key_id = sign_bundle(args.model, args.key, out)
    tell({"model": args.model, "out": out, "key_id": key_id}, args.json, render)
    return 0


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    return f"signed by the key {outcome['key_id']}\nmodel: {outcome['out']}"
