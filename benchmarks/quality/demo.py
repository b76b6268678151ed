"""Distil on data that packages bring: ``python -m ensemble_kd.benchmarks.quality.demo``.

No network, three minutes: teacher, best single member, the student on hard labels and the distilled
student side by side, then the student's files and a picture.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from ensemble_kd.benchmarks.quality._case import Case, Source, TeacherFactory
from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report import (
    SECOND_METRICS,
    PairSummary,
    measured,
    methods_of,
    render_paired,
    second_metric,
    summarise_pair,
    task_of,
)
from ensemble_kd.benchmarks.shared import duration, markdown_table, number, percent, size

# With the rows to learn from, None for three quarters: quick enough for the splits that it takes to
# tell a lead from chance, and a single network on the labels does it worse by far.
DATASETS: dict[str, int | None] = {"digits": None}
METHOD_NAMES = ["teacher", "best_member", "hard_student", "distilled"]
MAX_SEEDS = 5
SECONDS = 200.0  # No further seed is begun that would end later.


def run_demo(
    work: Path,
    datasets: Mapping[str, int | None] = DATASETS,
    seconds: float = SECONDS,
    n_jobs: int | None = -1,
    progress: bool = True,
    teacher_factory: TeacherFactory | None = None,
) -> pd.DataFrame:
    """Fit and measure one seed on every data set, then further seeds while there is time.

    Parameters
    ----------
    work : Path
        Folder for fitted teachers and students.
    datasets : mapping of str to int or None
        Names of data sets, and how many rows to learn from; None takes three quarters of them.
    seconds : float, default=200
        No further seed is begun that would end later than this.
    n_jobs : int or None, default=-1
        Teacher fits at once.
    progress : bool, default=True
        A progress bar on stderr.
    teacher_factory : callable or None, default=None
        Gives the unfitted teacher of a task; None takes the default one.

    Returns
    -------
    DataFrame
        As `run_benchmark` returns it.
    """
    start = time.perf_counter()
    records: list[dict[str, Any]] = []
    longest = dict.fromkeys(datasets, 0.0)
    with tqdm(unit="fit", total=0, disable=not progress, file=sys.stderr) as bar:
        for seed in range(MAX_SEEDS):
            for name, max_train in datasets.items():
                began = time.perf_counter()
                if seed and began - start + longest[name] > seconds:
                    continue
                bar.total += len(METHOD_NAMES)
                case = Case(Source(name, None), seed, max_train, work, n_jobs, teacher_factory)
                for method in METHOD_NAMES:
                    bar.set_description(f"{name}, seed {seed}, {METHODS[method].label}")
                    records.append(case.row(method))
                    bar.update()
                longest[name] = max(longest[name], time.perf_counter() - began)
    return pd.DataFrame(records)


def demo_table(results: pd.DataFrame) -> str:
    """Return one table of all data sets and methods.

    Parameters
    ----------
    results : DataFrame
        As `run_demo` returns it.

    Returns
    -------
    str
    """
    rows = measured(results)
    header = ["data set", "method", "loss", "quality", "one row", "size", "gain kept"]
    body = []
    for dataset in dict.fromkeys(rows["dataset"]):
        of_set = rows[rows["dataset"] == dataset]
        loss_name, second = task_of(of_set).score_name, second_metric(of_set)
        pair = summarise_pair(of_set, dataset)
        for name in methods_of(of_set):
            of = of_set[of_set["method"] == name]
            kept = ""
            if pair and name == "distilled":
                kept = percent(pair.gain_kept) if pair.certain else "-"
            body.append(
                [
                    dataset,
                    METHODS[name].label,
                    f"{loss_name} {number(float(of['loss'].mean()))}",
                    f"{SECOND_METRICS[second]} {number(float(of[second].mean()))}",
                    duration(float(of["latency_us"].mean())),
                    size(float(of["size_bytes"].mean())),
                    kept,
                ]
            )
    return markdown_table(header, body, n_left=4)


def findings(results: pd.DataFrame) -> list[str]:
    """Return a sentence on each data set, and the reasons of what failed.

    Parameters
    ----------
    results : DataFrame
        As `run_demo` returns it.

    Returns
    -------
    list of str
    """
    rows = measured(results)
    sentences = []
    for dataset in dict.fromkeys(rows["dataset"]):
        of_set = rows[rows["dataset"] == dataset]
        pair = summarise_pair(of_set, dataset)
        if pair is not None:
            sentences.append(_finding(pair, int(of_set["n_test"].iloc[0])))
    failed = results[results["skipped"].notna()].to_dict("records")
    return sentences + [f"{row['dataset']}, {row['method']}: {row['skipped']}" for row in failed]


def _finding(pair: PairSummary, n_test: int) -> str:
    splits = f"{pair.n_seeds} random splits" if pair.n_seeds > 1 else "one random split"
    if math.isnan(pair.gain_kept):
        said = "no gain to keep: the teacher is no better than the same student on hard labels"
    elif not pair.beats_hard:
        said = "no gain: the distilled student is no better than the same student on hard labels"
    elif pair.distilled < pair.teacher:
        said = "the distilled student has a lower loss than its teacher"
    else:
        share = percent(pair.gain_kept) if pair.certain else "some"
        said = f"the distilled student keeps {share} of the teacher's gain"
    doubt = "" if pair.certain else "; too few to tell the teacher's lead from chance"
    return f"{pair.dataset}: {said} ({splits}, {n_test} test rows{doubt})."


def where_the_time_went(results: pd.DataFrame, seconds: float) -> str:
    """Return a line on the seconds of teachers, students and the rest."""
    rows = measured(results)
    own = rows.groupby("method")["fit_seconds_without_teacher"].sum()
    fitted = rows[rows["method"] == "teacher"]["fit_seconds"].sum() - own.get("teacher", 0.0)
    students = float(own.get("hard_student", 0.0) + own.get("distilled", 0.0))
    rest = max(seconds - fitted - students, 0.0)
    return (
        f"Time: {seconds:.0f} s, of which teachers {fitted:.0f} s, students (with making and "
        f"labelling new rows) {students:.0f} s, scoring and measuring {rest:.0f} s."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.quality.demo")
    parser.add_argument("--out", type=Path, default=Path("demo_output"), help="folder for files")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, warnings.catch_warnings():
        # Joblib retires idle workers between two teachers, and says so.
        warnings.filterwarnings("ignore", message="A worker stopped")
        results = run_demo(Path(work))
        for name in DATASETS:
            student = Path(work) / "students" / f"{name}.seed0.distilled.ekd"
            if student.is_file():
                shutil.copy(student, options.out / f"{name}.ekd")
    print("\n" + demo_table(results) + "\n")
    print("\n".join(findings(results)) + "\n")
    if measured(results).empty:
        return 1
    render_paired(results, options.out / "lead.png")
    print(f"Students:  {', '.join(str(options.out / f'{name}.ekd') for name in DATASETS)}")
    print(f"Picture:   {options.out / 'lead.png'}")
    print(where_the_time_went(results, time.perf_counter() - start))
    return 0 if results["skipped"].isna().all() else 1


if __name__ == "__main__":
    sys.exit(main())
