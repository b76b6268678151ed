"""AutoGluon's own ensemble, its best single model, and its best distilled student (Fakoor 2020)."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from ensemble_kd.benchmarks.quality.methods._base import Shared, TaskData
from ensemble_kd.benchmarks.quality.methods._peer import Peer, write_raw_rows
from ensemble_kd.rows import table_digest

# What our own teacher and student take on the same core, about.
FIT_SECONDS, DISTILL_SECONDS = 90, 120


class AutoGluon(Peer):
    """Base: a subclass names the role of the models it chooses from.

    It fits and distils its own ensemble from the raw rows.
    """

    peer = "AutoGluon"
    worker = Path(__file__).with_name("_autogluon_worker.py")
    needs_teacher = False
    is_rival = True

    def causes(self, data: TaskData, shared: Shared) -> Hashable:
        """Return the rows and the time it has."""
        return table_digest(data.X_train, data.y_train), FIT_SECONDS, DISTILL_SECONDS

    def write_task(self, data: TaskData, shared: Shared, folder: Path) -> None:
        """Write the raw rows."""
        limits = {"fit_seconds": FIT_SECONDS, "distill_seconds": DISTILL_SECONDS}
        write_raw_rows(data, folder, kind=data.kind, **limits)

    def seconds(self, facts: dict[str, Any]) -> float:
        """Return what AutoGluon took, with its ensemble."""
        distilling = facts["distill_seconds"] if self.role == "student" else 0.0
        return float(facts["fit_seconds"] + distilling)


class AutoGluonTeacher(AutoGluon):
    """AutoGluon's weighted ensemble."""

    name, label, role = "autogluon_teacher", "AutoGluon ensemble", "teacher"


class AutoGluonPlain(AutoGluon):
    """The best of AutoGluon's plainly trained models, by the test rows."""

    name, label, role = "autogluon_plain", "AutoGluon, plain model", "plain"


class AutoGluonDistilled(AutoGluon):
    """The best of the students of AutoGluon's `distill`, by the test rows."""

    name, label, role = "autogluon_distilled", "AutoGluon, distilled", "student"
