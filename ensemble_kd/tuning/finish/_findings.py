"""What a study has found: its students and their files, the front among them, as tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError, warn
from ensemble_kd.rows import RealRows
from ensemble_kd.scoring import load
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish._front import Candidate, as_table, candidates, front
from ensemble_kd.tuning.finish._timing import SecondTiming
from ensemble_kd.tuning.study import ERROR, quiet
from ensemble_kd.tuning.trial import Judge


@dataclass(frozen=True)
class Findings:
    """The trials of a study, read once.

    Parameters
    ----------
    study : optuna.study.Study
        A copy in memory.
    candidates : list of Candidate
        The trials that were measured.
    files : dict of int to bytes
        Their model files, by number.
    front : list of Candidate
        Those that no other one beats in loss, latency and bytes.
    """

    study: Any
    candidates: list[Candidate]
    files: dict[int, bytes]
    front: list[Candidate]

    def timed_again(self, timing: SecondTiming) -> Findings:
        """Return the same with other latencies, and the front by these."""
        found = timing(self.candidates)
        return replace(self, candidates=found, front=front(found, timing.budget.quantile))

    def front_table(self, budget: Budget, certified: RealRows, judge: Judge) -> pd.DataFrame:
        """Return the front, with what its students are worth on rows that no trial saw."""
        told = [judge(load(self.files[one.number]).respond(certified.X)) for one in self.front]
        return as_table(self.front, budget).assign(
            certified_loss=[verdict.true_loss for verdict in told],
            certified_gain_kept=[verdict.gain_kept for verdict in told],
            certified_gain_low=[verdict.gain_low for verdict in told],
            certified_gain_high=[verdict.gain_high for verdict in told],
            # On two sets of rows, so hardly by chance.
            worse_than_plain=[
                not (verdict.no_worse or one.measured.no_worse)
                for verdict, one in zip(told, self.front, strict=True)
            ],
        )


def read_findings(study: Any, finals: Any, folder: Path, quantile: str) -> Findings:
    """Read a study, and warn of trials that broke off.

    Parameters
    ----------
    study, finals : optuna.study.Study
        In their storage; the finals are counted on from the trials.
    folder : Path
        Of the model files.
    quantile : {"p50", "p99"}
        By what latency students are compared.

    Returns
    -------
    Findings

    Raises
    ------
    InputError
        If a file is absent, or not the one that was measured.
    """
    optuna = require("optuna", extra="tune")
    trials = [*study.get_trials(deepcopy=False), *finals.get_trials(deepcopy=False)]
    broken = [trial.user_attrs[ERROR] for trial in trials if ERROR in trial.user_attrs]
    if broken:
        warn(f"{len(broken)} of {len(trials)} trials broke off, the last: {broken[-1]}")
    with quiet():
        copy = optuna.create_study(directions=study.directions)
        copy.set_metric_names(study.metric_names)
        copy.add_trials(trials)
    found = candidates(copy)
    files = {one.number: _read(one, folder) for one in found}
    return Findings(copy, found, files, front(found, quantile))


def check_files(study: Any, folder: Path) -> None:
    """Refuse a study whose students are not here, before any is added.

    Parameters
    ----------
    study : optuna.study.Study
        In its storage.
    folder : Path
        Of the model files.

    Raises
    ------
    InputError
        As `read_findings`.
    """
    for one in candidates(study):
        _read(one, folder)


def _read(one: Candidate, folder: Path) -> bytes:
    path = folder / one.file
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != one.sha256:
        raise InputError(
            f"the student of trial {one.number} must be in {path}, which is absent or another "
            "file; give the workdir of the study, or begin a new one."
        )
    return data
