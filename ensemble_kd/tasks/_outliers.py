"""Outliers: no target; the response is a score, low for what is abnormal."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from ensemble_kd.errors import InputError, NotDistillableError, shown
from ensemble_kd.losses import DistillationLoss, SquaredErrorLoss
from ensemble_kd.model import Task
from ensemble_kd.tasks._base import Array, kind_of
from ensemble_kd.tasks._figures import RANKINGS
from ensemble_kd.tasks._values import Values, finite_values

# What a label that is there for a test may be, and which of its values is the abnormal one.
LABELS = ({0, 1}, {-1, 1})


class Outliers(Values):
    """How normal a row is. A student learns it from the teacher alone.

    Where there are labels, they serve a test: `hard` is then 1 for what is abnormal, 0 for all
    else. In training it is NaN throughout.
    """

    name: ClassVar[Task] = "outliers"
    is_supervised: ClassVar[bool] = False
    looks_beyond: ClassVar[bool] = True
    counts_file: ClassVar[bool] = True
    held_out_share: ClassVar[float] = 0.2  # which say where the offset lies, too
    answers_by: ClassVar[str] = "score_samples"

    def check_kind(self, values: NDArray[Any], name: str) -> None:
        """Refuse labels that do not say which rows are abnormal."""
        self.hard_of(values, name)

    def read_target(self, y: NDArray[Any]) -> tuple[Self, Array]:
        """Return the task, and 1 for each abnormal row."""
        return self, self.hard_of(y, "y")

    def hard_of(self, targets: NDArray[Any], name: str) -> Array:
        """Return 1 for each abnormal row and 0 for others, of labels for a test."""
        missing = np.asarray(pd.isna(targets), dtype=bool)
        labels = np.asarray(targets)[~missing]
        found = {label for label in labels.tolist() if isinstance(label, bool | int | float)}
        if len(found) < len(set(labels.tolist())) or not any(found <= both for both in LABELS):
            told = [label for label in labels.tolist() if label not in (-1, 0, 1)] or sorted(found)
            raise InputError(
                f"the label {name!r} must be 1 or true for what is abnormal and 0 or false for "
                f"all else, or -1 for what is abnormal and 1 for all else, got {shown(told[0])}."
            )
        hard = self.no_target(len(targets))
        hard[~missing] = labels.astype(np.float64) == (-1.0 if -1 in found else 1.0)
        return hard

    def targets(self, hard: NDArray[Any]) -> NDArray[Any]:
        """Return the labels."""
        return hard

    def loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return the squared error to the teacher's score: there is no truth."""
        return SquaredErrorLoss()

    def check_teacher(self, teacher: Any) -> None:
        """Refuse a classifier and a regressor."""
        kind = kind_of(teacher)
        if kind in ("classifier", "regressor"):
            raise NotDistillableError(
                f"teacher must be an outlier detector, got the {kind} {type(teacher).__name__}; "
                f"use Distilled{kind.title()} to distil it."
            )

    def ask(self, teacher: Any, X: Any, name: str | None = None) -> Array:
        """Return one finite score a row."""
        name = name or type(teacher).__name__
        return finite_values(teacher.score_samples(X), len(X), name, "give")

    def decide(self, response: Array) -> NDArray[Any]:
        """Return the score of each row; a model has the offset that says which are outliers."""
        return response[:, 0]

    def score(self, y: Any, answer: NDArray[Any], weight: Any) -> float:
        """Return the AUC."""
        abnormal = self.hard_of(np.asarray(y), "y")
        return float(roc_auc_score(abnormal, -answer, sample_weight=weight))

    def quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, float | None]:
        """Return AUC and average precision of what is abnormal; nothing without labels.

        They are None where all rows are of one kind.
        """
        if not self.has_target(hard).all():
            return {}
        both = len(np.unique(hard)) == 2
        return {
            name: float(score(hard == 1, -response[:, 0], sample_weight=weight)) if both else None
            for name, score in RANKINGS.items()
        }

    def describe_to_sklearn(self, tags: Any) -> None:
        """Say that it is an outlier detector."""
        tags.estimator_type = "outlier_detector"
