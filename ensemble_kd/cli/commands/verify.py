"""`verify`: whether a key's owner signed a model file."""

from __future__ import annotations

import argparse
from typing import Any

from ensemble_kd.cli._console import tell
from ensemble_kd.cli._options import MODEL, adder

SUMMARY = "tell whether a model file is signed by a key"
DESCRIPTION = """\
Check that a model file is signed by a key and is as it was signed, then all that `inspect` checks.
The exit code is 3 if it is not: there is no signature, it is another's, or the file was altered.
Commands that read a model file check the same with --require-signature, and Python does with
`load(path, require_signature=key)`. Needs the extra `sign`.
"""
EXAMPLES = """\
examples:
  ensemble-kd verify model.ekd --key release.pub
"""
JSON_HELP = "print the outcome as one JSON object"
OPTIONS = {"--key": "file of the public key, as `ensemble-kd keygen` makes it"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `verify` takes."""
    adder(parser, MODEL)("model", metavar="MODEL")
    adder(parser, OPTIONS)("--key", metavar="FILE", required=True)


def run(args: argparse.Namespace) -> int:
    """Check the file and return the exit code."""
    from ensemble_kd.scoring import load

    bundle = load(args.model, require_signature=args.key).bundle
    assert bundle is not None
    outcome = {
        "model": args.model,
        "name": bundle.manifest["name"],
        "created": bundle.manifest["created"],
        "key_id": bundle.key_id,
    }
    tell(outcome, args.json, render)
    return 0


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    return f"{outcome['model']}: {outcome['name']}, signed by the key {outcome['key_id']}"
