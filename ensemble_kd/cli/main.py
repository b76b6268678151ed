"""Which command runs, and which exit code its outcome has."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from ensemble_kd import __version__
from ensemble_kd._optional import missing
from ensemble_kd.cli._console import one_line
from ensemble_kd.cli._options import add_common
from ensemble_kd.errors import (
    BudgetError,
    BundleError,
    EnsembleKDError,
    InputError,
    NotDistillableError,
    reason,
)
from ensemble_kd.log import ROOT

COMMANDS = (
    "distill", "tune", "score", "inspect", "evaluate", "export", "compress", "calibrate",
    "threshold", "carry-over", "reasons", "bench", "keygen", "sign", "verify",
)  # fmt: skip

OK, RUNTIME, USAGE, BUNDLE, GATE, INTERRUPTED = 0, 1, 2, 3, 4, 130

_EXIT_CODES = """\
exit codes:
  0 done; 1 failed while running; 2 wrong usage or data; 3 not a valid model file;
  4 a quality gate was missed, or no student keeps the budget; 130 interrupted;
  129 or 143 ended by the signal HUP or TERM
"""


class _Ended(BaseException):
    """A signal ends the process, after what was begun is closed and removed."""


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"error: {one_line(message)} (see: {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str or None, default=None
        Arguments after the program's name; None takes those of the process.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed, 2 wrong usage or data, 3 not a valid model file, 4 a quality
        gate was missed, 130 interrupted, 129 or 143 ended by a signal.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    is_known = bool(words) and words[0] in COMMANDS
    try:
        args = build_parser(words[:1] if is_known else COMMANDS).parse_args(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    with warnings.catch_warnings(), _tidying_when_ended(), _quiet(args.quiet):
        warnings.showwarning = _once()
        return _run(args)


@contextlib.contextmanager
def _quiet(is_quiet: bool) -> Iterator[None]:
    """Have the library's notes be kept back by ``--quiet``, like those of a command."""
    level = ROOT.level
    if is_quiet:
        ROOT.setLevel(logging.ERROR)
    try:
        yield
    finally:
        ROOT.setLevel(level)


def command_named(name: str) -> Any:
    """Return the module of a command."""
    return importlib.import_module(f"ensemble_kd.cli.commands.{name.replace('-', '_')}")


def build_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of these commands."""
    parser = _Parser(
        prog="ensemble-kd",
        description="Compress a tabular ensemble into one small, fast model, and score with it.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ensemble-kd {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in names:
        command = command_named(name)
        sub = commands.add_parser(
            name,
            help=command.SUMMARY,
            description=command.DESCRIPTION + _needs(command),
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(sub)
        add_common(sub, command.JSON_HELP)
    return parser


def _run(args: argparse.Namespace) -> int:
    try:
        code: int = command_named(args.command).run(args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _failed("interrupted.", INTERRUPTED, args.traceback)
    except _Ended as end:
        number = signal.Signals(end.args[0])
        return _failed(f"ended by {number.name}.", 128 + number, args.traceback)
    except BrokenPipeError:
        # Whoever read stdout has left; what is still buffered must not raise once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return RUNTIME
    except BundleError as error:
        return _failed(str(error), BUNDLE, args.traceback)
    except BudgetError as error:
        return _failed(str(error), GATE, args.traceback)
    except (InputError, NotDistillableError) as error:
        return _failed(str(error), USAGE, args.traceback)
    except (EnsembleKDError, OSError) as error:
        return _failed(str(error), RUNTIME, args.traceback)
    except Exception as error:
        extra = getattr(command_named(args.command), "EXTRA", None)
        if isinstance(error, ModuleNotFoundError) and extra is not None:
            told = missing(error, f"`{args.command}`", extra=extra)
            return _failed(str(told), RUNTIME, args.traceback)
        text = f"{type(error).__name__}: {reason(error)}"
        return _failed(
            text if args.traceback else f"{text} (--traceback shows where)", RUNTIME, args.traceback
        )


def _needs(command: Any) -> str:
    """Return what is to be installed for a command beside numpy."""
    extra = getattr(command, "EXTRA", None)
    return (
        "" if extra is None else f'\nIt needs more than numpy: pip install "ensemble_kd[{extra}]"\n'
    )


def _failed(message: str, code: int, with_traceback: bool) -> int:
    if with_traceback:
        traceback.print_exc()
    print(f"error: {one_line(message)}", file=sys.stderr)
    return code


@contextlib.contextmanager
def _tidying_when_ended() -> Iterator[None]:
    """Let what is under way be tidied up when the process is told to end; told again, it ends."""
    asked = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    ours = [number for number in asked if number and signal.getsignal(number) == signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []

    def end(number: int, _: Any) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)
        raise _Ended(number)

    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _once() -> Callable[..., None]:
    """Return what shows a warning, but not for every fold and member anew."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = one_line(str(message))
        if text not in shown:
            shown.add(text)
            print(f"warning: {text}", file=sys.stderr)

    return show
