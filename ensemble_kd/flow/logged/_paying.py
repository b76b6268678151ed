"""Whether rows that a surrogate of the logged model labels are worth learning from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ensemble_kd.errors import warn
from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow._race import MIN_ROWS_TO_RACE, SECOND_ROWS
from ensemble_kd.flow._recipes import default_recipe
from ensemble_kd.flow.judging import Comparison, compare
from ensemble_kd.flow.logged._scored_rows import Scored
from ensemble_kd.flow.logged._surrogate import Surrogate
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import Teaching, TransferSets, has_label
from ensemble_kd.students import Student

# Share of the student's own effort that each of the two fits takes.
CHECK_EFFORT = 0.3
WITH, WITHOUT = (
    "the student with rows that a surrogate of the log labels",
    "the one of scored rows alone",
)


def stand_in_where_it_pays(
    scored: Scored,
    teaching: Teaching,
    student: Student,
    settings: Settings,
    n_new: int,
    stage: Stages,
    clock: Deadlines,
) -> tuple[TransferSets, int, Comparison | None]:
    """Return the rows to learn from: with a surrogate's only where that is clearly better.

    Two students are fitted briefly, one of them with new rows that a surrogate labels, and compared
    on held-out rows by how far each is from the log, and as far as there are true targets half by
    these, as in the race; neither they nor the surrogate saw those rows.
    Trees fitted to labels that trees or others gave may pass on what they do not know [1]_, so
    without certainty there are no new rows.

    Parameters
    ----------
    scored : Scored
        Rows and scores.
    teaching : Teaching
        As `teach_by_log` gives it.
    student : Student
        Unfitted.
    settings : Settings
        How many rows, and how they are made.
    n_new : int
        Synthetic rows that were asked for; with 0 and no unlabelled rows nothing is compared.
    stage : Stages
        Where the time is noted.
    clock : Deadlines
        When labels have to end.

    Returns
    -------
    sets : TransferSets
        Of which a recipe makes its rows.
    n_new : int
        Synthetic rows, 0 where they do not pay.
    comparison : Comparison or None
        The two students; None where there was nothing, or too little, to compare.

    References
    ----------
    .. [1] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression.
    """
    rows, more = scored.rows, scored.X_unlabeled
    alone = TransferSets(rows, None, stage, settings.n_jobs, teaching, clock.race)
    judged = rows.held_out & has_label(scored.response)
    if (n_new == 0 and more is None) or judged.sum() < MIN_ROWS_TO_RACE:
        return _without(alone, more, None)
    with stage("surrogate"):
        recipe = default_recipe(rows.task, settings, n_new)
        learned = ~rows.held_out & has_label(scored.response) & (rows.weights > 0)
        surrogate = Surrogate(
            rows, rows.as_transfer_set(scored.response).take(learned), recipe.loss, settings.n_jobs,
            clock.race, None if rows.dependence is None else rows.dependence.take(learned),
        )  # fmt: skip
        labelled = replace(teaching, labeller=surrogate, unseen=surrogate)
        sets = TransferSets(rows, more, stage, settings.n_jobs, labelled, clock.race)
        losses, is_known = [], rows.task.has_target(rows.hard)[judged]
        for own, n_rows in ((sets, min(n_new, SECOND_ROWS)), (alone, 0)):
            taught = own.of(replace(recipe, synthesizers=recipe.synthesizers[:n_rows]), n_rows)
            fitted = student.with_effort(CHECK_EFFORT)
            fitted.fit_transfer(taught, recipe.loss, deadline=clock.race)
            answer = fitted.respond(rows.codes[judged])
            by_log, by_truth = (
                rows.task.row_losses(answer, target[judged])
                for target in (scored.response, rows.truth)
            )
            losses.append(np.where(is_known, (by_log + by_truth) / 2, by_log))
    found = compare(
        WITH, losses[0], WITHOUT, losses[1], rows.weights[judged], rows.seed,
        group=rows.group_of(judged),
    )  # fmt: skip
    if found.probability >= found.certain:
        return sets, n_new, found
    return _without(alone, more, found)


def _without(
    sets: TransferSets, more: object, found: Comparison | None
) -> tuple[TransferSets, int, Comparison | None]:
    if more is not None:
        warn(
            "rows without a score and a target are left out: nothing can label them, as the model "
            "behind the log cannot be asked, and a surrogate of it is not shown to be of use."
        )
    return sets, 0, found
