"""A student that keeps the budget and is worse than plain training is not handed over silently."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ensemble_kd.tuning._budget import Budget, percent
from ensemble_kd.tuning._front import Candidate


def warn_of_useless(
    loss: float, gain_kept: float, found: Sequence[Candidate], budget: Budget
) -> None:
    """Warn of a student that is worse than plain training, and name one that is not.

    Parameters
    ----------
    loss, gain_kept : float
        Of the student, on rows that no trial saw.
    found : sequence of Candidate
        All that were tried.
    budget : Budget
        The limits that it keeps. Where a gain to keep is one of them, nothing is said.
    """
    if budget.min_gain_kept is not None:
        return
    useful = [one for one in found if one.measured.no_worse]
    remedy = "No student that was tried is any better: allow more bytes or microseconds"
    if useful:
        nearest = min(useful, key=lambda one: one.worst_excess(budget))
        costs = nearest.measured
        remedy = (
            f"The nearest that is no worse, trial {nearest.number}: {nearest.student}, "
            f"{nearest.compression}, takes {costs.latency.p50_us:.2f} us a row and "
            f"{costs.n_bytes:,} bytes: allow as much"
        )
    warnings.warn(
        f"the best student within {budget.describe()} is worse than a default network trained "
        f"plainly: on rows that no trial saw its loss is {loss:.5g}, and it keeps "
        f"{percent(gain_kept)} of the teacher's gain. {remedy}, or set min_gain_kept=0 to have "
        "such students refused.",
        UserWarning,
        stacklevel=4,
    )
