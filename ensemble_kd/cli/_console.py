"""What goes where: results on stdout, notes and progress on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


class Console:
    """Notes and progress on stderr, which `--quiet` turns off.

    Parameters
    ----------
    quiet : bool
        Whether to say nothing but warnings and errors.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet

    @property
    def shows_progress(self) -> bool:
        """Whether there is somebody to see a bar move."""
        return not self.quiet and sys.stderr.isatty()

    def note(self, text: str) -> None:
        """Say what was done on the user's behalf."""
        if not self.quiet:
            print(f"note: {one_line(text)}", file=sys.stderr)

    def warn(self, text: str) -> None:
        """Say what the user should know even when quiet."""
        print(f"warning: {one_line(text)}", file=sys.stderr)

    def progress(self, text: str, *, last: bool = False) -> None:
        """Write over the progress line; `last` wipes it."""
        if self.shows_progress:
            end = "\r\033[K" if last else f"\r\033[K{text}"
            print(end, end="", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print a result as JSON; numbers that JSON cannot hold become null."""
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def tell(outcome: Mapping[str, Any], as_json: bool, render: Callable[[Any], str]) -> None:
    """Print an outcome: as JSON, or as the text that `render` makes of it."""
    if as_json:
        print_json(outcome)
    else:
        print(render(outcome))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Return a text that cannot move the cursor: names in a file are whatever its author chose."""
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text
    )


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as aligned text, the first column to the left and the others to the right."""
    lines = [[one_line(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(line[j]) for line in lines) for j in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if j == 0 else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def size_text(n_bytes: int) -> str:
    """Return a size for people."""
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    return f"{n_bytes / 1e3:.1f} kB" if n_bytes < 1e6 else f"{n_bytes / 1e6:.2f} MB"
