"""`keygen`: a key to sign model files with, and the one that tells its signatures."""

from __future__ import annotations

import argparse
from typing import Any

from ensemble_kd.cli._console import tell
from ensemble_kd.cli._options import adder

SUMMARY = "make keys to sign model files with"
DESCRIPTION = """\
Make a pair of Ed25519 keys: NAME.key, which signs and which its owner alone may read (mode 0600, no
passphrase: keep it where you keep secrets), and NAME.pub, which tells its signatures and goes to
whoever loads the models. Neither is ever written over. Needs the extra `sign`.
"""
EXAMPLES = """\
examples:
  ensemble-kd keygen release
  ensemble-kd sign model.ekd --key release.key
  ensemble-kd score model.ekd new.csv --require-signature release.pub
"""
JSON_HELP = "print the paths and the key's id as one JSON object"
OPTIONS = {"name": "where to write: NAME.key and NAME.pub"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `keygen` takes."""
    adder(parser, OPTIONS)("name", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Write both keys and return the exit code."""
    from ensemble_kd.signing import make_keys

    pair = make_keys(args.name)
    tell({"private": pair.private, "public": pair.public, "key_id": pair.id}, args.json, render)
    return 0


def render(outcome: dict[str, Any]) -> str:
    """Return where the keys are, as text for people."""
    return (
        f"key {outcome['key_id']}\n"
        f"  signs:            {outcome['private']} (keep it secret)\n"
        f"  tells signatures: {outcome['public']} (give it to whoever loads the models)"
    )
