"""Tables as Markdown, and numbers with their units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd


def markdown_table(header: Sequence[str], body: Sequence[Sequence[str]], *, n_left: int = 1) -> str:
    """Return a Markdown table whose columns line up, the first `n_left` to the left."""
    columns = [[head, *(row[j] for row in body)] for j, head in enumerate(header)]
    widths = [max(3, *(len(cell) for cell in column)) for column in columns]
    lines = []
    for i, row in enumerate([header, *body]):
        cells = [
            cell.ljust(width) if j < n_left else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("| " + " | ".join(cells) + " |")
        if i == 0:
            rules = ["-" * w if j < n_left else "-" * (w - 1) + ":" for j, w in enumerate(widths)]
            lines.append("| " + " | ".join(rules) + " |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Return four significant digits, or more before the point."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.4g}"


def mean_and_sd(values: pd.Series) -> str:
    """Return mean ± standard deviation, the mean alone of a single value."""
    mean, sd = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan
    if math.isnan(sd):
        return number(mean)
    digits = len(number(mean).partition(".")[2])
    return f"{number(mean)} ± {sd:,.{digits}f}"


def percent(share: float) -> str:
    """Return a share in percent, "-" for NaN."""
    return "-" if math.isnan(share) else f"{100 * share:.0f} %"


def duration(microseconds: float) -> str:
    """Return microseconds below one millisecond, else milliseconds."""
    if microseconds < 1000:
        return f"{microseconds:.0f} µs" if microseconds >= 10 else f"{microseconds:.2g} µs"
    milliseconds = microseconds / 1000
    return f"{milliseconds:.1f} ms" if milliseconds < 100 else f"{milliseconds:.0f} ms"


def size(n_bytes: float) -> str:
    """Return bytes in kB or MB, powers of ten."""
    if n_bytes < 1e6:
        return f"{n_bytes / 1e3:.0f} kB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes < 1e8 else f"{n_bytes / 1e6:.0f} MB"
