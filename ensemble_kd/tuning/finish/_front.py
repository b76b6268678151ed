"""The students of a study: which no other one beats in all respects, and which suits a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ensemble_kd._optional import require
from ensemble_kd.errors import BudgetError
from ensemble_kd.metrics import short_gain
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.trial import FILE, FINAL, MEASURED, Measured


@dataclass(frozen=True)
class Candidate:
    """A finished trial.

    Parameters
    ----------
    number : int
        Of the trial.
    params : dict
        Its parameters.
    student, compression : str
        In words.
    measured : Measured
        What it costs and how good it is, on validation rows.
    file, sha256 : str
        Name and digest of its model file.
    is_final : bool, default=False
        Whether it was trained in earnest.
    """

    number: int
    params: dict[str, Any]
    student: str
    compression: str
    measured: Measured
    file: str
    sha256: str
    is_final: bool = False

    def excess(self, budget: Budget) -> dict[str, float]:
        """Return by how much it breaks each limit of any budget."""
        return self.measured.excess(budget)

    def worst_excess(self, budget: Budget) -> float:
        """Return by how much it breaks the limit that it breaks most; 0 where it keeps all."""
        return max([*self.excess(budget).values(), 0.0])

    def meets(self, budget: Budget) -> bool:
        """Tell whether it keeps all limits."""
        return all(value <= 0 for value in self.excess(budget).values())

    def row(self, budget: Budget) -> dict[str, Any]:
        """Return a line of a table; what is feasible keeps the budget."""
        found = self.measured
        return {
            "trial": self.number,
            "loss": found.loss,
            "true_loss": found.true_loss,
            "gain_kept": found.gain_kept,
            "gain_low": found.gain_low,
            "gain_high": found.gain_high,
            "latency_p50_us": found.latency.p50_us,
            "latency_p50_high_us": found.latency.p50_interval[1],
            "latency_p99_us": found.latency.p99_us,
            "size_bytes": found.n_bytes,
            "feasible": self.meets(budget),
            "student": self.student,
            "compression": self.compression,
            "seconds": found.seconds,
            "final": self.is_final,
        }


def candidates(study: Any) -> list[Candidate]:
    """Return the trials of a study that were measured.

    Parameters
    ----------
    study : optuna.study.Study
        Of a search.

    Returns
    -------
    list of Candidate
    """
    complete = require("optuna", extra="tune").trial.TrialState.COMPLETE
    found = []
    for trial in study.get_trials(deepcopy=False, states=(complete,)):
        told = trial.user_attrs
        file, sha256 = told[FILE]
        found.append(
            Candidate(
                trial.number, dict(trial.params), told["student"], told["compression"],
                Measured.from_dict(told[MEASURED]), file, sha256, told[FINAL],
            )
        )  # fmt: skip
    return found


def front(found: Sequence[Candidate], quantile: str = "p50") -> list[Candidate]:
    """Return those that no other one beats in loss, latency and bytes, the best loss first."""
    points = [(_point(one, quantile), one) for one in found]
    kept = [
        one for point, one in points if not any(_dominates(other, point) for other, _ in points)
    ]
    return sorted(kept, key=lambda one: one.measured.loss)


def _point(one: Candidate, quantile: str) -> tuple[float, float, float]:
    found = one.measured
    return found.loss, found.latency.at(quantile), float(found.n_bytes)


def _dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


def as_table(found: Sequence[Candidate], budget: Budget) -> pd.DataFrame:
    """Return a line for each.

    Parameters
    ----------
    found : sequence of Candidate
        To choose from.
    budget : Budget
        The limits.

    Returns
    -------
    DataFrame
    """
    columns = None if found else ["trial", "loss", "latency_p50_us", "size_bytes", "feasible"]
    return pd.DataFrame([one.row(budget) for one in found], columns=columns)


def by_loss(one: Candidate) -> tuple[float, int]:
    """Return what ranks candidates: the loss, of equals the bytes."""
    return one.measured.loss, one.measured.n_bytes


def choose(
    found: Sequence[Candidate], budget: Budget, *, finals_first: bool = False
) -> list[Candidate]:
    """Return those within a budget, the best loss first; if so told, those of the finals before.

    What is worse than plain training on the validation rows comes after all that is not.

    Parameters
    ----------
    found : sequence of Candidate
        To choose from.
    budget : Budget
        The limits.
    finals_first : bool, default=False
        Whether those of the finals come before all others.

    Returns
    -------
    list of Candidate

    Raises
    ------
    BudgetError
        If there is none; the message names the nearest one, and a budget that it meets.
    """
    within = [one for one in found if one.meets(budget)]
    if not within:
        raise BudgetError(refusal(found, budget))

    def order(one: Candidate) -> tuple[bool, bool, float, int]:
        return not one.measured.no_worse, finals_first and not one.is_final, *by_loss(one)

    return sorted(within, key=order)


def affordable(found: Sequence[Candidate], budget: Budget) -> list[Candidate]:
    """Return those within latency and bytes, the best loss first.

    The gain to keep is not asked of a short training.

    Parameters
    ----------
    found : sequence of Candidate
        To choose from.
    budget : Budget
        The limits.

    Returns
    -------
    list of Candidate
    """
    return sorted((one for one in found if one.meets(budget.costs_alone())), key=by_loss)


def status(study: Any, budget: Budget) -> str:
    """Return in words how many students keep the budget so far, and the best of them.

    Parameters
    ----------
    study : optuna.study.Study
        Of a search.
    budget : Budget
        The limits.

    Returns
    -------
    str
    """
    found = candidates(study)
    within = [one for one in found if one.meets(budget)]
    told = f"{len(within)}/{len(found)} in budget"
    if within:
        best = min(within, key=by_loss).measured
        kept = f", {short_gain(best.kept)} of the gain kept" if best.kept.is_told else ""
        told += (
            f"; best {best.loss:.4g}{kept}, {best.latency.p50_us:.1f} us, "
            f"{best.n_bytes / 1e3:.0f} kB"
        )
    return told


def nearest(found: Sequence[Candidate], budget: Budget) -> Candidate:
    """Return the one whose worst excess is least.

    Parameters
    ----------
    found : sequence of Candidate
        To choose from.
    budget : Budget
        The limits.

    Returns
    -------
    Candidate
    """
    return min(found, key=lambda one: one.worst_excess(budget))


def refusal(found: Sequence[Candidate], budget: Budget) -> str:
    """Return why there is no student, and what the nearest one would need."""
    if not found:
        return f"no trial was finished, so no student meets {budget.describe()}; allow more time."
    one = nearest(found, budget)
    measured, broken = one.measured, [k for k, v in one.excess(budget).items() if v > 0]
    slowest = measured.latency.interval(budget.quantile)[1]
    needed = {
        "max_latency_us": f"{_up(slowest / (1 - budget.margin)):.2f}",
        "max_bytes": f"{measured.n_bytes}",
        "min_gain_kept": f"{measured.gain_kept - 0.005:.2f}",
    }  # fmt: skip
    ask = " and ".join(f"{name}={needed[name]}" for name in broken)
    return (
        f"none of {len(found)} students meets {budget.describe()}. The nearest, trial "
        f"{one.number}: {one.student}, {one.compression}, takes "
        f"{measured.latency.at(budget.quantile):.2f} us a row ({budget.quantile}) and "
        f"{measured.n_bytes:,} bytes; {measured.kept}; {ask} would let it pass."
    )


def _up(value: float) -> float:
    """Return a number rounded up to two decimals."""
    return math.ceil(100 * value) / 100
