"""Teacher and student beside each other on rows that nothing was fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.metrics import Fidelity, measure_fidelity
from ensemble_kd.scoring import Scorer
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import teacher_response


@dataclass(frozen=True)
class OnTest:
    """What was measured on test rows.

    Parameters
    ----------
    n_rows : int
        These rows.
    quality : dict of str to dict
        Of "teacher" and "student": loss and what else the task reports; see `BaseTask.quality`.
    fidelity : Fidelity or None
        Student beside the final teacher; None without a teacher.
    """

    n_rows: int
    quality: dict[str, dict[str, float | None]]
    fidelity: Fidelity | None

    def __str__(self) -> str:
        """Return the numbers in a few lines of Markdown."""
        lines = [f"On {self.n_rows:,} test rows that nothing was fitted on:", ""]
        for who, scores in self.quality.items():
            told = [f"{key} {value:.4g}" for key, value in scores.items() if value is not None]
            lines.append(f"- {who}: {', '.join(told)}".replace("_", " "))
        if self.fidelity is not None:
            told = [f"root mean squared difference {self.fidelity.rmse:.4g}"]
            if self.fidelity.agreement is not None:
                told.append(f"same class named {self.fidelity.agreement:.2%}")
            lines.append(f"- student beside the final teacher: {', '.join(told)}")
        return "\n".join(lines)


def measure_on_test(
    estimator: Any,
    task: BaseTask,
    X: Any,
    hard: NDArray[Any],
    weight: NDArray[np.float64] | None,
) -> OnTest:
    """Measure a fitted estimator, and the teacher that was fitted on all rows given to `fit`.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
        Fitted.
    task : BaseTask
        What is predicted, with its classes.
    X : data frame or array of shape (n_samples, n_features)
        Rows that nothing was fitted on.
    hard : ndarray of shape (n_samples,)
        Index of their true class, or their true value.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row.

    Returns
    -------
    OnTest
    """
    student, fidelity, quality = Scorer(estimator.model_).respond(X), None, {}
    if estimator.teacher_ is not None:
        teacher = teacher_response(estimator.teacher_, X, task)
        quality["teacher"] = task.quality(teacher, hard, weight)
        fidelity = measure_fidelity(teacher, student, task, held_out=True, weight=weight)
    quality["student"] = task.quality(student, hard, weight)
    return OnTest(len(hard), quality, fidelity)
