"""From the chosen trial to what is handed over: refitted, weighed, timed afresh and certified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ensemble_kd.compress import compress
from ensemble_kd.flow import (
    Distillation,
    Settings,
    Stages,
    Teaching,
    TransferSets,
    all_rows,
    has_more_to_learn,
    held_out_fidelity,
    refitted,
)
from ensemble_kd.metrics import Latency
from ensemble_kd.scoring import Scorer, load
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish._certificate import Certificate, certify
from ensemble_kd.tuning.finish._front import Candidate
from ensemble_kd.tuning.finish._timing import first_that_keeps, keeps, time_data
from ensemble_kd.tuning.trial import (
    IN_EARNEST,
    DividedRows,
    Judge,
    Setting,
    TrialRunner,
    card_lines,
    digest,
    fit_setting,
    pack,
    teach_once,
    trained_plainly,
)

# Students of the trials that are timed in turn, the best first, until one keeps the budget.
MOST_TRIED = 4
# Of these are trained again before: where the first refit breaks the budget, a second one was 3 to
# 4 % better than the best student as its trial made it, on both of two tables.
MOST_REFITTED = 2


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
    interrupted : bool, default=False
        Whether Ctrl-C ended the refit.
    """

    candidate: Candidate
    data: bytes
    certificate: Certificate
    result: Distillation | None
    interrupted: bool = False

    @property
    def latency(self) -> Latency:
        """Of one row, in fresh processes."""
        return self.certificate.latency

    @property
    def size_bytes(self) -> int:
        """Of the model file."""
        return len(self.data)


@dataclass
class Finish:
    """What it takes to finish a search; what a refit takes is made when one is first asked for.

    Parameters
    ----------
    runner : TrialRunner
        Of the trials.
    divided : DividedRows
        All rows.
    trial_judge : Judge
        Of the certified rows, by the teacher of the trials.
    files : dict of int to bytes
        The model files of the trials, by number.
    settings : Settings
        Its teacher is fitted on all rows of the search when a student is first refitted.
    X_unlabeled : data frame, array or None
        Further real rows.
    n_synthetic : int
        Rows of the refit.
    memory : joblib.Memory
        Keeps what the teacher said, where its folder stays.
    stage : Stages
        Notes the time of "teacher".
    """

    runner: TrialRunner
    divided: DividedRows
    trial_judge: Judge
    files: Mapping[int, bytes]
    settings: Settings
    X_unlabeled: Any
    n_synthetic: int
    memory: Any
    stage: Stages

    def hand_over(self, ranked: Sequence[Candidate], budget: Budget, *, refit: bool) -> Outcome:
        """Return the first student that keeps the budget when measured again.

        Parameters
        ----------
        ranked : sequence of Candidate
            The best first; few are tried.
        budget : Budget
            The limits.
        refit : bool
            Whether the best are trained again first; if that breaks the budget for two of them, or
            Ctrl-C ends it, one is taken as its trial made it.

        Raises
        ------
        BudgetError
            If none does.
        """
        if not refit:
            return self._as_made(ranked, budget)
        try:
            for candidate in ranked[:MOST_REFITTED]:
                if keeps(budget, found := self.refitted(candidate)):
                    return found
        except KeyboardInterrupt:
            return replace(self._as_made(ranked, budget), interrupted=True)
        return self._as_made(ranked, budget)

    def _as_made(self, ranked: Sequence[Candidate], budget: Budget) -> Outcome:
        return first_that_keeps(map(self._as_it_is, ranked[:MOST_TRIED]), budget)

    def refitted(self, candidate: Candidate) -> Outcome:
        """Train a candidate again: all rows of the search, the whole teacher, in earnest.

        A first training finds for how long, and how faithful it is, on rows held out from it.
        """
        setting = self.runner.setting_of(candidate.params).with_effort(IN_EARNEST)
        rows, teaching, stage = self.divided.rows, self._teaching, Stages()
        with stage("labels"):
            transfer_set = self._sets.of(setting.recipe, self.n_synthetic)
        with stage("student"):
            student, model = fit_setting(setting, transfer_set, rows.seed)
        fidelity = held_out_fidelity(model, rows.as_transfer_set(teaching.soft_real))
        learns_more = self._learns_more(setting)
        if learns_more:
            every, ask = all_rows(
                rows, setting.recipe, teaching, self.X_unlabeled, self.n_synthetic, self.settings,
                stage,
            )  # fmt: skip
            ask = ask if student.asks else None  # it holds on to rows that were copied
            student = refitted(student, setting.recipe, every, ask, stage)
            model = compress(student.to_model(), setting.steps, every, setting.recipe.loss).model
        response = Scorer(model).respond(self.divided.certified.X)
        told = self._judge(response)
        line = f"On {len(response)} rows unseen: loss {told.true_loss:.5g}; {told.kept}"
        data = pack(model, None, [*card_lines(setting), line])
        result = Distillation(
            teaching.teacher, transfer_set, student, model, setting.recipe, [],
            [found for found in (teaching.member,) if found is not None],
            fidelity, stage.times, [], refitted=learns_more,
        )  # fmt: skip
        return Outcome(candidate, data, self._certify(candidate, data, self._judge), result)

    def _as_it_is(self, candidate: Candidate) -> Outcome:
        """Return the student of the trial itself."""
        data = self.files[candidate.number]
        return Outcome(candidate, data, self._certify(candidate, data, self.trial_judge), None)

    def _learns_more(self, setting: Setting) -> bool:
        """Tell whether rows held out from the first training may be learned by a second."""
        may = has_more_to_learn(self.divided.rows, self.settings, self._teaching)
        return may and not any(step.trains for step in setting.steps)

    @cached_property
    def _sets(self) -> TransferSets:
        """The transfer sets of all refits: rows are made and labelled once."""
        rows, n_jobs = self.divided.rows, self.settings.n_jobs
        teaching = self._teaching.without_held_out()
        return TransferSets(rows, self.X_unlabeled, Stages(), n_jobs, teaching)

    @cached_property
    def _teaching(self) -> Teaching:
        """Of a teacher fitted on all rows of the search."""
        with self.stage("teacher"):
            return teach_once(self.settings, self.divided.rows, self.memory)

    @cached_property
    def _judge(self) -> Judge:
        """Of the certified rows, by that teacher and plain students of all rows of the search."""
        rows, certified = self.divided.rows, self.divided.certified
        key = digest(rows, None, None)
        plain = trained_plainly(rows.as_transfer_set(rows.truth), self.memory, key)
        soft = self._teaching.label(certified.X, rows, self.settings.n_jobs)
        return Judge(certified, soft, plain, self.settings.row_scoring)

    def _certify(self, candidate: Candidate, data: bytes, judge: Judge) -> Certificate:
        response = load(data).respond(self.divided.certified.X)
        latency = time_data(data, self.runner.timed_rows, self.runner.meter)
        trial_loss = self.runner.classroom.judge.teacher_loss
        return certify(judge, response, candidate.measured, trial_loss, latency, len(data))
