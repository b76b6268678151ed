"""Choose a recipe on held-out real rows by successive halving, cheap rounds first."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ensemble_kd._gate import true_losses
from ensemble_kd._real_rows import RealRows
from ensemble_kd._recipes import Recipe
from ensemble_kd._synthetic_rows import TransferSets
from ensemble_kd._transfer_set import TransferSet
from ensemble_kd.students import Student

# Held-out rows below which a race would choose by chance.
MIN_ROWS_TO_RACE = 100
# Share of the student's own effort, and how many recipes it is spent on.
FIRST_EFFORT, SECOND_EFFORT = 0.04, 0.12
N_FINALISTS = 3
FIRST_ROWS, SECOND_ROWS = 10_000, 40_000
# The default gives way to a recipe that is better by this many standard errors.
CLEARLY = 2.5


@dataclass
class Race:
    """What came of a race.

    Parameters
    ----------
    recipe : Recipe
        The one to train with.
    table : list of dict
        A record for each short fit: the recipe, its effort, and its held-out losses.
    plain : Student or None
        The best student that was trained plainly; None where none was.
    plain_losses : ndarray of shape (n_held_out,) or None
        Its loss on each held-out row, against the true targets.
    """

    recipe: Recipe
    table: list[dict[str, Any]] = field(default_factory=list)
    plain: Student | None = None
    plain_losses: NDArray[np.float64] | None = None


def run_race(
    recipes: list[Recipe],
    plain: Recipe,
    student: Student,
    sets: TransferSets,
    rows: RealRows,
    soft_real: NDArray[np.float64],
    *,
    n_synthetic: int,
    deadline: float | None,
    verbose: int,
) -> Race:
    """Fit every recipe briefly, the best few for longer, and choose one.

    A recipe is judged by its loss on held-out rows, half against the true target and half against
    the teacher's out-of-fold response, which tells the same with less noise. The default stays
    unless another is clearly better, by a multiple of the standard error of the paired difference.

    Parameters
    ----------
    recipes : list of Recipe
        The default first.
    plain : Recipe
        Training without a teacher, which is fitted beside them.
    student : Student
        Unfitted.
    sets : TransferSets
        Gives each recipe its rows.
    rows : RealRows
        Real rows.
    soft_real : ndarray of shape (n_samples, n_outputs)
        The teacher's out-of-fold response to them.
    n_synthetic : int
        Synthetic rows of the fit that follows; the race takes fewer.
    deadline : float or None
        Time of `time.monotonic` after which no further fit is begun.
    verbose : int
        A progress bar from 1 on.

    Returns
    -------
    Race
    """
    judge = _Judge(rows, soft_real)
    race = Race(recipes[0])
    bar = tqdm(desc="race", disable=verbose < 1, unit="fit")

    def short_fit(recipe: Recipe, effort: float, n_rows: int) -> NDArray[np.float64] | None:
        if deadline is not None and time.monotonic() >= deadline:
            return None
        bar.set_postfix(recipe=recipe.name)
        start = time.perf_counter()
        transfer_set = sets.of(recipe, min(n_rows, n_synthetic))
        fitted = recipe.student(student.shortened(effort))
        fitted.fit_transfer(transfer_set, recipe.loss, deadline=deadline)
        truth, both = judge(fitted, transfer_set)
        if recipe is plain and (race.plain is None or truth.mean() < _mean(race.plain_losses)):
            race.plain, race.plain_losses = fitted, truth
        race.table.append(
            {
                **recipe.describe(),
                "effort": effort,
                "held_out_loss": float(judge.mean(truth)),
                "score": float(judge.mean(both)),
                "seconds": time.perf_counter() - start,
            }
        )
        bar.update()
        return both

    first = {i: short_fit(r, FIRST_EFFORT, FIRST_ROWS) for i, r in enumerate(recipes)}
    short_fit(plain, FIRST_EFFORT, 0)
    in_order = sorted((i for i in first if first[i] is not None and i > 0),
                      key=lambda i: judge.mean(first[i]))  # fmt: skip
    second = {
        i: short_fit(recipes[i], SECOND_EFFORT, SECOND_ROWS)
        for i in [0, *in_order[: N_FINALISTS - 1]]
    }
    short_fit(plain, SECOND_EFFORT, 0)
    race.recipe = recipes[_choose(second, judge)]
    bar.close()
    return race


def _choose(scores: dict[int, NDArray[np.float64] | None], judge: _Judge) -> int:
    """Return the default (0), or the best of those that clearly beat it."""
    default = scores[0]
    better = {
        i: judge.mean(score)
        for i, score in scores.items()
        if i > 0 and score is not None and default is not None
        and judge.mean(default - score) > CLEARLY * judge.standard_error(default - score)
    }  # fmt: skip
    return min(better, key=better.__getitem__) if better else 0


def _mean(losses: NDArray[np.float64] | None) -> float:
    return np.inf if losses is None else float(losses.mean())


class _Judge:
    """Losses of a student on the held-out rows."""

    def __init__(self, rows: RealRows, soft_real: NDArray[np.float64]) -> None:
        self._held_out = rows.held_out
        self._is_classification = rows.classes is not None
        self._truth, self._soft = rows.truth[rows.held_out], soft_real[rows.held_out]
        weight = np.ones(len(rows.held_out)) if rows.weight is None else rows.weight
        self._weight = weight[rows.held_out]

    def __call__(
        self, student: Student, transfer_set: TransferSet
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the loss of each row against the truth, and its mean with that to the teacher."""
        response = student.respond(transfer_set.X[transfer_set.held_out])
        truth, soft = (
            true_losses(response, target, is_classification=self._is_classification)
            for target in (self._truth, self._soft)
        )
        return truth, (truth + soft) / 2

    def mean(self, losses: NDArray[np.float64] | None) -> float:
        """Return the weighted mean; infinite where there was no fit."""
        return np.inf if losses is None else float(np.average(losses, weights=self._weight))

    def standard_error(self, losses: NDArray[np.float64]) -> float:
        """Return the standard error of the weighted mean."""
        spread = (losses - self.mean(losses)) * self._weight / self._weight.mean()
        return float(spread.std(ddof=1) / np.sqrt(len(losses)))
