"""Run methods over data sets and seeds: ``python -m ensemble_kd.benchmarks.run --help``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from ensemble_kd.benchmarks._case import NOT_ASKED, Case, Source, TeacherFactory
from ensemble_kd.benchmarks.methods import METHODS
from ensemble_kd.datasets import read_card
from ensemble_kd.errors import InputError

# Binary, imbalanced, of many categories, of many classes; then regression.
DEFAULT_DATASETS = [
    *("adult", "bank_full", "magic", "phoneme", "spambase", "telco_churn"),
    *("ad_mammography", "give_me_some_credit", "amazon_access"),
    *("covtype", "letter", "optdigits", "satimage"),
    *("california_housing", "diamonds", "house_16H", "power_plant", "wine_quality"),
]
BUNDLED_DATASETS = ["breast_cancer", "digits", "diabetes"]
DEFAULT_MAX_TRAIN = 10_000


def run_benchmark(
    datasets: list[str] | None = None,
    methods: list[str] | None = None,
    seeds: int = 3,
    data_dir: str | None = None,
    out: Path = Path("bench_output"),
    max_train: int = DEFAULT_MAX_TRAIN,
    n_jobs: int | None = None,
    progress: bool = True,
    teacher_factory: TeacherFactory | None = None,
) -> pd.DataFrame:
    """Fit and measure every method on every data set and seed.

    Rows that an earlier run with the same code and settings left in `out` are taken from there, as
    are fitted teachers. A method that fails gives a row that says why.

    Parameters
    ----------
    datasets : list of str or None, default=None
        Names of data sets; None takes `DEFAULT_DATASETS` where a data folder is named, and else the
        small ones that come with scikit-learn.
    methods : list of str or None, default=None
        Names in `METHODS`; None takes all.
    seeds : int, default=3
        Number of seeds, at least 1: 0, 1, ...
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output"
        Folder for rows, teachers, students and the table of results.
    max_train : int, default=10000
        Most training rows of a data set; a random sample of them is kept.
    n_jobs : int or None, default=None
        Teacher fits at once.
    progress : bool, default=True
        A progress bar on stderr.
    teacher_factory : callable or None, default=None
        Gives the unfitted teacher of a task; None takes the default `TeacherEnsemble`.

    Returns
    -------
    DataFrame
        A row for each data set, seed and method; also written to `out` as ``results.parquet``.

    Raises
    ------
    InputError
        If a name is unknown or a number is out of range.
    """
    out = Path(out)
    datasets = _chosen_datasets(datasets, data_dir)
    methods = _chosen_methods(methods)
    if seeds < 1 or max_train < 1:
        raise InputError(f"seeds and max_train must be >= 1, got {seeds} and {max_train}.")
    records: list[dict[str, Any]] = []
    total = len(datasets) * seeds * len(methods)
    with tqdm(total=total, unit="fit", disable=not progress, file=sys.stderr) as bar:
        sources = [Source(name, data_dir) for name in datasets]
        for seed in range(seeds):  # outermost, so that a run cut short has every data set
            for source in sources:
                case = Case(source, seed, max_train, out, n_jobs, teacher_factory)
                for method in methods:
                    bar.set_description(f"{source.name}, seed {seed + 1}/{seeds}, {method}")
                    records.append(case.row(method))
                    bar.update()
    results = pd.DataFrame(records)
    out.mkdir(parents=True, exist_ok=True)
    results.to_parquet(out / "results.parquet")
    return results


def _chosen_datasets(names: list[str] | None, data_dir: str | None) -> list[str]:
    if names:
        for name in names:
            read_card(name)
        return list(dict.fromkeys(names))
    if data_dir is not None or os.environ.get("ENSEMBLE_KD_DATA"):
        return DEFAULT_DATASETS
    print(
        f"No data folder is named (data_dir or ENSEMBLE_KD_DATA), so the benchmark runs on the "
        f"small data sets that come with scikit-learn: {', '.join(BUNDLED_DATASETS)}.",
        file=sys.stderr,
    )
    return BUNDLED_DATASETS


def _chosen_methods(names: list[str] | None) -> list[str]:
    for name in names or []:
        if name not in METHODS:
            near = difflib.get_close_matches(str(name), METHODS, n=3)
            hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise InputError(f"method must be one of {', '.join(METHODS)}, got {name!r}. {hint}")
    return list(dict.fromkeys(names or METHODS))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.run", description="Benchmark students and teachers."
    )
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="default: 18 public sets")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument("--out", type=Path, default=Path("bench_output"), help="folder for results")
    parser.add_argument(
        "--max-train", type=int, default=DEFAULT_MAX_TRAIN,
        help="most training rows of a data set (default: 10000)",
    )  # fmt: skip
    parser.add_argument("--n-jobs", type=int, default=-1, help="fits at once (default: all cores)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--render", metavar="FILE", type=Path,
        help="run nothing: render rows kept in a Parquet file, to --out",
    )  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; results go to stdout and to the folder `--out`."""
    options = _parser().parse_args(arguments)
    if options.render is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        print(write_report(pd.read_parquet(options.render), options.out))
        return 0
    try:
        results = run_benchmark(
            options.datasets,
            options.methods,
            options.seeds,
            options.data_dir,
            options.out,
            options.max_train,
            options.n_jobs,
            not options.quiet,
        )
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(write_report(results, options.out))
    failed = results["skipped"].notna() & (results["skipped"] != NOT_ASKED)
    return int(failed.any())


def write_report(results: pd.DataFrame, out: Path) -> str:
    """Write results.md, results.png and, with enough to compare, ranks.png and short.md, which has
    the README's tables; return the Markdown.
    """
    from ensemble_kd.benchmarks._claims import check_claims
    from ensemble_kd.benchmarks._rank_picture import render_ranks
    from ensemble_kd.benchmarks._ranks import mean_ranks
    from ensemble_kd.benchmarks._short_tables import short_tables
    from ensemble_kd.benchmarks.render import render_markdown, render_picture

    text = render_markdown(results)
    (out / "results.md").write_text(text, encoding="utf-8")
    if results["skipped"].isna().any():
        render_picture(results, out / "results.png")
    ranks = mean_ranks(results)
    if ranks is not None:
        render_ranks(ranks, out / "ranks.png")
    if check_claims(results) and "best_member" in set(results["method"]):
        (out / "short.md").write_text(short_tables(results), encoding="utf-8")
    return text


if __name__ == "__main__":
    sys.exit(main())
