"""How good a student is on rows that it has not seen, beside its teacher and plain training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.flow import PLAIN_EFFORTS
from ensemble_kd.metrics import GainKept, LossRows, RowScoring
from ensemble_kd.rows import RealRows, TransferSet
from ensemble_kd.students import MLPStudent, Student


@dataclass(frozen=True)
class Verdict:
    """How good a student is on rows that it has not seen; lower losses are better.

    Parameters
    ----------
    loss : float
        Half against the true target and half against the teacher's response, which tells the same
        with less noise: log-loss in nats, or root mean squared error; with a scoring, what is
        missing to the best score, or the cost of a row. Where the teacher is no better than plain
        training, the true target has all of it.
    true_loss : float
        Log-loss or error against the true target alone, whatever the scoring.
    gain_kept : float
        Share of the teacher's gain over plain training, by the true loss.
    no_worse : bool
        Whether the true loss, or the score, is no worse than that of plain training.
    gain_low, gain_high : float, default=nan
        Interval of 95 % of `gain_kept`; NaN where the rows tell no share.
    """

    loss: float
    true_loss: float
    gain_kept: float
    no_worse: bool
    gain_low: float = field(default=float("nan"), kw_only=True)
    gain_high: float = field(default=float("nan"), kw_only=True)

    @property
    def kept(self) -> GainKept:
        """The share of the gain with its interval."""
        return GainKept(self.gain_kept, self.gain_low, self.gain_high)


class Judge:
    """Judges responses to some real rows.

    Parameters
    ----------
    rows : RealRows
        With their true targets.
    soft : ndarray of shape (n_rows, n_outputs)
        The teacher's response to them.
    plain : sequence of Student
        Trained plainly; the best of them is what a gain is counted from.
    scoring : RowScoring or None, default=None
        A score that trials are compared by, in place of the loss.
    """

    def __init__(
        self,
        rows: RealRows,
        soft: NDArray[np.float64],
        plain: Sequence[Student],
        scoring: RowScoring | None = None,
    ) -> None:
        self._truth, self._soft, self._scoring = rows.truth, soft, scoring
        self._weight, self._task = rows.weights, rows.task
        group = rows.group_of(np.ones(len(rows), dtype=bool))
        self._losses = LossRows(rows.task, rows.truth, rows.weights, group)
        self.teacher_loss = self.true_loss(soft)
        self._plain = min((student.respond(rows.codes) for student in plain), key=self.true_loss)
        self.plain_loss = self.true_loss(self._plain)
        self._bars = [min(self._by_target(one.respond(rows.codes), self._truth) for one in plain),
                      self._by_target(soft, self._truth)]  # fmt: skip

    def true_loss(self, response: NDArray[np.float64]) -> float:
        """Return log-loss or root mean squared error against the true targets."""
        return self._task.score_of(self._mean(response, self._truth))

    def loss(self, response: NDArray[np.float64]) -> float:
        """Return the loss that trials are compared by; a teacher of no use has no say."""
        mean, (plain, teacher) = self._by_target(response, self._truth), self._bars
        if plain > teacher:
            mean = (mean + self._by_target(response, self._soft)) / 2
        return mean if self._scoring is not None else self._task.score_of(mean)

    def __call__(self, response: NDArray[np.float64]) -> Verdict:
        """Return the verdict on a response of shape (n_rows, n_outputs)."""
        found = self.true_loss(response)
        kept = self._losses.gain_kept(self._plain, response, self._soft)
        return Verdict(
            self.loss(response), found, kept.share,
            self._by_target(response, self._truth) <= self._bars[0],
            gain_low=kept.low, gain_high=kept.high,
        )  # fmt: skip

    def _by_target(self, response: NDArray[np.float64], target: NDArray[np.float64]) -> float:
        """Return the mean loss, or what is missing to the best score."""
        if self._scoring is None:
            return self._mean(response, target)
        shortfall = self._scoring.shortfall(target[:, 1], response[:, 1], self._weight[None])
        return float(shortfall[0])

    def _mean(self, response: NDArray[np.float64], target: NDArray[np.float64]) -> float:
        return self._task.mean_loss(response, target, self._weight)


def train_plainly(rows: TransferSet) -> list[Student]:
    """Return default networks trained on true targets, by several efforts.

    Parameters
    ----------
    rows : TransferSet
        Real rows with true targets.

    Returns
    -------
    list of Student
    """
    loss = rows.task.plain_loss()
    return [
        MLPStudent(random_state=0).with_effort(effort).fit_transfer(rows, loss)
        for effort in PLAIN_EFFORTS
    ]
