"""Choose a recipe on held-out real rows by successive halving, cheap rounds first."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ensemble_kd.flow._comparison import Comparison, Standard
from ensemble_kd.flow._recipes import Recipe, candidate_recipes, plain_recipe
from ensemble_kd.flow._settings import Settings
from ensemble_kd.flow.teaching import TransferSets
from ensemble_kd.log import logger
from ensemble_kd.metrics import RowScoring
from ensemble_kd.rows import RealRows, TransferSet
from ensemble_kd.students import Student

LOG = logger(__name__)

# Held-out rows below which a race would choose by chance.
MIN_ROWS_TO_RACE = 100
# Share of the student's own effort, and how many recipes it is spent on.
FIRST_EFFORT, SECOND_EFFORT = 0.025, 0.12
N_CONTENDERS = 2
# Resamples that tell how sure a lead by a score is.
N_RESAMPLES = 200
FIRST_ROWS, SECOND_ROWS = 10_000, 40_000
# A recipe goes on that is better than the default by so many standard errors of the paired
# difference, and takes its place in the end by so many more.
PROMISING, CLEARLY = 1.0, 2.5
DEFAULT = 0


@dataclass
class Race:
    """What came of a race.

    Parameters
    ----------
    recipe : Recipe
        The one to train with.
    table : list of dict
        A record for each short fit: the recipe, its effort, and its held-out losses.
    gate : Comparison or None
        The chosen recipe beside plain training, both briefly fitted, on the held-out rows.
    """

    recipe: Recipe
    table: list[dict[str, Any]] = field(default_factory=list)
    gate: Comparison | None = None


def run_race(student: Student, settings: Settings, sets: TransferSets, n_synthetic: int) -> Race:
    """Fit every recipe briefly, those that promise more than the default for longer, and choose.

    A recipe is judged by its loss on held-out rows, half against the true target and half against
    the teacher's out-of-fold response, which tells the same with less noise; one that departs from
    the teacher by design, by the true target alone, since it may be the very thing that is wrong.
    The default stays unless another is clearly better, by a multiple of the standard error of the
    paired difference. With `scoring` that score takes the place of the loss, its standard error
    found by drawing the held-out rows again; the teacher's probabilities then say of how much of a
    positive row each is.

    Parameters
    ----------
    student : Student
        Unfitted.
    settings : Settings
        What is not left to the race.
    sets : TransferSets
        Gives each recipe its rows, labelled by a teacher that has not seen the held-out ones; when
        its deadline has passed, no further fit is begun.
    n_synthetic : int
        Synthetic rows of the fit that follows; the race takes fewer.

    Returns
    -------
    Race
        A table too small to hold enough rows out takes the default, as do rows without a target,
        by which no recipe could be shown to be wrong.
    """
    rows, deadline = sets.rows, sets.deadline
    recipes = candidate_recipes(
        rows.task, student, settings, n_synthetic,
        has_splits=any(map(len, sets.splits)), has_numbers=not rows.schema.is_discrete.all(),
        frozen=sets.teaching.frozen, is_rare=rows.task.rare(rows.hard, rows.weight) is not None,
    )  # fmt: skip
    plain = plain_recipe(rows.task)
    if not rows.has_truth or rows.held_out.sum() < MIN_ROWS_TO_RACE:
        return Race(recipes[DEFAULT])
    judge = Judge(rows, sets.teaching.soft_real, settings.row_scoring)
    race = Race(recipes[DEFAULT])
    plain_answers: list[_Answer] = []
    bar = tqdm(desc="race", disable=settings.verbose < 1, unit="fit")

    def short_fit(recipe: Recipe, effort: float, n_rows: int) -> _Answer | None:
        if deadline is not None and time.monotonic() >= deadline:
            return None
        bar.set_postfix(recipe=recipe.name)
        start = time.perf_counter()
        transfer_set = sets.of(recipe, min(n_rows, n_synthetic))
        fitted = recipe.student(student.with_effort(effort))
        fitted.fit_transfer(transfer_set, recipe.loss, deadline=deadline)
        answer = judge(fitted, transfer_set)
        if recipe is plain:
            plain_answers.append(answer)
        race.table.append(
            {
                **recipe.describe(),
                "effort": effort,
                "held_out_loss": judge.mean(answer.truth),
                "loss_to_teacher": judge.mean(answer.soft),
                **judge.score(answer),
                "seconds": time.perf_counter() - start,
            }
        )
        LOG.info(
            "recipe %(recipe)s: held-out loss %(held_out_loss).5g in %(seconds).2f s",
            race.table[-1],
        )
        bar.update()
        return answer

    def better(answers: dict[int, _Answer | None], n_errors: float) -> list[int]:
        """Return those that beat the default by some standard errors, the best first."""
        lead = {}
        for i, found in answers.items():
            default = answers[DEFAULT]
            if i != DEFAULT and found is not None and default is not None:
                by_truth = recipes[i].departs_from(recipes[DEFAULT])
                lead[i] = judge.lead(found, default, by_truth=by_truth)
        return sorted((i for i in lead if lead[i] > n_errors), key=lead.__getitem__, reverse=True)

    first = {i: short_fit(r, FIRST_EFFORT, FIRST_ROWS) for i, r in enumerate(recipes)}
    short_fit(plain, FIRST_EFFORT, 0)
    finalists = [DEFAULT, *better(first, PROMISING)[:N_CONTENDERS]]
    second = {i: short_fit(recipes[i], SECOND_EFFORT, SECOND_ROWS) for i in finalists}
    chosen = next(iter(better(second, CLEARLY)), DEFAULT)
    race.recipe = recipes[chosen]
    short_fit(plain, SECOND_EFFORT, 0)
    bar.close()
    distilled = second[chosen]
    if distilled is not None and plain_answers:
        race.gate = judge.compare(distilled, min(plain_answers, key=judge.shortfall))
    return race


@dataclass(frozen=True)
class _Answer:
    """The response to each held-out row, its loss against the true target and the teacher's."""

    response: NDArray[np.float64]
    truth: NDArray[np.float64]
    soft: NDArray[np.float64]


class Judge:
    """Compare students on the held-out rows.

    Parameters
    ----------
    rows : RealRows
        With their true targets.
    soft_real : ndarray of shape (n_samples, n_outputs)
        The teacher's response to each of them, out of fold.
    scoring : RowScoring or None, default=None
        A score of all rows in place of the loss of each.
    """

    def __init__(
        self, rows: RealRows, soft_real: NDArray[np.float64], scoring: RowScoring | None = None
    ) -> None:
        self._standard = Standard(
            rows.task, rows.hard[rows.held_out], rows.weights[rows.held_out], rows.seed,
            rows.group_of(rows.held_out), scoring,
        )  # fmt: skip
        self._task, self._weight, self._scoring = rows.task, self._standard.weight, scoring
        self._truth, self._soft = rows.truth[rows.held_out], soft_real[rows.held_out]

    def __call__(self, student: Student, transfer_set: TransferSet) -> _Answer:
        """Return the answer of a student."""
        response = student.respond(transfer_set.X[transfer_set.held_out])
        truth, soft = (
            self._task.row_losses(response, target) for target in (self._truth, self._soft)
        )
        return _Answer(response, truth, soft)

    def lead(self, found: _Answer, default: _Answer, *, by_truth: bool) -> float:
        """Return by how many standard errors a recipe beats the default."""
        if self._scoring is not None:
            gain = self._gains(self._scoring, found, default, by_truth=by_truth)
            error = float(np.nanstd(gain[1:], ddof=1)) if np.isfinite(gain[1:]).sum() > 1 else 0.0
            return float(np.nan_to_num(gain[0])) / max(error, 1e-300)
        gain = default.truth - found.truth
        if not by_truth:
            gain = (gain + default.soft - found.soft) / 2
        spread = (gain - self.mean(gain)) * self._weight / self._weight.sum()
        group = self._standard.group
        if group is not None:  # whose rows say much the same
            spread = np.bincount(np.unique(group, return_inverse=True)[1], spread)
        n = len(spread)
        error = float(np.sqrt((spread**2).sum() * n / max(n - 1, 1)))
        return self.mean(gain) / max(error, 1e-300)

    def _gains(
        self, scoring: RowScoring, found: _Answer, default: _Answer, *, by_truth: bool
    ) -> NDArray[np.float64]:
        """Return by how much a recipe's score is better, then the same of each resample."""
        targets = [self._truth] if by_truth else [self._truth, self._soft]
        answers = [(t, one.response) for one in (default, found) for t in targets]
        short = self._standard.shortfalls(scoring, answers, N_RESAMPLES)
        n = len(targets)
        return np.asarray((short[:n] - short[n:]).mean(axis=0))

    def shortfall(self, answer: _Answer) -> float:
        """Return what students are ranked by, the lower the better, by the true targets."""
        if self._scoring is None:
            return self.mean(answer.truth)
        positive, score = self._truth[:, 1], answer.response[:, 1]
        return float(self._scoring.shortfall(positive, score, self._weight[None])[0])

    def score(self, answer: _Answer) -> dict[str, float]:
        """Return the score under its name; nothing where there is none."""
        if self._scoring is None:
            return {}
        return {self._scoring.name: self._scoring.value(self.shortfall(answer))}

    def compare(self, distilled: _Answer, plain: _Answer) -> Comparison:
        """Return the distilled student beside the plain one."""
        return self._standard.compare(
            "the distilled student", distilled.response, "the same student trained plainly",
            plain.response,
        )  # fmt: skip

    def beside(self, distilled: Student, plain: Student, rows: TransferSet) -> Comparison:
        """Return two fitted students beside each other."""
        return self.compare(self(distilled, rows), self(plain, rows))

    def mean(self, losses: NDArray[np.float64]) -> float:
        """Return the weighted mean."""
        return float(np.average(losses, weights=self._weight))
