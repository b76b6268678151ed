"""`tune` without a target: students of several sizes beside their teacher."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Mapping
from typing import Any

from ensemble_kd.cli._console import Console, size_text, tell, text_table
from ensemble_kd.cli._data import read_data
from ensemble_kd.cli._figures import fidelity_text
from ensemble_kd.cli._out import saving
from ensemble_kd.cli.teacher import read_teacher
from ensemble_kd.errors import InputError

# Options of a search that judges by a target, by the argument's name and its default.
OF_A_STUDY: dict[str, Any] = {
    "min_gain_kept": None,
    "finalists": 6,
    "effort": 0.35,
    "sampler": "tpe",
    "picture": None,
    "plots": None,
    "workdir": None,
    "storage": None,
}
SHOWN = {
    "student": "student", "compression": "compression", "rank_correlation": "rank correlation",
    "top_1_percent": "same 1 %", "top_5_percent": "same 5 %", "latency_us": "us",
    "size_bytes": "size",
}  # fmt: skip


def has_target(task: str) -> bool:
    """Tell whether a task has a target.

    Parameters
    ----------
    task : str
        Its name, or ``auto``.

    Returns
    -------
    bool
    """
    from ensemble_kd.tasks import task_named

    return task == "auto" or task_named(task).is_supervised


def run_for_outliers(args: argparse.Namespace, console: Console) -> int:
    """Try, write and measure students of a detector, and return the exit code.

    Parameters
    ----------
    args : Namespace
        The command's options.
    console : Console
        Told what is left out.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If an option is of a search that judges by a target.
    BudgetError
        If no student keeps the limits.
    """
    from ensemble_kd.estimators import DistilledOutlierDetector
    from ensemble_kd.tuning import Budget, try_sizes

    for name, default in OF_A_STUDY.items():
        if getattr(args, name) != default:
            raise InputError(
                f"--{name.replace('_', '-')} is for a search that judges by a target; outliers "
                "have none, and students of few sizes are tried."
            )
    data = read_data(args, console)
    teacher, _, data = read_teacher(args.teacher, data, console)
    budget = Budget(args.max_latency_us, args.max_bytes, quantile=args.latency)
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the result alone
        estimator = DistilledOutlierDetector(
            teacher, n_synthetic=args.n_synthetic, min_frequency=args.min_frequency,
            n_jobs=args.n_jobs, verbose=int(console.shows_progress), random_state=args.seed,
        )  # fmt: skip
        found = try_sizes(
            estimator, data.X, budget, students=args.students, n_trials=args.trials,
            timeout=args.timeout, certify_share=args.certify_share,
        )  # fmt: skip
        with saving():
            size_bytes = found.estimator.save(args.out)
    test = found.estimator.test_
    fidelity = found.estimator.fidelity_ if test is None else test.fidelity
    outcome = {
        "model": args.out,
        "task": data.task.name,
        "size_bytes": size_bytes,
        "offset": found.estimator.offset_,
        "students": found.table.to_dict("records"),
        "fidelity": vars(fidelity).copy(),
        "fidelity_on": "fit" if test is None else "test",
        "times_s": found.times,
    }
    tell(outcome, args.json, render)
    return 0


def render(outcome: Mapping[str, Any]) -> str:
    """Return the students, and what was written, as text for people."""
    students = outcome["students"]
    rows = [[_cell(line, key) for key in SHOWN] + ["*" * line["chosen"]] for line in students]
    times = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in outcome["times_s"].items())
    where = "unseen" if outcome["fidelity_on"] == "test" else "real"
    return "\n".join(
        [
            f"{outcome['task']}: the best of {len(students)} students, by held-out rows:",
            text_table([*SHOWN.values(), ""], rows),
            "",
            fidelity_text(outcome["fidelity"], where),
            f"outliers: rows that score below {outcome['offset']:.6g}",
            f"times: {times}",
            f"model: {outcome['model']} ({size_text(outcome['size_bytes'])})",
        ]
    )


def _cell(line: Mapping[str, Any], key: str) -> str:
    value = line[key]
    if key == "size_bytes":
        return size_text(int(value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
