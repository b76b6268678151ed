"""One trial: a student is fitted, exported, weighed, timed and judged."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.compress import compress
from ensemble_kd.log import logger
from ensemble_kd.metrics import Latency
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import TransferSet
from ensemble_kd.scoring import load
from ensemble_kd.students import Student, Watch
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.trial._classroom import Classroom
from ensemble_kd.tuning.trial._curve import LearningCurve
from ensemble_kd.tuning.trial._file import Meter, pack, timed_rows
from ensemble_kd.tuning.trial._judge import Verdict
from ensemble_kd.tuning.trial._sizes import FileBytes
from ensemble_kd.tuning.trial._space import SearchSpace, Setting

LOG = logger(__name__)

MEASURED = "measured"
FILE = "file"
FINAL = "final"
# Steps of finalists and of the refit, where 1 is what the flow takes, which must cost no more than
# its teacher did. Longer training helps as much as there are more synthetic rows to learn.
IN_EARNEST = 2
# The sampler is told latencies in steps of a quarter of an octave, so that noise alone seldom
# changes what it suggests next.
STEPS_A_OCTAVE = 4


@dataclass(frozen=True)
class Measured(Verdict):
    """What a trial's exported student costs, besides how good it is on the validation rows.

    Parameters
    ----------
    loss, true_loss, gain_kept : float
        See `Verdict`.
    no_worse : bool
        See `Verdict`.
    n_bytes : int
        Of the file.
    latency : Latency
        Of the loaded file.
    seconds : float
        That the trial took.
    gain_low, gain_high : float, default=nan
        See `Verdict`.
    """

    n_bytes: int
    latency: Latency
    seconds: float

    def excess(self, budget: Budget) -> dict[str, float]:
        """Return by how much it breaks each limit of any budget."""
        return budget.excess(self.latency, self.n_bytes, self.gain_kept, no_worse=self.no_worse)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; what is undefined is None."""
        return {name: None if value != value else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Measured:
        """Return the record that `to_dict` was made from."""
        told: dict[str, Any] = {k: math.nan if v is None else v for k, v in found.items()}
        return cls(**told | {"latency": Latency.from_dict(found["latency"])})


@dataclass(frozen=True)
class TrialRunner:
    """Runs the trials of one search, in any process.

    Parameters
    ----------
    classroom : Classroom
        What all trials share.
    space : SearchSpace
        What may vary.
    sizes : FileBytes
        Turns bytes into sizes.
    span : tuple of (int, int)
        Range of the bytes of a file.
    budget : Budget
        The limits.
    meter : Meter
        Times a model file.
    effort : float
        Steps of a network, where 1 is what the flow takes.
    prune : bool
        Whether poor trials are given up.
    folder : Path
        Where the files go.
    is_final : bool, default=False
        Whether these are the finals, which are trained in earnest.
    """

    classroom: Classroom
    space: SearchSpace
    sizes: FileBytes
    span: tuple[int, int]
    budget: Budget
    meter: Meter
    effort: float
    prune: bool
    folder: Path
    is_final: bool = False

    @property
    def timed_rows(self) -> list[dict[str, Any]]:
        """Rows that a student is timed on."""
        return timed_rows(self.classroom.rows)

    def of_finals(self, n_rows: int) -> TrialRunner:
        """Return what trains in earnest: more steps, on more synthetic rows, and to the end."""
        room = self.classroom.with_rows(n_rows)
        return replace(self, classroom=room, effort=IN_EARNEST, prune=False, is_final=True)

    def setting(self, trial: Any) -> Setting:
        """Return the setting of a trial, of full effort."""
        return self.space.suggest(trial, self.classroom.rows.task, self.sizes, self.span)

    def setting_of(self, params: dict[str, Any]) -> Setting:
        """Return the setting of parameters, of full effort."""
        return self.setting(require("optuna", extra="tune").trial.FixedTrial(params))

    def distinct(self, points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the points that differ in what they train, the first of equals."""
        made: dict[str, dict[str, Any]] = {}
        for point in points:
            made.setdefault(repr(self.setting_of(point)), point)
        return list(made.values())

    def __call__(self, study: Any, trial: Any) -> list[float]:
        """Fit and measure a student, note it in the trial, and return the objectives."""
        optuna = require("optuna", extra="tune")
        start = time.perf_counter()
        setting = self.setting(trial).with_effort(self.effort)
        for name, text in setting.describe().items():
            trial.set_user_attr(name, text)
        state, room = optuna.trial.TrialState, self.classroom
        others = study.get_trials(deepcopy=False, states=(state.COMPLETE, state.PRUNED))
        curve = LearningCurve(trial, room.judge, room.codes, others, prune=self.prune)
        rows = room.transfer_set(setting.recipe)
        _, model = fit_setting(setting, rows, room.rows.seed, watch=curve)
        kind = FINAL if self.is_final else "trial"
        path = self.folder / f"{kind}-{trial.number:05d}.ekd"
        data = pack(model, path, card_lines(setting))
        trial.set_user_attr(FINAL, self.is_final)
        trial.set_user_attr(FILE, [path.name, hashlib.sha256(data).hexdigest()])
        verdict = room.judge(load(data).respond(room.X_validation))
        latency = self.meter(str(path), self.timed_rows, self.budget)
        seconds = time.perf_counter() - start
        measured = Measured(**vars(verdict), n_bytes=len(data), latency=latency, seconds=seconds)
        trial.set_user_attr(MEASURED, measured.to_dict())
        LOG.info(
            "%s %d, %s: loss %.5g, %.3g us, %d bytes, in %.1f s", kind, trial.number,
            setting.describe()["student"], verdict.loss, latency.p50_us, len(data), seconds,
        )  # fmt: skip
        for name, value in measured.excess(self.budget).items():
            trial.set_constraint(name, value)
        return [verdict.loss, in_steps(latency.at(self.budget.quantile)), float(len(data))]


def fit_setting(
    setting: Setting, rows: TransferSet, seed: int, *, watch: Watch | None = None
) -> tuple[Student, CompactModel]:
    """Fit the student of a setting and compress it.

    Parameters
    ----------
    setting : Setting
        Of a trial.
    rows : TransferSet
        Real rows.
    seed : int
        Of whatever has no seed of its own.
    watch : callable or None, default=None
        As `Student.fit_transfer` takes it.

    Returns
    -------
    student : Student
        Before compression.
    model : CompactModel
        After it.
    """
    loss = setting.recipe.loss
    student = setting.recipe.student(setting.student).set_params(random_state=seed)
    student.fit_transfer(rows, loss, watch=watch)
    return student, compress(student.to_model(), setting.steps, rows, loss).model


def card_lines(setting: Setting) -> list[str]:
    """Return what the model card tells of a setting.

    Parameters
    ----------
    setting : Setting
        Of a trial.

    Returns
    -------
    list of str
    """
    told = setting.recipe.describe()
    shown = setting.describe()
    return [
        f"Student: {shown['student']}, {shown['compression']}",
        f"Taught by labels {told['labels']}, alpha {told['alpha']:.2f}, {told['loss']}",
        f"Synthetic rows: {told['synthesizer']}",
    ]


def in_steps(latency_us: float) -> float:
    """Return a latency on a grid of quarter octaves, rounded up."""
    octaves = STEPS_A_OCTAVE * math.log2(max(latency_us, 1e-3))
    return float(2.0 ** (math.ceil(octaves) / STEPS_A_OCTAVE))
