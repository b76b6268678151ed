"""Who runs the trials of a study: this process, or several of joblib's."""

from __future__ import annotations

import joblib

from ensemble_kd.tuning._progress import Progress
from ensemble_kd.tuning._storage import quiet
from ensemble_kd.tuning._trial import TrialRunner
from ensemble_kd.tuning._work import StudyPlace, work


def run_trials(
    runner: TrialRunner,
    place: StudyPlace,
    *,
    n_trials: int,
    deadline: float | None,
    seed: int,
    n_jobs: int | None,
    verbose: int,
    title: str = "tuning",
) -> bool:
    """Run trials until the study has so many or no time is left.

    Parameters
    ----------
    runner : TrialRunner
        Runs one.
    place : StudyPlace
        The study.
    n_trials : int
        Trials that the study is to have, of all workers and of earlier runs.
    deadline : float or None
        Time of `time.time` after which no trial is begun.
    seed : int
        Of the sampler.
    n_jobs : int or None
        Trials at once.
    verbose : int
        A progress bar from 1 on.
    title : str, default="tuning"
        Of the bar.

    Returns
    -------
    bool
        Whether Ctrl-C ended it.
    """
    study = place.open()
    n_workers = 1 if n_jobs is None else joblib.effective_n_jobs(n_jobs)
    try:
        with quiet(), Progress(study, runner.budget, n_trials, deadline, verbose >= 1, title):
            if n_workers > 1:
                joblib.Parallel(n_jobs=n_workers)(
                    joblib.delayed(work)(runner, place, n_trials, deadline, seed, worker)
                    for worker in range(n_workers)
                )
            # What is left where a worker died; with one worker, all of it.
            work(runner, place, n_trials, deadline, seed)
    except KeyboardInterrupt:
        return True
    return False
