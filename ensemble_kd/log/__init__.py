"""Where the library logs: steps and their times at INFO, below the logger `ensemble_kd`.

Importing `logging` takes a fifth of a cold start without numpy, so `ensemble_kd` itself does not.
"""

from __future__ import annotations

import logging
import sys

__all__ = ["ROOT", "logger", "note_once"]

ROOT = logging.getLogger("ensemble_kd")
ROOT.addHandler(logging.NullHandler())

_told: set[str] = set()


def logger(module: str) -> logging.Logger:
    """Return the logger of a module's room, which says nothing until somebody listens.

    Parameters
    ----------
    module : str
        Its dotted name.

    Returns
    -------
    logging.Logger
    """
    return logging.getLogger(".".join(part for part in module.split(".") if part[0] != "_"))


def note_once(text: str) -> None:
    """Say something once in a process: in the log at WARNING, and where nobody logs on stderr.

    It is no warning, so that ``-W error`` makes no error of it. To be spared it, set the level of
    the logger `ensemble_kd` to ERROR.

    Parameters
    ----------
    text : str
        A sentence.
    """
    if text in _told or not ROOT.isEnabledFor(logging.WARNING):
        return
    _told.add(text)
    listens = logging.getLogger().handlers or len(ROOT.handlers) > 1
    if listens or sys.stderr is None:
        ROOT.warning(text)
    else:
        print(f"note: {text}", file=sys.stderr)
