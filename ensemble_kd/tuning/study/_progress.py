"""What is shown while trials run: a bar, in words how the study stands, the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tqdm.auto import tqdm

from ensemble_kd.tuning.study._work import tally

LOOK = 1.0


class Progress:
    """A bar that follows a study, whoever runs its trials.

    Parameters
    ----------
    study : optuna.study.Study
        Looked at each second.
    n_trials : int
        Trials in all.
    deadline : float or None
        Time of `time.time` at which trials end.
    title : str
        Of the bar.
    status : callable
        Tells in words how a study stands.
    shown : bool
        Whether there is a bar.
    """

    def __init__(
        self,
        study: Any,
        n_trials: int,
        deadline: float | None,
        title: str,
        status: Callable[[Any], str],
        shown: bool,
    ) -> None:
        self._study, self._deadline, self._status = study, deadline, status
        self._bar = tqdm(total=n_trials, desc=title, unit="trial", disable=not shown)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._shown = shown

    def __enter__(self) -> None:
        """Begin to look."""
        if self._shown:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Look a last time."""
        self._over.set()
        if self._shown:
            self._thread.join()
            self._look()
        self._bar.close()

    def _follow(self) -> None:
        while not self._over.wait(LOOK):
            self._look()

    def _look(self) -> None:
        self._bar.n = min(tally(self._study).done, self._bar.total)
        told = self._status(self._study)
        if self._deadline is not None:
            told += f"; {max(0.0, self._deadline - time.time()):.0f} s left"
        self._bar.set_postfix_str(told)
