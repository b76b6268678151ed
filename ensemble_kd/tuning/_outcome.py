"""From the chosen trial to what is handed over: refitted, weighed, timed afresh and certified."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ensemble_kd._distill import Distillation, held_out_fidelity
from ensemble_kd._optional import require
from ensemble_kd._real_rows import RealRows
from ensemble_kd._scorer import Scorer, load
from ensemble_kd._stages import Stages
from ensemble_kd._synthetic_rows import TransferSets
from ensemble_kd._teaching import Teaching
from ensemble_kd.metrics import Latency
from ensemble_kd.tuning._artefact import pack, timed_rows
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._certificate import Certificate, certify
from ensemble_kd.tuning._classroom import Judge, Verdict
from ensemble_kd.tuning._fresh import latency_afresh
from ensemble_kd.tuning._front import Candidate
from ensemble_kd.tuning._space import Setting
from ensemble_kd.tuning._trial import TrialRunner, card_lines, fit_setting

# Candidates that are tried in turn, the best first, where one breaks the budget once refitted.
MOST_TRIED = 4


@dataclass(frozen=True)
class Outcome:
    """The student that a search hands over.

    Parameters
    ----------
    candidate : Candidate
        The trial it comes from.
    data : bytes
        Its model file.
    certificate : Certificate
        On rows that no trial saw.
    result : Distillation or None
        Of the refit; None where the student of the trial itself is handed over.
    """

    candidate: Candidate
    data: bytes
    certificate: Certificate
    result: Distillation | None


@dataclass(frozen=True)
class Finish:
    """What it takes to finish a search.

    Parameters
    ----------
    runner : TrialRunner
        Of the trials.
    teaching : Teaching
        Of a teacher fitted on all rows of the search.
    X_unlabeled : data frame, array or None
        Further real rows.
    n_synthetic : int
        Rows of the refit.
    certified : RealRows
        Rows that no trial saw.
    judge : Judge
        Of these.
    n_jobs : int or None
        Threads that label.
    """

    runner: TrialRunner
    teaching: Teaching
    X_unlabeled: Any
    n_synthetic: int
    certified: RealRows
    judge: Judge
    n_jobs: int | None

    def refit(self, candidate: Candidate) -> Outcome:
        """Train a candidate again: all rows of the search, the whole teacher, full effort."""
        setting = self._setting(candidate)
        rows, stage = self.runner.classroom.rows, Stages()
        sets = TransferSets(rows, self.teaching, self.X_unlabeled, stage, self.n_jobs)
        transfer_set = sets.of(setting.recipe, self.n_synthetic)
        with stage("student"):
            student, model = fit_setting(setting, transfer_set, rows.seed)
        response = Scorer(model).respond(self.certified.X)
        told = self.judge(response)
        kept = "" if told.gain_kept != told.gain_kept else f", {told.gain_kept:.0%} of the gain"
        line = f"On {len(response)} rows unseen: loss {told.true_loss:.5g}{kept}"
        data = pack(model, None, [*card_lines(setting), line])
        result = Distillation(
            self.teaching.teacher, transfer_set, student, model, setting.recipe, [],
            [found for found in (self.teaching.member,) if found is not None],
            held_out_fidelity(model, rows.as_transfer_set(self.teaching.soft_real)),
            stage.times, [],
        )  # fmt: skip
        return self._outcome(candidate, data, response, result)

    def as_it_is(self, candidate: Candidate, data: bytes) -> Outcome:
        """Return the student of the trial itself."""
        return self._outcome(candidate, data, load(data).respond(self.certified.X), None)

    def _outcome(
        self, candidate: Candidate, data: bytes, response: Any, result: Distillation | None
    ) -> Outcome:
        measured = candidate.measured
        chosen = Verdict(measured.loss, measured.true_loss, measured.gain_kept, True)
        certificate = certify(
            self.judge, response, chosen, self.runner.classroom.judge.teacher_loss,
            time_data(data, self.runner), len(data),
        )  # fmt: skip
        return Outcome(candidate, data, certificate, result)

    def _setting(self, candidate: Candidate) -> Setting:
        fixed = require("optuna", extra="tune").trial.FixedTrial(candidate.params)
        return self.runner.setting(fixed)


def time_data(data: bytes, runner: TrialRunner) -> Latency:
    """Return the latency of a model file in fresh processes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.ekd"
        path.write_bytes(data)
        return latency_afresh(str(path), timed_rows(runner.classroom.rows))


def keeps(budget: Budget, latency: Latency, n_bytes: int) -> bool:
    """Tell whether a file keeps a budget when measured again, with half the margin."""
    again = replace(budget, min_gain_kept=None, margin=budget.margin / 2)
    return all(v <= 0 for v in again.excess(latency, n_bytes, 1.0).values())
