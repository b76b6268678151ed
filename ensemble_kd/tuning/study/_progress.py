"""What is shown while trials run: a bar, in words how the study stands, the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

from ensemble_kd.tuning.study._recovery import every
from ensemble_kd.tuning.study._work import tally

LOOK = 1.0


@contextmanager
def progress(
    study: Any, n_trials: int, deadline: float | None, title: str, status: Callable[[Any], str]
) -> Iterator[None]:
    """Show a bar that follows a study, whoever runs its trials.

    Parameters
    ----------
    study : optuna.study.Study
        Looked at each second, and a last time.
    n_trials : int
        Trials in all.
    deadline : float or None
        Time of `time.time` at which trials end.
    title : str
        Of the bar.
    status : callable
        Tells in words how a study stands.
    """
    with tqdm(total=n_trials, desc=title, unit="trial") as bar:

        def look() -> None:
            bar.n = min(tally(study).done, n_trials)
            told = status(study)
            if deadline is not None:
                told += f"; {max(0.0, deadline - time.time()):.0f} s left"
            bar.set_postfix_str(told)

        try:
            with every(LOOK, look):
                yield
        finally:
            look()
