"""What came of a distillation: teacher and student on rows kept apart, as numbers and as text."""

from __future__ import annotations

from typing import Any

from ensemble_kd.cli._console import size_text
from ensemble_kd.cli._data import Data
from ensemble_kd.cli._figures import fidelity_text, figure_table, rare_text


def measure(estimator: Any, data: Data) -> dict[str, Any]:
    """Compare teacher and student on the rows that were kept apart.

    Parameters
    ----------
    estimator : DistilledClassifier, DistilledRegressor or DistilledOutlierDetector
        Fitted.
    data : Data
        The rows.

    Returns
    -------
    dict
        Plain values. Without test rows there is no quality, and the fidelity is that of the fit.
    """
    from ensemble_kd.rows import SYNTHETIC
    from ensemble_kd.teachers import name_of

    task, n_test = data.task, len(data.hard_test)
    if n_test:
        known = task.has_target(data.hard_test).all()
        y = task.targets(data.hard_test) if known else None
        estimator.measure(data.X_test, y, data.weight_test, soft_labels=data.log_test)
    test = estimator.test_
    fidelity = estimator.fidelity_ if test is None else test.fidelity
    is_logged = estimator.teacher_ is None and estimator.chosen_recipe().needs_teacher
    return {
        "task": task.name,
        "classes": list(task.classes) if task.has_classes else None,
        "offset": getattr(estimator, "offset_", None),
        "student": type(estimator.student_).__name__,
        "teacher": "logged scores"
        if is_logged
        else None
        if estimator.teacher_ is None
        else name_of(estimator.teacher_),
        "n_columns": data.X.shape[1],
        "n_rows": {
            "fit": len(data.X),
            "test": n_test,
            "unlabeled": 0 if data.X_unlabeled is None else len(data.X_unlabeled),
            "synthetic": int((estimator.transfer_set_.origin == SYNTHETIC).sum()),
        },
        "recipe": estimator.recipe_.to_dict("records"),
        "comparisons": [vars(found).copy() for found in estimator.gate_],
        "weighted": data.weight is not None,
        "quality": None if test is None else test.quality,
        "bounds": None if test is None else test.bounds,
        "rare": None if test is None or test.rare is None else vars(test.rare).copy(),
        "fidelity": None if fidelity is None else vars(fidelity).copy(),
        "fidelity_on": None if fidelity is None else "test" if n_test else "fit",
        "fit_times_s": dict(estimator.fit_times_),
    }


def render(outcome: dict[str, Any]) -> str:
    """Return the outcome as text for people."""
    from ensemble_kd.flow import Comparison

    rows, times = outcome["n_rows"], outcome["fit_times_s"]
    counts = [f"{rows['fit']:,} rows"]
    counts += [f"{rows[kind]:,} {kind}" for kind in ("unlabeled", "synthetic") if rows[kind]]
    lines = [
        f"{_subject(outcome)}: {outcome['student']} from "
        f"{outcome['teacher'] or 'hard labels, without a teacher'}",
        f"learned from {', '.join(counts)}, {outcome['n_columns']} columns",
        _recipe_text(outcome["recipe"]),
        *(f"{Comparison(**found)}" for found in outcome["comparisons"]),
        "",
    ]
    if outcome["quality"] is not None and any(outcome["quality"].values()):
        weighted = ", weighted" if outcome["weighted"] else ""
        lines += [
            f"on {rows['test']:,} rows kept apart{weighted}:",
            figure_table(outcome["quality"], outcome["bounds"]),
            *rare_text(outcome["rare"]),
            "",
        ]
    if outcome["fidelity"] is not None:
        where = "test" if outcome["fidelity_on"] == "test" else "real"
        lines.append(fidelity_text(outcome["fidelity"], where))
    if outcome["offset"] is not None:
        lines.append(f"outliers: rows that score below {outcome['offset']:.6g}")
    stages = {stage: seconds for stage, seconds in times.items() if stage != "members"}
    parts = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items())
    lines += [
        f"fit time: {sum(stages.values()):.1f} s ({parts})",
        *_members_text(times.get("members", {})),
        f"model: {outcome['model']} ({size_text(outcome['size_bytes'])})",
    ]
    return "\n".join(lines)


def _subject(outcome: dict[str, Any]) -> str:
    target = outcome["target"]
    return outcome["task"] if target is None else f"{outcome['task']} of {target!r}"


def _members_text(members: dict[str, dict[str, float]]) -> list[str]:
    """Return what each member of a teacher took of a time limit, as one line or none."""
    told = [
        f"{name} {took['rows']:,} rows, {took['seconds']:.1f} s" if took["rows"] else f"{name} -"
        for name, took in members.items()
    ]
    return [f"teacher in time: {'; '.join(told)}"] if told else []


def _recipe_text(recipes: list[dict[str, Any]]) -> str:
    chosen = next((r["recipe"] for r in recipes if r["chosen"]), "default")
    n_raced = len({r["recipe"] for r in recipes})
    among = f", chosen among {n_raced} on held-out rows" if n_raced > 1 else ""
    return f"recipe: {chosen}{among}"
