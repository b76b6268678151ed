"""Models beside each other on rows that nothing was fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.metrics import Fidelity, GainKept, LossRows, RankFidelity, measure_fidelity
from ensemble_kd.tasks import BaseTask, Rare

Array = NDArray[np.float64]
Interval = tuple[float, float]

TEACHER, MEMBER, PLAIN, STUDENT = "teacher", "best_member", "plain", "student"
WHO = (TEACHER, MEMBER, PLAIN, STUDENT)
# That of scikit-learn's log_loss.
FLOOR = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, repr=False)
class OnTest:
    """What was measured on test rows.

    Parameters
    ----------
    n_rows : int
        These rows.
    quality : dict of str to dict
        Of "teacher", "best_member", "plain" and "student", as far as they were asked: loss and what
        else the task reports; see `BaseTask.quality`.
    fidelity : Fidelity or None
        Student beside the final teacher; None without a teacher.
    rare : Rare or None, default=None
        The second of two classes, where it is rare.
    bounds : dict of str to dict, default={}
        Of the same models: intervals of 95 % of the figures that rest on a rare class.
    above_student : dict of str to tuple of float, default={}
        By how much the loss of each other model is above the student's, on the same rows, and the
        interval of 95 % of that.
    kept : GainKept or None, default=None
        The share of the teacher's gain over plain training that the student keeps; None where one
        of the three was not asked.
    has_losses : bool, default=True
        Whether there is a loss to compare models by; outliers have none.
    agreement_name : str, default="same class named"
        What the agreement of the fidelity is the share of.
    """

    n_rows: int
    quality: dict[str, dict[str, float | None]]
    fidelity: Fidelity | None
    rare: Rare | None = None
    bounds: dict[str, dict[str, Interval]] = field(default_factory=dict)
    above_student: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    kept: GainKept | None = None
    has_losses: bool = True
    agreement_name: str = "same class named"

    @property
    def table(self) -> Any:
        """A data frame with a line for each model, and its figures, intervals among them."""
        from pandas import DataFrame

        lines = {}
        for who, scores in self.quality.items():
            line = lines[who] = dict(scores)
            for name, (low, high) in self.bounds.get(who, {}).items():
                line |= {f"{name}_low": low, f"{name}_high": high}
            if not self.has_losses:
                continue
            beside = self.above_student.get(who, (0.0, 0.0, 0.0))
            ends = ("above_student", "above_student_low", "above_student_high")
            line |= dict(zip(ends, beside, strict=True))
        return DataFrame.from_dict(lines, orient="index").astype(float)

    def markdown(self) -> str:
        """Return the numbers in a few lines, for the model card."""
        lines = [f"On {self.n_rows:,} test rows that nothing was fitted on:", ""]
        if self.rare is not None:
            lines.append(f"- {self.rare}")
        for who, scores in self.quality.items():
            bounds = self.bounds.get(who, {})
            if not scores:
                continue
            told = [
                f"{key} {value:.4g}" + (" ({:.2g} to {:.2g})".format(*bounds[key])
                                        if key in bounds else "")
                for key, value in scores.items() if value is not None
            ]  # fmt: skip
            lines.append(f"- {who}: {', '.join(told)}".replace("_", " "))
        if self.fidelity is not None:
            told = [f"root mean squared difference {self.fidelity.rmse:.4g}"]
            if isinstance(self.fidelity, RankFidelity):
                told.append(self.fidelity.ranks)
            if self.fidelity.agreement is not None:
                told.append(f"{self.agreement_name} {self.fidelity.agreement:.2%}")
            lines.append(f"- student beside the final teacher: {', '.join(told)}")
        if self.kept is not None:
            lines.append(f"- {self.kept}")
        return "\n".join(lines)

    def __str__(self) -> str:
        """Return the table, and what is to be said of it."""
        said = [str(told) for told in (self.rare, self.kept) if told is not None]
        if isinstance(self.fidelity, RankFidelity):
            said.append(f"student beside teacher: {self.fidelity.ranks}")
        table = [self.table.round(4).to_string()] if any(self.quality.values()) else []
        return "\n".join([f"on {self.n_rows:,} rows:", *table, *said])

    __repr__ = __str__


def measure_on_test(
    responses: Mapping[str, Array],
    task: BaseTask,
    hard: NDArray[Any],
    weight: Array | None = None,
) -> OnTest:
    """Measure the responses of several models to the same rows.

    Parameters
    ----------
    responses : mapping of str to ndarray of shape (n_rows, n_outputs)
        Of "student", and of any of "teacher", "best_member" and "plain".
    task : BaseTask
        What is predicted, with its classes.
    hard : ndarray of shape (n_rows,)
        Index of the true class of each row, or its true value; of outliers 1 for what is abnormal,
        or NaN where that is not known.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row, not 0 throughout.

    Returns
    -------
    OnTest
    """
    weights = np.ones(len(hard)) if weight is None else weight
    student, teacher, plain = (responses.get(who) for who in (STUDENT, TEACHER, PLAIN))
    assert student is not None
    fidelity = kept = None
    if teacher is not None:
        fidelity = measure_fidelity(teacher, student, task, held_out=True, weight=weight)
    above_student: dict[str, tuple[float, float, float]] = {}
    # Without targets there is no quality; of outliers their task says so itself.
    known = not task.is_supervised or bool(task.has_target(hard).all())
    has_losses = known and task.is_supervised
    if has_losses:
        losses = LossRows(task, task.truth(hard), weights, floor=FLOOR)
        above_student = {
            who: losses.excess(response, student)
            for who, response in responses.items()
            if who != STUDENT
        }
        if teacher is not None and plain is not None:
            kept = losses.gain_kept(plain, student, teacher)
    return OnTest(
        len(hard),
        {who: task.quality(responses[who], hard, weight) if known else {}
         for who in WHO if who in responses},
        fidelity,
        task.rare(hard, weight) if known else None,
        {who: found for who, response in responses.items()
         if known and (found := task.bounds(response, hard, weight))},
        above_student,
        kept,
        has_losses,
        task.agreement_name,
    )  # fmt: skip
