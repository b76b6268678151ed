"""What all methods of one table share: the detectors, fitted once, and the student taught by them.

They are kept on disk, so that a run cut short, or with other measurements, does not fit them again.
"""

from __future__ import annotations

import hashlib
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

import ensemble_kd
from ensemble_kd import DistilledOutlierDetector, Scorer
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.shared import cpu_clock
from ensemble_kd.rows import table_digest
from ensemble_kd.teachers.detectors import DetectorEnsemble, TableNumbers

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """The detectors of a table, and their student.

    Parameters
    ----------
    teacher : DetectorEnsemble
        Fitted on the training rows.
    student : Path
        The model file.
    stages : dict of str to float
        CPU seconds of each stage of the fit, over all threads; "teacher" is that of the detectors.
    """

    teacher: DetectorEnsemble
    student: Path
    stages: dict[str, float]
    _asked: dict[int, tuple[Any, Scores]] = field(default_factory=dict, init=False)

    @property
    def scorer(self) -> Scorer:
        """The student, loaded from its file."""
        return ensemble_kd.load(self.student)

    @property
    def numbers(self) -> TableNumbers:
        """What makes numbers of raw rows."""
        numbers = self.teacher.numbers_
        assert numbers is not None
        return numbers

    def detector_scores(self, X: Any) -> Scores:
        """Return the scores of each detector, shape (n_rows, n_detectors); rows are asked once."""
        if id(X) not in self._asked:
            self._asked[id(X)] = X, self.teacher.detector_scores(X)
        return self._asked[id(X)][1]


def fit_or_load(table: DetectorTable, folder: Path, code: str, **choices: Any) -> Fitted:
    """Return the detectors and the student of a table, fitted now or kept by an earlier run.

    Parameters
    ----------
    table : DetectorTable
        Training rows.
    folder : Path
        Where they are kept.
    code : str
        A digest of what a fit depends on.
    **choices
        Parameters of `DistilledOutlierDetector`; none are the defaults.

    Returns
    -------
    Fitted
    """
    causes = repr((table_digest(table.X_train), table.seed, choices, code))
    key = hashlib.sha256(causes.encode()).hexdigest()[:12]
    base = folder / f"{table.name}.seed{table.seed}.{key}"
    student, kept = base.with_name(base.name + ".ekd"), base.with_name(base.name + ".joblib")
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        detector = DistilledOutlierDetector(random_state=table.seed, **choices)
        with warnings.catch_warnings(), cpu_clock():
            warnings.simplefilter("ignore", UserWarning)  # of few rows
            start = time.process_time()
            detector.fit(table.X_train)
            total = time.process_time() - start
        stages = dict(detector.fit_times_)
        stages["other"] = total - sum(stages.values())
        detector.save(student)
        part = kept.with_name("." + kept.name)
        joblib.dump((detector.teacher_, stages), part, compress=1)
        part.replace(kept)
    teacher, stages = joblib.load(kept)
    return Fitted(teacher, student, stages)
