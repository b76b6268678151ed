"""Where the time of a fit goes, and the most memory that it holds, on made-up rows."""

from __future__ import annotations

import sys
import time
from typing import Any

from ensemble_kd import DistilledOutlierDetector
from ensemble_kd.benchmarks.shared import cpu_clock, markdown_table, mixed_table, size
from ensemble_kd.teachers.detectors import DetectorEnsemble
from ensemble_kd.teachers.detectors.members import NumberedRows


def fit_time(n_rows: int, n_columns: int = 20, **choices: Any) -> str:
    """Fit the default ensemble and its student, and return what it took as Markdown.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of a table of numbers, whole numbers, categories and gaps.
    **choices
        Parameters of `DistilledOutlierDetector`; none are the defaults.

    Returns
    -------
    str
        CPU seconds of each stage, over all threads; how long the detectors take to score 10,000
        rows, each by itself; and the peak of memory of this process.
    """
    X, _ = mixed_table(n_rows, n_columns)
    before = _peak_bytes()
    start, began = time.process_time(), time.perf_counter()
    with cpu_clock():
        detector = DistilledOutlierDetector(**choices).fit(X)
    total, wall = time.process_time() - start, time.perf_counter() - began
    stages = {stage: float(taken) for stage, taken in detector.fit_times_.items() if taken > 0.005}
    stages |= {"other": total - sum(stages.values()), "total": total}
    peak = _peak_bytes()
    body = [[s, f"{taken:.1f}", f"{taken / total:.0%}"] for s, taken in stages.items()]
    return (
        f"{n_rows:,} made-up rows of {n_columns} columns, {len(detector.transfer_set_.X):,} rows "
        f"to learn from\n\n{markdown_table(['stage', 'CPU s', 'share'], body)}\n\n"
        f"{_detector_table(detector.teacher_, X.head(10_000))}\n\n"
        f"Peak of memory {size(peak)}, of which {size(before)} before the fit; {wall:.0f} s by the "
        "clock on the wall."
    )


def _detector_table(teacher: DetectorEnsemble, X: object) -> str:
    """Return how long each detector takes to score rows, which is what labels cost."""
    numbers = teacher.numbers_
    assert numbers is not None
    rows = NumberedRows(numbers, numbers.transform(X))
    body = []
    for name, detector in zip(teacher.names_, teacher.detectors_, strict=True):
        start = time.process_time()
        detector.score_samples(rows)
        body.append([name.replace("_", " "), f"{time.process_time() - start:.2f}"])
    return markdown_table(["detector", f"CPU s to score {len(rows):,} rows"], body)


def _peak_bytes() -> int:
    import resource  # which Windows lacks

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
