"""What is shown while trials run: the best so far, how many keep the budget, the time left."""

from __future__ import annotations

import threading
import time
from typing import Any

from tqdm.auto import tqdm

from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._front import candidates
from ensemble_kd.tuning._work import tally

LOOK = 1.0


class Progress:
    """A bar that follows a study, whoever runs its trials.

    Parameters
    ----------
    study : optuna.study.Study
        Looked at each second.
    budget : Budget
        The limits.
    n_trials : int
        Trials in all.
    deadline : float or None
        Time of `time.time` at which trials end.
    shown : bool
        Whether there is a bar.
    title : str, default="tuning"
        Of the bar.
    """

    def __init__(
        self,
        study: Any,
        budget: Budget,
        n_trials: int,
        deadline: float | None,
        shown: bool,
        title: str = "tuning",
    ) -> None:
        self._study, self._budget, self._deadline = study, budget, deadline
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
        self._bar.set_postfix_str(status(self._study, self._budget, self._deadline))


def status(study: Any, budget: Budget, deadline: float | None) -> str:
    """Return the state of a study in a line.

    Parameters
    ----------
    study : optuna.study.Study
        Any.
    budget : Budget
        The limits.
    deadline : float or None
        Time of `time.time` at which trials end.
    """
    found = candidates(study)
    within = [one for one in found if one.meets(budget)]
    parts = [f"{len(within)}/{len(found)} in budget"]
    if within:
        best = min(within, key=lambda one: one.measured.loss).measured
        kept = "" if best.gain_kept != best.gain_kept else f", {best.gain_kept:.0%} kept"
        parts.append(
            f"best {best.loss:.4g}{kept}, {best.latency.p50_us:.1f} us, {best.n_bytes / 1e3:.0f} kB"
        )
    if deadline is not None:
        parts.append(f"{max(0.0, deadline - time.time()):.0f} s left")
    return "; ".join(parts)
