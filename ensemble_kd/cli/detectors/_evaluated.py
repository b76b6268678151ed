"""An outlier detector on rows of one's own: beside its teacher, and by labels."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ensemble_kd.cli._alert_figures import alert_figures, alert_text
from ensemble_kd.cli._console import Console
from ensemble_kd.cli._data import without
from ensemble_kd.cli._figures import fidelity_text, figure_table
from ensemble_kd.cli._policies import rate_facts
from ensemble_kd.cli._without_target import labels_for_a_test
from ensemble_kd.cli.teacher import fitted_teacher
from ensemble_kd.errors import InputError

if TYPE_CHECKING:
    from ensemble_kd.scoring import Scorer

# What would compare by a target, by the argument's name.
OF_TARGETS = {"target": "; --label names a column of labels", "plain": "", "weight": ""}


def evaluated_scores(
    args: argparse.Namespace, scorer: Scorer, frame: Any, console: Console
) -> dict[str, Any]:
    """Return the figures of a detector, and of its teacher where it is given, as plain values.

    Parameters
    ----------
    args : Namespace
        The command's options.
    scorer : Scorer
        The model.
    frame : DataFrame
        The rows.
    console : Console
        Told of rows that are left out.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If there is neither a label nor a teacher, or what was given is for other models.
    """
    from ensemble_kd.estimators import measure_on_test
    from ensemble_kd.tasks import task_of
    from ensemble_kd.teachers import check_distillable, teacher_response

    for name, hint in OF_TARGETS.items():
        if getattr(args, name) is not None:
            raise InputError(
                f"--{name} is for models that learn a target, but this one finds outliers{hint}."
            )
    if args.label is None and args.teacher is None:
        raise InputError(
            "an outlier detector is judged by --label, a column that says which rows are abnormal, "
            "by --teacher, or by both; give one."
        )
    task = task_of(scorer.model)
    hard = labels_for_a_test(frame, args.label, task, args.table)
    if args.label is not None and not task.has_target(hard).all():
        console.note(f"{(~task.has_target(hard)).sum():,} row(s) without {args.label!r} left out.")
        frame, hard = frame[task.has_target(hard)], hard[task.has_target(hard)]
    rows = without(frame, scorer.schema, args.label)
    responses = {"student": scorer.respond(rows)}
    if args.teacher is not None:
        teacher = fitted_teacher(args.teacher, console)
        check_distillable(teacher, task)
        X = rows[scorer.schema.names] if scorer.schema.named else rows.to_numpy()
        responses["teacher"] = teacher_response(teacher, X, task)
    found = measure_on_test(responses, task, hard)
    return {
        "n_rows": found.n_rows,
        "quality": found.quality,
        "fidelity": None if found.fidelity is None else vars(found.fidelity).copy(),
        "alerts": alert_figures(
            scorer.model, responses, hard == 1 if args.label is not None else None
        ),
        "threshold": scorer.offset_,
        "n_outliers": int((scorer.decide(responses["student"]) == -1).sum()),
        "alert_rate": rate_facts(scorer.model, scorer.decide(responses["student"]) == -1),
    }


def render_scores(outcome: Mapping[str, Any]) -> str:
    """Return the figures as text for people.

    Parameters
    ----------
    outcome : mapping
        As `evaluated_scores` returns it.

    Returns
    -------
    str
    """
    n_rows, n_below = outcome["n_rows"], outcome["n_outliers"]
    lines = [f"{outcome['task']} on {n_rows:,} rows of {outcome['table']}:"]
    if any(outcome["quality"].values()):
        lines += [figure_table(outcome["quality"], {}), ""]
    lines.append(
        f"{n_below:,} rows ({n_below / max(n_rows, 1):.2%}) score below {outcome['threshold']:.6g} "
        "and are outliers"
    )
    if outcome["alert_rate"]["promised"] is not None:
        lines.append(outcome["alert_rate"]["text"])
    if outcome["alerts"]:
        lines += [alert_text(outcome["alerts"]), ""]
    if outcome["fidelity"] is not None:
        lines.append(fidelity_text(outcome["fidelity"], "test"))
    else:
        lines.append("for more to compare with, give --teacher (see --help)")
    return "\n".join(lines)
