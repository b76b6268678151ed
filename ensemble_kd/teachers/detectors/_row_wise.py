"""Find out at fit whether a detector answers a row by itself, as a student will."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import NotDistillableError, cause, reason
from ensemble_kd.rows import take_rows
from ensemble_kd.teachers._given import name_of
from ensemble_kd.teachers.detectors._direction import (
    LARGEST_SCORE,
    last_step,
    scores_low_as_abnormal,
)

# Rows that are asked for alone, and those beside them.
N_ALONE, N_BESIDE = 6, 100
# Of the spread of its scores: what another order of sums may change.
TOLERANCE = 1e-6
OURS = ("ECOD", "COPOD", "HBOS")


class BatchDependentError(NotDistillableError):
    """A detector's answer for a row depends on other rows, on chance, or cannot be had alone."""


def check_row_wise(detector: Any, X: Any, scores: NDArray[np.float64], seed: int) -> None:
    """Refuse a detector that does not answer each row by itself, and the same each time.

    Parameters
    ----------
    detector : fitted detector
        It is asked for a few rows alone, in two batches, and in one of them twice.
    X : data frame or array of shape (n_samples, n_features)
        Training rows.
    scores : ndarray of shape (n_samples,)
        What it said of them all.
    seed : int
        Of the rows that are drawn.

    Raises
    ------
    BatchDependentError
        If an answer differs from another one, or there is none for a single row.
    """
    order = np.random.default_rng(seed).permutation(len(X))
    # Among rows like all others some detectors answer a constant: half of them are odd ones.
    odd = np.argsort(scores, kind="stable")[: N_ALONE // 2]
    order = np.concatenate([odd, order[~np.isin(order, odd)]])
    asked = order[: N_ALONE + N_BESIDE]
    few, beside = asked[:N_ALONE], asked[N_ALONE:]
    spread = float(np.subtract(*np.quantile(scores, [0.9, 0.1]))) or float(np.std(scores))

    def differ(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
        allowed = TOLERANCE * np.maximum(spread, np.maximum(np.abs(one), np.abs(other)))
        return bool((np.abs(one - other) > allowed).any())

    def ask(rows: NDArray[np.int64], where: str) -> NDArray[np.float64]:
        try:
            found = scores_low_as_abnormal(detector, take_rows(X, rows))
        except (MemoryError, Warning):
            raise
        except Exception as error:  # it may be anything of the user's own
            told = f"{type(error).__name__}: {reason(error)}"
            raise _refusal(detector, f"failed on {where} ({told})") from cause(error)
        if found.shape != (len(rows),) or np.isnan(found).any():
            raise _refusal(detector, f"gave no number for {where}")
        return np.clip(found, -LARGEST_SCORE, LARGEST_SCORE)

    batch = ask(asked, "a batch of training rows")
    if differ(batch, ask(asked, "a batch of training rows")):
        raise _refusal(detector, "scored the same rows differently when asked twice")
    alone = np.concatenate([ask(np.array([row]), "a single row") for row in few])
    if differ(alone, batch[: len(few)]):
        raise _refusal(detector, "scored a row otherwise alone than among others")
    half = beside[: len(beside) // 2]
    if len(half) and differ(alone, ask(np.append(few, half), "a batch")[: len(few)]):
        raise _refusal(detector, "scored a row otherwise among other rows")


def _refusal(detector: Any, what: str) -> BatchDependentError:
    name = name_of(last_step(detector))
    remedy = "leave it out, or give one that scores each row by itself"
    if name in OURS:
        remedy = f"take ensemble_kd.teachers.detectors.{name}(), whose distribution is frozen"
    return BatchDependentError(
        f"a detector must score each row by itself and always the same, as a student does, but "
        f"{name} {what}; {remedy}."
    )
