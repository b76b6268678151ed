"""What came of a distillation: teacher and student on rows kept apart, as numbers and as text."""

from __future__ import annotations

from typing import Any

from ensemble_kd.cli._console import size_text, text_table
from ensemble_kd.cli._data import Data

Scores = dict[str, float | None]

TITLES = {
    "log_loss": "log-loss",
    "auc": "AUC",
    "average_precision": "AP",
    "accuracy": "accuracy",
    "calibration_error": "calibration error",
    "rmse": "RMSE",
    "r2": "R2",
}


def measure(estimator: Any, data: Data) -> dict[str, Any]:
    """Compare teacher and student on the rows that were kept apart.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
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
    quality: dict[str, Scores] | None = None
    fidelity = estimator.fidelity_
    if n_test:
        estimator.measure(data.X_test, task.targets(data.hard_test), data.weight_test)
        quality, fidelity = estimator.test_.quality, estimator.test_.fidelity
    return {
        "task": task.name,
        "classes": list(task.classes) if task.has_classes else None,
        "student": type(estimator.student_).__name__,
        "teacher": None if estimator.teacher_ is None else name_of(estimator.teacher_),
        "n_columns": data.X.shape[1],
        "n_rows": {
            "fit": len(data.y),
            "test": n_test,
            "unlabeled": 0 if data.X_unlabeled is None else len(data.X_unlabeled),
            "synthetic": int((estimator.transfer_set_.origin == SYNTHETIC).sum()),
        },
        "recipe": estimator.recipe_.to_dict("records"),
        "comparisons": [vars(found).copy() for found in estimator.gate_],
        "weighted": data.weight is not None,
        "quality": quality,
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
        f"{outcome['task']} of {outcome['target']!r}: {outcome['student']} from "
        f"{outcome['teacher'] or 'hard labels, without a teacher'}",
        f"learned from {', '.join(counts)}, {outcome['n_columns']} columns",
        _recipe_text(outcome["recipe"]),
        *(f"{Comparison(**found)}" for found in outcome["comparisons"]),
        "",
    ]
    if outcome["quality"] is not None:
        weighted = ", weighted" if outcome["weighted"] else ""
        lines += [
            f"on {rows['test']:,} rows kept apart{weighted}:",
            _quality_table(outcome["quality"]),
        ]
    if outcome["fidelity"] is not None:
        lines.append(_fidelity_text(outcome["fidelity"], outcome["fidelity_on"]))
    stages = {stage: seconds for stage, seconds in times.items() if stage != "members"}
    parts = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items())
    lines += [
        f"fit time: {sum(stages.values()):.1f} s ({parts})",
        *_members_text(times.get("members", {})),
        f"model: {outcome['model']} ({size_text(outcome['size_bytes'])})",
    ]
    return "\n".join(lines)


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


def _quality_table(quality: dict[str, Scores]) -> str:
    keys = list(quality["student"])
    table = text_table(
        ("", *(TITLES[key] for key in keys)),
        [
            (who, *("-" if (v := scores[key]) is None else f"{v:.4f}" for key in keys))
            for who, scores in quality.items()
        ],
    )
    return "\n".join(f"  {line}" for line in table.splitlines()) + "\n"


def _fidelity_text(fidelity: dict[str, Any], where: str) -> str:
    rows = f"{fidelity['n_rows']:,} {'test' if where == 'test' else 'real'} rows"
    text = f"fidelity on {rows}: root mean squared difference {fidelity['rmse']:.4g}"
    if fidelity["agreement"] is not None:
        text += f", same class on {fidelity['agreement']:.2%}"
    return text
