"""Scores as they come."""

from __future__ import annotations

from typing import Self

from ensemble_kd.teachers.detectors.scales._base import Scale, Scores


class NoScale(Scale):
    """Leaves scores as they are: for detectors of one kind, or a single one."""

    def fit(self, scores: Scores) -> Self:
        """Learn nothing."""
        return self

    def transform(self, scores: Scores) -> Scores:
        """Return the scores."""
        return scores
