"""The flow: rows apart -> labels -> trials -> finals -> front -> refit -> certificate."""

from __future__ import annotations

import hashlib
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd.errors import BudgetError
from ensemble_kd.flow import Stages, n_synthetic_rows
from ensemble_kd.rows import read_rows
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._classroom import open_classroom
from ensemble_kd.tuning._favourite import favourite_first
from ensemble_kd.tuning._finals import distinct, enqueue, finalists
from ensemble_kd.tuning._findings import Findings, read_findings
from ensemble_kd.tuning._front import candidates, choose
from ensemble_kd.tuning._outcome import Finish, Outcome
from ensemble_kd.tuning._rows import divide
from ensemble_kd.tuning._second_timing import SecondTiming
from ensemble_kd.tuning._sizes import FileBytes
from ensemble_kd.tuning._space import EVEN, EVEN_WIDTHS, SearchSpace, starting_points
from ensemble_kd.tuning._storage import open_storage
from ensemble_kd.tuning._trial import IN_EARNEST, TrialRunner
from ensemble_kd.tuning._useless import warn_of_useless
from ensemble_kd.tuning._work import StudyPlace
from ensemble_kd.tuning._workers import run_trials

# Synthetic rows of a trial; finals and refit take all.
TRIAL_ROWS = 60_000
# Of the time that a search may take; the finals have the rest.
TRIALS_SHARE = 0.7
# Stands for the model card while sizes are reckoned.
CARD_LINES = ["-" * 70] * 4


@dataclass(frozen=True)
class SearchResult:
    """What came of a search.

    Parameters
    ----------
    findings : Findings
        Trials, front, files.
    front_table : DataFrame
        The front, with losses on the certified rows.
    outcome : Outcome or BudgetError
        The student handed over, or why there is none.
    finish : Finish
        Refits another one of the front.
    interrupted : bool
        Whether Ctrl-C ended it.
    is_certified : ndarray of shape (n_samples,), bool
        The rows that no trial saw.
    timed_rows : list of dict
        Rows that students are timed on.
    times : dict
        Seconds of "labels", "trials", "finals", "teacher" and "refit".
    """

    findings: Findings
    front_table: pd.DataFrame
    outcome: Outcome | BudgetError
    finish: Finish
    interrupted: bool
    is_certified: NDArray[np.bool_]
    timed_rows: list[dict[str, Any]]
    times: dict[str, float]


def search(
    X: Any,
    y: Any,
    sample_weight: Any,
    X_unlabeled: Any,
    *,
    estimator: Any,
    budget: Budget,
    space: SearchSpace,
    n_trials: int,
    n_finalists: int,
    timeout: float | None,
    effort: float,
    sampler: str,
    prune: bool,
    certify_share: float,
    refit: bool,
    storage: Any,
    folder: Path,
    meter: Any,
    n_jobs: int | None,
    verbose: int,
    seed: int,
) -> SearchResult:
    """Label once, try students, and hand over the best one within the budget.

    Parameters are those of `DistillationSearch`, which checks them, with its `workdir` as `folder`.
    A budget that no student keeps is not raised here, so that the front is not lost.
    """
    stage, start = Stages(), time.time()
    trials_end, end = (None if timeout is None else start + share * timeout
                       for share in (TRIALS_SHARE, 1.0))  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    open_storage(storage, folder)  # a wrong one is refused before a teacher is fitted
    memory = joblib.Memory(folder / "cache", verbose=0)
    settings = replace(estimator.settings(), n_jobs=n_jobs, verbose=verbose)
    everything = read_rows(X, y, sample_weight, estimator.task, settings.cv, seed)
    divided = divide(everything, certify_share)  # certified | validation | held out | the others
    n_train = int((~divided.rows.held_out).sum())
    n_synthetic = n_synthetic_rows(settings.n_synthetic, n_train, divided.rows.task.n_outputs)
    n_earnest = IN_EARNEST * n_synthetic if settings.is_open("n_synthetic") else n_synthetic

    with stage("labels"):  # of a teacher that has seen the others alone
        classroom = open_classroom(
            settings, divided, X_unlabeled, memory, n_rows=min(TRIAL_ROWS, n_synthetic)
        )
    sizes = FileBytes(classroom.rows, CARD_LINES)
    span = space.n_bytes or sizes.span(budget.max_bytes)
    name = study_name(classroom.key, classroom.n_rows, space, span, budget, effort, sampler)
    students = folder / name
    students.mkdir(exist_ok=True)
    runner = TrialRunner(classroom, space, sizes, span, budget, meter, effort, prune, students)
    place = StudyPlace(storage, folder, name, sampler)
    first = starting_points(space, sizes, span, getattr(estimator, "_recipe", None))
    study = place.open()
    if not study.get_trials(deepcopy=False):
        enqueue(study, distinct(first, runner.setting_of))
    with stage("trials"):  # each: fit, compress, export, weigh, time, judge on validation rows
        interrupted = run_trials(
            runner, place,
            n_trials=n_trials, deadline=trials_end, seed=seed, n_jobs=n_jobs, verbose=verbose,
        )  # fmt: skip
    timing = SecondTiming(meter, runner.timed_rows, students, budget)
    own = next((point for point in first if point["shape"] == EVEN), None)
    last = replace(place, name=f"{name}-finals-{IN_EARNEST}-{n_earnest}")
    with stage("finals"):  # the best, and the flow's own network, in earnest
        if n_finalists and not interrupted:
            found = timing(candidates(study))
            interrupted = timing.interrupted
        if n_finalists and not interrupted:
            chosen = finalists(found, budget, own, n_finalists, runner.setting_of)
            interrupted = run_trials(
                runner.of_finals(n_earnest), last, title="finals",
                n_trials=enqueue(last.open(), chosen), deadline=end, seed=seed, n_jobs=n_jobs,
                verbose=verbose,
            )  # fmt: skip
    findings = read_findings(place.open(), last.open(), students, budget.quantile)
    if interrupted and not findings.candidates:
        raise KeyboardInterrupt
    if not interrupted:
        findings = findings.timed_again(timing, budget.quantile)
        interrupted = timing.interrupted

    judge = classroom.judge_of(divided.certified)
    finish = Finish(
        runner, divided, judge, findings.files, settings, X_unlabeled, n_earnest, memory, stage,
    )  # fmt: skip
    outcome: Outcome | BudgetError
    with stage("refit"):  # of a teacher that has seen all but the certified rows
        try:
            ranked = choose(findings.candidates, budget, finals_first=True)
            ranked = favourite_first(ranked, findings.files, classroom, own)
            outcome = finish.hand_over(ranked, budget, refit=refit and not interrupted)
            interrupted |= outcome.interrupted
        except BudgetError as error:
            outcome = error
        else:
            told = outcome.certificate
            if told.is_worse_than_plain and not outcome.candidate.measured.no_worse:
                warn_of_useless(told.loss, told.gain_kept, findings.candidates, budget)
    if interrupted:
        warnings.warn(
            "the search was interrupted: the best student so far is kept as its trial made it.",
            UserWarning, stacklevel=3,
        )  # fmt: skip
    return SearchResult(
        findings, findings.front_table(divided.certified, judge), outcome, finish, interrupted,
        divided.is_certified, runner.timed_rows, stage.times,
    )  # fmt: skip


def study_name(
    key: str, n_rows: int, space: SearchSpace, span: tuple[int, int], budget: Budget,
    effort: float, sampler: str,
) -> str:  # fmt: skip
    """Return a name that tells rows, teacher, budget and space apart."""
    facts = (key, budget.limits(), span, effort, n_rows, space, EVEN_WIDTHS, sampler)
    return f"tune-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"
