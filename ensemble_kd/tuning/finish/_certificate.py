"""The winner on rows that no trial saw: its costs, its quality, and how rosy the search was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ensemble_kd.metrics import GainKept, Latency, short_gain
from ensemble_kd.tuning.trial import Judge, Verdict


@dataclass(frozen=True)
class Certificate:
    """The chosen student, judged once on rows that had no part in the search.

    Parameters
    ----------
    n_rows : int
        These rows.
    loss, teacher_loss, plain_loss : float
        Log-loss in nats, or root mean squared error, on them: of the student, of the teacher that
        taught it, and of a default network trained plainly on the same rows.
    gain_kept : float
        Share of the teacher's gain over plain training; NaN where it gains nothing.
    validation_loss, validation_gain_kept : float
        The same on the validation rows, which chose the student among all others, as its final or
        its trial saw it: with a teacher of fewer rows.
    optimism : float
        How much better the student is over its teacher's loss there than here: positive where the
        validation rows flatter it.
    latency : Latency
        Of one row, in fresh processes.
    size_bytes : int
        Of the model file.
    gain_low, gain_high, validation_gain_low, validation_gain_high : float, default=nan
        Intervals of 95 % of both shares; NaN where the rows tell none.
    """

    n_rows: int
    loss: float
    teacher_loss: float
    plain_loss: float
    gain_kept: float
    validation_loss: float
    validation_gain_kept: float
    optimism: float
    latency: Latency
    size_bytes: int
    gain_low: float = field(default=float("nan"), kw_only=True)
    gain_high: float = field(default=float("nan"), kw_only=True)
    validation_gain_low: float = field(default=float("nan"), kw_only=True)
    validation_gain_high: float = field(default=float("nan"), kw_only=True)

    @property
    def kept(self) -> GainKept:
        """The share of the gain with its interval."""
        return GainKept(self.gain_kept, self.gain_low, self.gain_high)

    @property
    def is_worse_than_plain(self) -> bool:
        """Whether plain training was better, on these rows."""
        return self.loss > self.plain_loss

    def __str__(self) -> str:
        """Return the numbers in a few lines."""
        low, high = self.latency.p50_interval
        there = GainKept(
            self.validation_gain_kept, self.validation_gain_low, self.validation_gain_high
        )
        return (
            f"on {self.n_rows:,} rows that no trial saw: loss {self.loss:.5g} (teacher "
            f"{self.teacher_loss:.5g}, plain training {self.plain_loss:.5g})\n{self.kept}\n"
            f"on the validation rows that chose it: loss {self.validation_loss:.5g}, gain kept "
            f"{short_gain(there)}; optimism {self.optimism:+.2g}\n"
            f"one row takes {self.latency.p50_us:.2f} us ({low:.2f} to {high:.2f}), p99 "
            f"{self.latency.p99_us:.2f} us; the file {self.size_bytes:,} bytes"
        )


def certify(
    judge: Judge,
    response: Any,
    chosen: Verdict,
    trial_teacher_loss: float,
    latency: Latency,
    size_bytes: int,
) -> Certificate:
    """Return the certificate of a student that was `chosen` on the validation rows.

    The judge is of rows that no trial saw; the teacher's loss is that on the validation rows.
    """
    found = judge(response)
    there = chosen.true_loss - trial_teacher_loss
    here = found.true_loss - judge.teacher_loss
    return Certificate(
        len(np.asarray(response)), found.true_loss, judge.teacher_loss, judge.plain_loss,
        found.gain_kept, chosen.true_loss, chosen.gain_kept, here - there, latency, size_bytes,
        gain_low=found.gain_low, gain_high=found.gain_high,
        validation_gain_low=chosen.gain_low, validation_gain_high=chosen.gain_high,
    )  # fmt: skip
