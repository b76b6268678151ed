"""The flow: rows apart -> labels -> trials -> finals -> front -> refit -> certificate."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from ensemble_kd.errors import BudgetError, warn
from ensemble_kd.flow import Stages, check_rows, n_synthetic_rows
from ensemble_kd.rows import check_seed, read_rows, warn_of_few_rows
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish import (
    Findings,
    Finish,
    Outcome,
    SecondTiming,
    affordable,
    as_table,
    candidates,
    check_files,
    choose,
    read_findings,
    status,
    warn_if_useless,
)
from ensemble_kd.tuning.study import Pool, StudyPlace, claim, enqueue, open_storage
from ensemble_kd.tuning.trial import (
    IN_EARNEST,
    Classroom,
    FileBytes,
    Meter,
    SearchSpace,
    TrialRunner,
    divide,
    starting_points,
)

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
    trials_table, front_table : DataFrame
        All students; the front, with losses on the certified rows.
    outcome : Outcome or BudgetError
        The student handed over, or why there is none.
    finish : Finish
        Refits another one of the front.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    findings: Findings
    trials_table: pd.DataFrame
    front_table: pd.DataFrame
    outcome: Outcome | BudgetError
    finish: Finish
    interrupted: bool


def search(
    asked: Any,
    budget: Budget,
    space: SearchSpace,
    folder: Path,
    X: Any,
    y: Any,
    sample_weight: Any,
    X_unlabeled: Any,
    groups: Any,
    time_of_rows: Any,
) -> SearchResult:
    """Label once, try students, and hand over the best one within the budget.

    A budget that no student keeps is not raised here, so that the front is not lost.

    Parameters
    ----------
    asked : DistillationSearch
        Its parameters, which were checked, say the rest.
    budget : Budget
        Limits on the student.
    space : SearchSpace
        What varies.
    folder : Path
        Of journal, cache and students.
    X, y, sample_weight, X_unlabeled, groups, time_of_rows
        As `fit` takes them.
    """
    stage, start, seed = Stages(), time.time(), check_seed(asked.random_state)
    trials_end, end = (None if asked.timeout is None else start + share * asked.timeout
                       for share in (TRIALS_SHARE, 1.0))  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    open_storage(asked.storage, folder)  # a wrong one is refused before a teacher is fitted
    memory = joblib.Memory(folder / "cache", verbose=0)
    settings = replace(asked.estimator.settings(), n_jobs=asked.n_jobs, verbose=asked.verbose)
    if asked.scoring is not None:
        settings = replace(settings, scoring=asked.scoring)
    everything = read_rows(
        X, y, sample_weight, asked.estimator.task, settings.cv, seed, groups=groups,
        time=time_of_rows, min_frequency=settings.min_frequency,
    )  # fmt: skip
    warn_of_few_rows(everything)
    check_rows(settings, everything)
    divided = divide(everything, asked.certify_share)  # certified | validation | held out | others
    n_train = int((~divided.rows.held_out).sum())
    n_synthetic = n_synthetic_rows(settings.n_synthetic, n_train, divided.rows.task.n_outputs)
    n_earnest = IN_EARNEST * n_synthetic if settings.is_open("n_synthetic") else n_synthetic

    with stage("labels"):  # of a teacher that has seen the others alone
        n_rows = min(TRIAL_ROWS, n_synthetic)
        classroom = Classroom(settings, divided, X_unlabeled, memory, n_rows=n_rows)
    sizes = FileBytes(classroom.rows, CARD_LINES)
    span = space.n_bytes or sizes.span(budget.max_bytes)
    facts = (classroom.key, budget, span, asked.effort, n_rows, space, asked.sampler,
             *filter(None, [settings.scoring]))  # fmt: skip
    name = f"tune-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"
    students, meter = folder / name, asked.meter or Meter()
    students.mkdir(exist_ok=True)
    runner = TrialRunner(
        classroom, space, sizes, span, budget, meter, asked.effort, asked.prune, students
    )
    place = StudyPlace(asked.storage, folder, name, asked.sampler)
    pool = Pool(asked.n_jobs, seed, asked.verbose, partial(status, budget=budget))
    first = starting_points(space, sizes, span, asked.estimator.chosen_recipe())
    study = place.open()
    if asked.storage is not None:
        claim(study, folder)
    check_files(study, students)
    if not study.get_trials(deepcopy=False):
        enqueue(study, runner.distinct(first))
    with stage("trials"):  # each: fit, compress, export, weigh, time, judge on validation rows
        interrupted = pool.run(runner, place, asked.n_trials, deadline=trials_end, title="tuning")

    timing = SecondTiming(meter, runner.timed_rows, students, budget)
    last = replace(place, name=f"{name}-finals-{IN_EARNEST}-{n_earnest}")
    with stage("finals"):  # the best of them, in earnest
        if asked.n_finalists and not interrupted:
            found = timing(candidates(study))
            interrupted = timing.interrupted
        if asked.n_finalists and not interrupted:
            best = runner.distinct([one.params for one in affordable(found, budget)])
            n_finals = enqueue(last.open(), best[: asked.n_finalists])
            interrupted = pool.run(
                runner.of_finals(n_earnest), last, n_finals, deadline=end, title="finals"
            )
    findings = read_findings(place.open(), last.open(), students, budget.quantile)
    if interrupted and not findings.candidates:
        raise KeyboardInterrupt
    if not interrupted:
        findings = findings.timed_again(timing)
        interrupted = timing.interrupted

    judge = classroom.judge_of(divided.certified)
    finish = Finish(
        runner, divided, judge, findings.files, settings, X_unlabeled, n_earnest, memory, stage,
    )  # fmt: skip
    outcome: Outcome | BudgetError
    with stage("refit"):  # of a teacher that has seen all but the certified rows
        try:
            if not findings.candidates and trials_end is not None and time.time() >= trials_end:
                raise BudgetError(_too_late(asked, stage.times["labels"], folder))
            ranked = choose(findings.candidates, budget, finals_first=True)
            outcome = finish.hand_over(ranked, budget, refit=asked.refit and not interrupted)
            interrupted |= outcome.interrupted
        except BudgetError as error:
            outcome = error
        else:
            told = outcome.certificate
            warn_if_useless(
                outcome.candidate, told.loss, told.kept, findings.candidates, budget,
                is_worse=told.is_worse_than_plain,
            )  # fmt: skip
    if interrupted:
        warn("the search was interrupted: the best student so far is kept as its trial made it.")
    return SearchResult(
        findings, as_table(findings.candidates, budget),
        findings.front_table(budget, divided.certified, judge), outcome, finish, interrupted,
    )  # fmt: skip


def _too_late(asked: Any, labels_s: float, folder: Path) -> str:
    """Return why a search that ran out of time has no student, and how to go on."""
    by = f"teacher and labels took {labels_s:.0f} s of it" if labels_s >= 1 else "trials took it"
    if asked.workdir is None:
        way = "give a workdir, which keeps the labels for a later fit, or a longer timeout"
    else:
        way = (
            f"the same search again goes on from the labels, which are kept in {str(folder)!r}; a "
            "longer timeout leaves time for trials at once"
        )
    return (
        f"timeout={asked.timeout:g} s ended before a trial was finished: {by}, and trials have "
        f"{TRIALS_SHARE:.0%} of it; {way}."
    )
