"""Fidelity: the student's response beside the teacher's, on real rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.metrics._ranking import rank_correlation, top_overlap

if TYPE_CHECKING:
    from ensemble_kd.tasks import BaseTask


@dataclass(frozen=True)
class Fidelity:
    """How the student answers real rows, beside its teacher: means over rows by their weight.

    Parameters
    ----------
    n_rows : int
        Real rows that were compared, those of no weight apart.
    held_out : bool
        Whether the student was not trained on them; false on tables too small to hold rows out.
        `fidelity_` is of rows that said when its training stops, so it is a little rosy, and beside
        the teacher that has not seen them. That of `test_` is of rows that nothing has touched,
        beside the final teacher: it is the one to prove what was lost.
    rmse : float
        Root mean squared difference of the responses: of probabilities in [0, 1], or of values in
        the target's unit; of several outputs in the standard deviation of each.
    agreement : float or None
        Share of rows for which both name the same class, in [0, 1], or of labels to which both say
        the same; None of values.
    divergence : float or None
        Mean Kullback-Leibler divergence of student from teacher, in nats, of labels the mean over
        them; None of values.
    correlation : float
        Pearson correlation of the responses, over all outputs.
    """

    n_rows: int
    held_out: bool
    rmse: float
    agreement: float | None
    divergence: float | None
    correlation: float


@dataclass(frozen=True)
class RankFidelity(Fidelity):
    """How the student ranks real rows beside its teacher, from the most abnormal one on.

    Parameters
    ----------
    n_rows, held_out, rmse, agreement, divergence, correlation : int, bool, float or None
        As in `Fidelity`.
    rank_correlation : float or None, default=None
        Of Spearman, in [-1, 1]; None where one of the two says the same of each row.
    top_1_percent, top_5_percent : float or None, default=None
        Share of the student's most abnormal rows that are among the teacher's, in [0, 1]: of the
        first 1 % or 5 % of the rows, at least one.
    """

    rank_correlation: float | None = None
    top_1_percent: float | None = None
    top_5_percent: float | None = None

    @property
    def ranks(self) -> str:
        """What was found of the order of the rows, in words."""
        found = "-" if self.rank_correlation is None else f"{self.rank_correlation:.4f}"
        return (
            f"rank correlation {found}, of the most abnormal 1 % the same "
            f"{self.top_1_percent:.1%}, of 5 % {self.top_5_percent:.1%}"
        )


def measure_fidelity(
    teacher: NDArray[np.float64],
    student: NDArray[np.float64],
    task: BaseTask,
    *,
    held_out: bool,
    weight: NDArray[np.float64] | None = None,
) -> Fidelity:
    """Compare the responses of teacher and student to the same real rows.

    Parameters
    ----------
    teacher, student : ndarray of shape (n_rows, n_outputs)
        Probabilities or values.
    task : BaseTask
        What is predicted.
    held_out : bool
        Whether the student was not trained on the rows.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row, at least 0 and not 0 throughout; None weighs them alike.

    Returns
    -------
    Fidelity
        A `RankFidelity` where there is no target.
    """
    weight = np.ones(len(teacher)) if weight is None else weight
    teacher, student = task.in_one_unit(teacher, student)

    def mean(values: NDArray[np.float64]) -> float:
        return float(np.average(values.reshape(len(weight), -1).mean(axis=1), weights=weight))

    apart = [response - mean(response) for response in (teacher, student)]
    spreads = np.sqrt(mean(apart[0] ** 2)) * np.sqrt(mean(apart[1] ** 2))
    found = Fidelity(
        n_rows=int((weight > 0).sum()),
        held_out=held_out,
        rmse=float(np.sqrt(mean((teacher - student) ** 2))),
        agreement=task.agreement(teacher, student, weight),
        divergence=mean(task.divergence(teacher, student)) if task.has_probabilities else None,
        correlation=float(mean(apart[0] * apart[1]) / spreads) if spreads > 0 else float("nan"),
    )
    if task.is_supervised:
        return found
    counts = weight > 0
    scores = teacher[counts, 0], student[counts, 0]
    return RankFidelity(
        **vars(found),
        rank_correlation=rank_correlation(*scores),
        top_1_percent=top_overlap(*scores, 0.01),
        top_5_percent=top_overlap(*scores, 0.05),
    )


def gain_kept(hard: float, student: float, teacher: float) -> float:
    """Return the share of the teacher's gain over the plainly trained student that is kept.

    Parameters
    ----------
    hard, student, teacher : float
        Losses (lower is better) of the same student on hard labels, of the distilled student, and
        of the teacher.

    Returns
    -------
    float
        ``(hard - student) / (hard - teacher)``; NaN where the teacher gains nothing.

    Examples
    --------
    >>> gain_kept(hard=0.30, student=0.27, teacher=0.26)
    0.75
    """
    if not hard > teacher:
        return float("nan")
    return round((hard - student) / (hard - teacher), 12)
