"""What reasons cost in the C export: time of one row, bytes, and how far they are from Python's.

    python -m ensemble_kd.benchmarks.scoring.reasons_in_c model.ekd rows.parquet

The model has reasons, of a kind that C tells. The file is compiled by gcc -O2; each of at most 500
rows is explained twenty times. Told are the median of the rows' means, in processor time of one
thread, and that of Python's `explain_one` beside it.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain import Explainer
from ensemble_kd.export import build_c
from ensemble_kd.model import CompactModel
from ensemble_kd.scoring import load
from ensemble_kd.table_files import read_frame

MOST_ROWS, N_TIMES, N_ONES = 500, 20, 50
PROGRAM = """
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "model.c"

static const struct model_row ROWS[] = {
@
};

int main(void)
{
    struct timespec start, end;
    float told[model_N_REASONS + 2];
    size_t i, k;
    for (i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
        for (k = 0; k < N_TIMES; k++)
            model_explain(&ROWS[i], told);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        printf("%.9g", (1e6 * (double)(end.tv_sec - start.tv_sec) +
                        1e-3 * (double)(end.tv_nsec - start.tv_nsec)) / N_TIMES);
        for (k = 0; k < model_N_REASONS; k++)
            printf(" %.9g", told[k]);
        printf("\\n");
    }
    return 0;
}
"""


def explained_in_c(
    model: CompactModel, codes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the microseconds that each encoded row takes, and its contributions."""
    discrete = model.schema.is_discrete
    rows = ["    {" + ", ".join(map(_cell, row.tolist(), discrete.tolist())) + "}" for row in codes]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.c").write_text(build_c(model, reasons=True).source)
        program = PROGRAM.replace("@", ",\n".join(rows)).replace("N_TIMES", str(N_TIMES))
        (Path(folder) / "main.c").write_text(program)
        command = ["gcc", "-std=c99", "-O2", "main.c", "-o", "main", "-lm"]
        subprocess.run(command, cwd=folder, check=True)
        done = subprocess.run([f"{folder}/main"], capture_output=True, text=True, check=True)
    told = np.array([line.split() for line in done.stdout.splitlines()], dtype=np.float64)
    return told[:, 0], told[:, 1:]


def _cell(value: float, is_discrete: bool) -> str:
    if is_discrete:
        return "model_MISSING" if value != value else str(int(value))
    return repr(value).replace("nan", "NAN").replace("inf", "INFINITY")


def microseconds_of_one(explainer: Explainer, codes: NDArray[np.float64]) -> tuple[float, float]:
    """Return the processor time of the first row in Python, and the median of later ones."""
    taken = []
    for i in range(min(N_ONES, len(codes))):
        start = time.thread_time()
        explainer.explain(codes[i : i + 1]).one(0)
        taken.append(1e6 * (time.thread_time() - start))
    return taken[0], float(np.median(taken[1:]))


def main(arguments: list[str] | None = None) -> None:
    """Measure one model, and print."""
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.scoring.reasons_in_c", description=__doc__
    )
    parser.add_argument("model")
    parser.add_argument("table")
    given = parser.parse_args(arguments)
    model = load(given.model).model
    codes = model.schema.encode(read_frame(given.table, print))[:MOST_ROWS]
    taken, told = explained_in_c(model, codes)
    explainer = Explainer(model)
    first, one = microseconds_of_one(explainer, codes)
    off = np.abs(told - explainer.explain(codes).values).max()
    plain, c = build_c(model), build_c(model, reasons=True)
    print(
        f"C: {np.median(taken):.1f} us a row, at most {taken.max():.1f}; off by at most {off:.2g}\n"
        f"tables {c.table_bytes} bytes, {plain.table_bytes} without reasons; file {len(c.source)}, "
        f"{len(plain.source)}; stack {c.stack_bytes}\n"
        f"Python: {one:.0f} us a row, the first {first / 1e6:.2g} s"
    )


if __name__ == "__main__":
    main()
