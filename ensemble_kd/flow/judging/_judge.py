"""Students judged on held-out real rows: by the true targets, by the teacher, or by a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.flow.judging._comparison import Comparison, Standard
from ensemble_kd.metrics import RowScoring
from ensemble_kd.rows import RealRows, TransferSet
from ensemble_kd.students import Student

# Resamples that tell how sure a lead by a score is.
N_RESAMPLES = 200


@dataclass(frozen=True)
class Answer:
    """What a student says of the held-out rows, and what it loses there.

    Parameters
    ----------
    response : ndarray of shape (n_held_out, n_outputs)
        To each row.
    truth, soft : ndarray of shape (n_held_out,)
        Loss of each row against the true target, and against the teacher's response.
    """

    response: NDArray[np.float64]
    truth: NDArray[np.float64]
    soft: NDArray[np.float64]


class Judge:
    """Compare students on the held-out rows.

    Parameters
    ----------
    rows : RealRows
        With their true targets.
    soft_real : ndarray of shape (n_samples, n_outputs)
        The teacher's response to each of them, out of fold; of a row without one the true target
        speaks for it.
    scoring : RowScoring or None, default=None
        A score of all rows in place of the loss of each.
    """

    def __init__(
        self, rows: RealRows, soft_real: NDArray[np.float64], scoring: RowScoring | None = None
    ) -> None:
        self._standard = Standard(
            rows.task, rows.hard[rows.held_out], rows.weights[rows.held_out], rows.seed,
            rows.group_of(rows.held_out), scoring,
        )  # fmt: skip
        self._task, self._weight, self._scoring = rows.task, self._standard.weight, scoring
        self._truth, soft = rows.truth[rows.held_out], soft_real[rows.held_out]
        self._soft = np.where(np.isnan(soft), self._truth, soft)

    def __call__(self, student: Student, transfer_set: TransferSet) -> Answer:
        """Return the answer of a student."""
        response = student.respond(transfer_set.X[transfer_set.held_out])
        truth, soft = (
            self._task.row_losses(response, target) for target in (self._truth, self._soft)
        )
        return Answer(response, truth, soft)

    def lead(self, found: Answer, default: Answer, *, by_truth: bool) -> float:
        """Return by how many standard errors a recipe beats the default."""
        if self._scoring is not None:
            gain = self._gains(self._scoring, found, default, by_truth=by_truth)
            error = float(np.nanstd(gain[1:], ddof=1)) if np.isfinite(gain[1:]).sum() > 1 else 0.0
            return float(np.nan_to_num(gain[0])) / max(error, 1e-300)
        gain = default.truth - found.truth
        if not by_truth:
            gain = (gain + default.soft - found.soft) / 2
        spread = (gain - self.mean(gain)) * self._weight / self._weight.sum()
        group = self._standard.group
        if group is not None:  # whose rows say much the same
            spread = np.bincount(np.unique(group, return_inverse=True)[1], spread)
        n = len(spread)
        error = float(np.sqrt((spread**2).sum() * n / max(n - 1, 1)))
        return self.mean(gain) / max(error, 1e-300)

    def _gains(
        self, scoring: RowScoring, found: Answer, default: Answer, *, by_truth: bool
    ) -> NDArray[np.float64]:
        """Return by how much a recipe's score is better, then the same of each resample."""
        targets = [self._truth] if by_truth else [self._truth, self._soft]
        answers = [(t, one.response) for one in (default, found) for t in targets]
        short = self._standard.shortfalls(scoring, answers, N_RESAMPLES)
        n = len(targets)
        return np.asarray((short[:n] - short[n:]).mean(axis=0))

    def shortfall(self, answer: Answer) -> float:
        """Return what students are ranked by, the lower the better, by the true targets."""
        if self._scoring is None:
            return self.mean(answer.truth)
        positive, score = self._truth[:, 1], answer.response[:, 1]
        return float(self._scoring.shortfall(positive, score, self._weight[None])[0])

    def score(self, answer: Answer) -> dict[str, float]:
        """Return the score under its name; nothing where there is none."""
        if self._scoring is None:
            return {}
        return {self._scoring.name: self._scoring.value(self.shortfall(answer))}

    def compare(self, distilled: Answer, plain: Answer) -> Comparison:
        """Return the distilled student beside the plain one."""
        return self._standard.compare(
            "the distilled student", distilled.response, "the same student trained plainly",
            plain.response,
        )  # fmt: skip

    def beside(self, distilled: Student, plain: Student, rows: TransferSet) -> Comparison:
        """Return two fitted students beside each other."""
        return self.compare(self(distilled, rows), self(plain, rows))

    def mean(self, losses: NDArray[np.float64]) -> float:
        """Return the weighted mean."""
        return float(np.average(losses, weights=self._weight))
