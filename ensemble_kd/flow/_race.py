"""Choose a recipe on held-out real rows by successive halving, cheap rounds first."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tqdm.auto import tqdm

from ensemble_kd.flow._recipes import Recipe, candidate_recipes, plain_recipe
from ensemble_kd.flow.judging import Answer, Comparison, Judge
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import TransferSets
from ensemble_kd.log import logger
from ensemble_kd.students import Student

LOG = logger(__name__)

# Held-out rows below which a race would choose by chance.
MIN_ROWS_TO_RACE = 100
# Share of the student's own effort, and how many recipes it is spent on.
FIRST_EFFORT, SECOND_EFFORT = 0.025, 0.12
N_CONTENDERS = 2
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

    @property
    def doubts_teacher(self) -> bool:
        """Whether short fits say that the teacher has nothing to give."""
        return self.gate is not None and self.gate.rival_wins


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
    plain_answers: list[Answer] = []
    bar = tqdm(desc="race", disable=settings.verbose < 1, unit="fit")

    def short_fit(recipe: Recipe, effort: float, n_rows: int) -> Answer | None:
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

    def better(answers: dict[int, Answer | None], n_errors: float) -> list[int]:
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
