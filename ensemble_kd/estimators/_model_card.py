"""What travels with a model: what it is, what it learned from, how close it came."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd.metrics import RankFidelity
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import ORIGINS, REAL, SYNTHETIC, UNLABELLED, table_digest
from ensemble_kd.runtime import percentile
from ensemble_kd.teachers import licence_note

# What a card tells of figures that calibration has made old.
KINDS = {True: "{} model", False: "outlier detector"}
BEFORE = "- The figures on test rows are of the student as it was before"


def model_card(estimator: Any) -> str:
    """Return the model card of a fitted estimator, as Markdown.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
        Fitted.

    Returns
    -------
    str
    """
    rows = estimator.transfer_set_
    counts = [f"{int((rows.origin == code).sum()):,} {name}" for code, name in enumerate(ORIGINS)]
    teacher = "none" if estimator.teacher_ is None else type(estimator.teacher_).__name__
    if estimator.teacher_ is None and estimator._recipe.needs_teacher:
        teacher = "logged scores of a model that was not at hand"
    note = licence_note(estimator.teacher) if estimator._recipe.needs_teacher else None
    lines = [
        f"# Distilled {KINDS[rows.task.is_supervised].format(estimator.model_.task)}",
        "",
        f"- Student: {type(estimator.student_).__name__}",
        f"- Teacher: {teacher}",
        *([] if note is None else [f"- Licence note of the teacher: {note}"]),
        f"- Columns: {len(rows.schema.columns)}",
        f"- Learned from: {', '.join(counts)} rows",
        *_recipe_lines(estimator.recipe_),
    ]
    if len(estimator.queries_):
        lines.append(f"- Queries of the teacher: {int(estimator.queries_['queries'].iloc[-1]):,}")
    lines += [f"- Lesson: {lesson}" for lesson in estimator._lessons]
    lines += [f"- On real rows, {found}" for found in estimator.gate_]
    if estimator._refitted:
        lines.append(
            "- Trained once more on all rows; gate and fidelity tell of the student before, which "
            "had not seen these rows"
        )
    if rows.task.has_probabilities:
        what = "Classes" if rows.task.has_classes else "Labels, of which a row may have any"
        lines.append(f"- {what}: {', '.join(str(label) for label in rows.task.classes[:20])}")
    if not rows.task.is_supervised:
        lines.append(
            f"- Outliers: rows that score below {estimator.offset_:.6g}, of those kept apart "
            f"{_share_below(estimator.model_):.2%}"
        )
    lines += ["", "## Fidelity", ""]
    if estimator.test_ is not None:
        lines += [estimator.test_.markdown(), ""]
    lines += _fidelity_lines(estimator.fidelity_, rows.task.agreement_name)
    if estimator._decision:
        lines += ["", *estimator._decision]
        if estimator._tested_before_decision:
            lines.append(BEFORE)
    return "\n".join([*lines, ""])


def training_facts(estimator: Any) -> dict[str, Any]:
    """Return what the manifest tells of the training: counts, a digest, fidelity.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
        Fitted.

    Returns
    -------
    dict
        Plain values.
    """
    rows = estimator.transfer_set_
    facts: dict[str, Any] = {
        "n_real": int((rows.origin == REAL).sum()),
        "n_unlabeled": int((rows.origin == UNLABELLED).sum()),
        "n_synthetic": int((rows.origin == SYNTHETIC).sum()),
        "data_sha256": table_digest(rows.X[rows.origin == REAL]),
        "recipe": estimator._recipe.describe(),
    }
    if estimator._expected_unseen:  # empty where no share is expected, and any is worth a warning
        facts["expected_unseen"] = {
            name: round(share, 4) for name, share in estimator._expected_unseen.items() if share
        }
    if len(estimator.queries_):
        facts["queries"] = int(estimator.queries_["queries"].iloc[-1])
    if estimator._lessons:
        facts["lessons"] = list(estimator._lessons)
    if len(estimator.compression_):
        facts["compression"] = estimator.compression_["step"].tolist()[1:]
    if estimator.fidelity_ is not None:
        facts["fidelity"] = _defined(vars(estimator.fidelity_))
    on_test = estimator.test_
    if on_test is not None:
        facts["test"] = {"n_rows": on_test.n_rows}
        facts["test"] |= {who: _defined(scores) for who, scores in on_test.quality.items()}
        if on_test.rare is not None:
            facts["test"]["rare"] = vars(on_test.rare).copy()
            facts["test"]["bounds"] = {
                who: {name: list(ends) for name, ends in bounds.items()}
                for who, bounds in on_test.bounds.items()
            }
        if on_test.fidelity is not None:
            facts["test"]["fidelity"] = _defined(vars(on_test.fidelity))
    if estimator._decision:
        facts["calibrated"] = {"after_test": estimator._tested_before_decision}
    return facts


def _defined(scores: dict[str, Any]) -> dict[str, Any]:
    """Return plain values without NaN, which JSON does not know."""
    return {key: value for key, value in scores.items() if value == value}


def _share_below(model: CompactModel) -> float:
    """Return the share of real rows that are outliers."""
    return float(percentile(model, np.array(model.threshold))) / 100


def _recipe_lines(table: Any) -> list[str]:
    chosen = table[table["chosen"]].iloc[-1]
    among = f", chosen among {table['recipe'].nunique()} by held-out rows" if len(table) > 1 else ""
    return [
        f"- Recipe: {chosen['recipe']}{among} (labels {chosen['labels']}, alpha "
        f"{chosen['alpha']:g}, {chosen['loss']}, synthetic rows by {chosen['synthesizer']})"
    ]


def _fidelity_lines(fidelity: Any, agreement_name: str) -> list[str]:
    if fidelity is None:
        return ["Trained on hard labels alone: there is no teacher to compare with."]
    is_ranked = isinstance(fidelity, RankFidelity)
    seen = (
        "that the student was not trained on, though they said when to stop, and that no score of "
        "the teacher counts as its own neighbour"
        if fidelity.held_out and is_ranked
        else "that neither the student nor the teacher of its rows was trained on, though they "
        "chose its recipe and said when to stop"
        if fidelity.held_out
        else "that the student was trained on"
    )
    lines = [
        f"Student beside teacher on {fidelity.n_rows:,} real rows {seen}; a frozen teacher may "
        "have seen them.",
        "",
        f"- Root mean squared difference: {fidelity.rmse:.4g}",
        f"- Correlation: {fidelity.correlation:.4f}",
    ]
    if is_ranked:
        lines.append(f"- {fidelity.ranks}")
    if fidelity.agreement is not None:
        lines.append(f"- {agreement_name.capitalize()}: {fidelity.agreement:.2%}")
        lines.append(f"- Mean divergence: {fidelity.divergence:.4g} nats")
    return lines
