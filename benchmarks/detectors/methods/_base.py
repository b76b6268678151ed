"""The contract of a method: from training rows, and what was fitted on them, to scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable


class Method(ABC):
    """One way to score rows, low for abnormal ones.

    Attributes
    ----------
    name : str
        Name in results.
    label : str
        Words for tables.
    fit_seconds : float or None
        CPU seconds of all that it needs to be fitted, the detectors included; None where it is
        fitted as a part of these.
    """

    name: str
    label: str
    fit_seconds: float | None = None

    @abstractmethod
    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Learn from the training rows, or take what was fitted on them."""

    @abstractmethod
    def score(self, X: Any) -> Scores:
        """Return a score for each raw row."""

    def rows(self, X: Any) -> list[Any]:
        """Return rows one by one, as `score_one` takes them: frames of one row."""
        return [X.iloc[i : i + 1] for i in range(len(X))]

    @abstractmethod
    def score_one(self, row: Any) -> Any:
        """Score one row, the way the method would be served."""

    @abstractmethod
    def size_bytes(self) -> int:
        """Return the bytes of what scores."""
