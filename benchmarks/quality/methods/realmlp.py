"""RealMLP with its tuned defaults (Holzmüller 2024): the network to beat, where none is tuned."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from ensemble_kd.benchmarks.quality.methods._base import Shared, TaskData
from ensemble_kd.benchmarks.quality.methods._peer import Peer, write_raw_rows
from ensemble_kd.rows import table_digest


class RealMLP(Peer):
    """`pytabkit.RealMLP_TD_Classifier` and `RealMLP_TD_Regressor`, fitted on the raw rows.

    A fifth of the rows chooses the epoch, and it is fitted again on all of them up to there. For
    classes it is stopped by log-loss and smooths no labels, which its authors advise where log-loss
    counts. It takes no gap among numbers: the median of the training rows fills it.
    """

    name, label = "realmlp", "RealMLP, defaults"
    peer, role = "pytabkit", "plain"
    worker = Path(__file__).with_name("_realmlp_worker.py")
    needs_teacher = False
    is_rival = True

    def causes(self, data: TaskData, shared: Shared) -> Hashable:
        """Return the rows and the seed."""
        return table_digest(data.X_train, data.y_train), data.seed

    def write_task(self, data: TaskData, shared: Shared, folder: Path) -> None:
        """Write the raw rows."""
        write_raw_rows(data, folder, kind=data.kind, seed=data.seed)

    def seconds(self, facts: dict[str, Any]) -> float:
        """Return what both fits took."""
        return float(facts["fit_seconds"])
