"""MUNGE beside a plain loop: ``python -m ensemble_kd.benchmarks.munge_speed``.

The loop does what the algorithm says, one value at a time, on a slice of the rows; its time is
scaled up to all of them, and the table says so.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from ensemble_kd import MungeSynthesizer
from ensemble_kd.benchmarks.shared import markdown_table, mixed_table
from ensemble_kd.schema import TableSchema
from ensemble_kd.transfer import mixed_metric

Row = list[Any]


def nearest_by_loop(coordinates: list[list[float]], i: int, n_neighbors: int) -> list[int]:
    """Return the nearest other rows of row `i`, the distance summed one coordinate at a time."""
    own = coordinates[i]
    distances = []
    for k, other in enumerate(coordinates):
        total = 0.0
        for a, b in zip(own, other, strict=True):
            total += (a - b) * (a - b)
        if k != i:
            distances.append((total, k))
    distances.sort()
    return [k for _, k in distances[:n_neighbors]]


def exchange_by_loop(
    own: Row, partner: Row, kinds: Sequence[str], p: float, s: float, rng: random.Random
) -> Row:
    """Return a new row: each value with probability `p` moved to its partner's."""
    out = []
    for kind, a, b in zip(kinds, own, partner, strict=True):
        value = a
        if rng.random() < p:
            value = b
            if kind == "numeric" and a == a and b == b:
                value = rng.gauss(b, abs(a - b) / s)
        out.append(value)
    return out


def measure_munge(
    n_real: int = 20_000,
    n_synthetic: int = 100_000,
    n_columns: int = 30,
    repeats: int = 3,
    slice_rows: tuple[int, int] = (5, 5_000),
    progress: bool = True,
) -> dict[str, tuple[float, float]]:
    """Time both.

    Parameters
    ----------
    n_real, n_synthetic, n_columns : int
        Size of the task.
    repeats : int, default=3
        Runs to take the median of.
    slice_rows : tuple of (int, int)
        Rows whose neighbours the loop seeks, and new rows it makes.
    progress : bool, default=True
        A progress bar on stderr.

    Returns
    -------
    dict
        Under "neighbours" and "new rows", the median seconds of `MungeSynthesizer` and of the loop,
        the latter scaled up.
    """
    X, _ = mixed_table(n_real, n_columns)
    schema = TableSchema.infer(X)
    coordinates = mixed_metric(schema.encode(X), schema).tolist()
    rows = X.to_numpy(dtype=object).tolist()
    kinds = [column.kind for column in schema.columns]
    taken: dict[str, list[float]] = {"fit": [], "sample": [], "nearest": [], "exchange": []}
    n_nearest, n_exchanged = slice_rows
    rng = random.Random(0)
    for _ in tqdm(range(repeats), desc="MUNGE", unit="run", disable=not progress):
        with _timed(taken["fit"]):
            munge = MungeSynthesizer().fit(X)
        with _timed(taken["sample"]):
            munge.sample(n_synthetic, 0)
        with _timed(taken["nearest"], n_real / n_nearest):
            for i in range(n_nearest):
                nearest_by_loop(coordinates, i, munge.n_neighbors)
        partners = munge.neighbors_.tolist()
        with _timed(taken["exchange"], n_synthetic / n_exchanged):
            for k in range(n_exchanged):
                i = k % n_real
                exchange_by_loop(rows[i], rows[rng.choice(partners[i])], kinds, 0.5, 2.0, rng)
    median = {stage: statistics.median(seconds) for stage, seconds in taken.items()}
    return {
        "neighbours": (median["fit"], median["nearest"]),
        "new rows": (median["sample"], median["exchange"]),
    }


@contextmanager
def _timed(to: list[float], scale: float = 1.0) -> Iterator[None]:
    """Append the seconds of a block, times a scale."""
    start = time.perf_counter()
    yield
    to.append((time.perf_counter() - start) * scale)


def speed_table(seconds: dict[str, tuple[float, float]]) -> str:
    """Return the table of both, stage by stage and in sum.

    Parameters
    ----------
    seconds : dict
        As `measure_munge` returns it.

    Returns
    -------
    str
    """
    ours, loop = (sum(stage[k] for stage in seconds.values()) for k in (0, 1))
    body = [
        [name, f"{a:.2f} s", f"{b:.2f} s", f"{b / a:.0f} x"]
        for name, (a, b) in [*seconds.items(), ("both", (ours, loop))]
    ]
    return markdown_table(["stage", "MungeSynthesizer", "plain loop (scaled up)", "ratio"], body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.munge_speed")
    parser.add_argument("--real", type=int, default=20_000, help="real rows (default: 20000)")
    parser.add_argument("--synthetic", type=int, default=100_000, help="new rows (default: 100000)")
    parser.add_argument("--columns", type=int, default=30, help="columns (default: 30)")
    parser.add_argument("--repeats", type=int, default=3, help="runs (default: 3)")
    options = parser.parse_args(arguments)
    seconds = measure_munge(options.real, options.synthetic, options.columns, options.repeats)
    print(
        f"{options.synthetic:,} new rows of {options.columns} mixed columns from {options.real:,} "
        f"real rows; medians of {options.repeats} runs. The loop was timed on a slice of the rows "
        "and its time scaled up. It seeks neighbours among all rows by plain arithmetic, which is "
        "most of its time: the ratio for new rows alone is the one that leaves this out.\n"
    )
    print(speed_table(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
