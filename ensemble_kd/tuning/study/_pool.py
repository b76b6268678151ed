"""Who runs the trials of a study: this process, or several of joblib's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import joblib

from ensemble_kd.tuning.study._progress import progress
from ensemble_kd.tuning.study._storage import StudyPlace, quiet
from ensemble_kd.tuning.study._work import Runner, work


@dataclass(frozen=True)
class Pool:
    """The workers of a search.

    Parameters
    ----------
    n_jobs : int or None
        Trials at once.
    seed : int
        Of the sampler.
    verbose : int
        A progress bar from 1 on.
    status : callable
        Tells in words how a study stands, for the bar.
    """

    n_jobs: int | None
    seed: int
    verbose: int
    status: Callable[[Any], str]

    def run(
        self,
        runner: Runner,
        place: StudyPlace,
        n_trials: int,
        *,
        deadline: float | None,
        title: str,
    ) -> bool:
        """Run trials until the study has so many or no time is left.

        Parameters
        ----------
        runner : callable
            Runs one: takes study and trial, returns the objectives.
        place : StudyPlace
            The study.
        n_trials : int
            Trials that the study is to have, of all workers and of earlier runs.
        deadline : float or None
            Time of `time.time` after which no trial is begun.
        title : str
            Of the bar.

        Returns
        -------
        bool
            Whether Ctrl-C ended it.
        """
        n_workers = 1 if self.n_jobs is None else joblib.effective_n_jobs(self.n_jobs)
        bar: AbstractContextManager[None] = nullcontext()
        if self.verbose >= 1:
            bar = progress(place.open(), n_trials, deadline, title, self.status)
        try:
            with quiet(), bar:
                if n_workers > 1:
                    joblib.Parallel(n_jobs=n_workers)(
                        joblib.delayed(work)(runner, place, n_trials, deadline, self.seed, worker)
                        for worker in range(n_workers)
                    )
                # What is left where a worker died; with one worker, all of it.
                work(runner, place, n_trials, deadline, self.seed)
        except KeyboardInterrupt:
            return True
        return False
