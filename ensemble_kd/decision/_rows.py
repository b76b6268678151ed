"""Rows as a calibration or a policy takes them: outputs or scores, classes, weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision._cuts import Costs, Cuts, cuts_of
from ensemble_kd.decision.policies import Cost, Rule
from ensemble_kd.errors import InputError, shown
from ensemble_kd.model import CompactModel, given_labels
from ensemble_kd.runtime import respond
from ensemble_kd.schema import near_match, unmasked
from ensemble_kd.tasks import task_of


def class_indices(model: CompactModel, y: Any) -> NDArray[np.int64]:
    """Return the index of each row's class.

    Raises
    ------
    InputError
        If the model predicts values, or a label is none of its classes.
    """
    if model.is_multilabel:
        raise InputError(
            "a calibrator and a threshold are for one target, got several labels; distil a label "
            "by itself to calibrate it."
        )
    if not model.has_classes:
        raise InputError("a calibrator and a threshold are for classifiers, got a regression.")
    index = {label: k for k, label in enumerate(model.classes)}
    labels = given_labels(y).ravel().tolist()
    unknown = [label for label in labels if label not in index]
    if unknown:
        raise InputError(
            f"y must hold classes of the model, [{', '.join(map(shown, model.classes[:5]))}], "
            f"got {shown(unknown[0])}."
        )
    return np.array([index[label] for label in labels], dtype=np.int64)


def row_weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64]:
    """Return one weight a row, at least 0 and not all 0.

    Raises
    ------
    InputError
        If they are not such.
    """
    if sample_weight is None:
        return np.ones(n_rows)
    weight = unmasked(np.asanyarray(sample_weight, dtype=np.float64))
    if weight.shape != (n_rows,) or not (weight >= 0).all() or not 0 < weight.sum() < np.inf:
        raise InputError(
            f"sample_weight must have a number >= 0 for each of {n_rows} rows, not all 0, got the "
            f"shape {weight.shape}."
        )
    return weight


def check_rows(indices: NDArray[np.int64], weight: NDArray[np.float64], n_classes: int) -> None:
    """Refuse rows and labels of different numbers, or a class without rows of any weight."""
    if len(indices) != len(weight):
        raise InputError(f"X and y must have as many rows, got {len(weight)} and {len(indices)}.")
    present = np.unique(indices[weight > 0])
    if len(present) < n_classes:
        raise InputError(f"y must hold rows of all {n_classes} classes, got {len(present)}.")


@dataclass(frozen=True)
class DecidedRows:
    """Rows with the student's own score, by which a threshold is chosen.

    Parameters
    ----------
    X : data frame, array of shape (n_rows, n_features), or list of dict
        Raw rows.
    score : ndarray of shape (n_rows,), float64
        Probability of the second of two classes, or the score.
    low_is_alert : bool
        Whether alerts are what is below a threshold.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    is_positive : ndarray of shape (n_rows,), bool, or None
        What is true; None without labels.
    """

    X: Any
    score: NDArray[np.float64]
    low_is_alert: bool
    weight: NDArray[np.float64]
    is_positive: NDArray[np.bool_] | None

    def cuts(self, rule: Rule) -> Cuts:
        """Return where the scores may be cut, with what a rule asks for."""
        if rule.needs_labels and self.is_positive is None:
            raise InputError(f"the policy {rule.kind} needs y, what is true of each row.")
        costs = None
        if isinstance(rule, Cost):
            missed = rule.missed
            each = np.full(len(self.score), missed) if not isinstance(missed, str) else None
            costs = Costs(rule.false_alarm, self._amounts(str(missed)) if each is None else each)
        return cuts_of(
            self.score, low_is_alert=self.low_is_alert, weight=self.weight,
            is_positive=self.is_positive, costs=costs,
        )  # fmt: skip

    def alert_rate(self, threshold: float) -> float:
        """Return the share of the rows that a threshold makes alerts."""
        below = self.score < threshold
        return float(np.average(below if self.low_is_alert else ~below, weights=self.weight))

    def _amounts(self, column: str) -> NDArray[np.float64]:
        """Return a column of raw rows, of which the positive ones hold amounts."""
        try:
            if isinstance(self.X, list):
                values = [row.get(column) for row in self.X]
            else:
                values = self.X[column].tolist()
            amounts = np.array(values, dtype=np.float64)
        except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
            names = [str(name) for name in getattr(self.X, "columns", ())]
            raise InputError(
                f"the cost of a missed row must be a column of numbers, got {column!r}"
                f"{near_match(column, names) if column not in names else ''}."
            ) from error
        assert self.is_positive is not None
        wrong = self.is_positive & ~(np.isfinite(amounts) & (amounts >= 0))
        if wrong.any():
            raise InputError(
                f"{column!r} must be at least 0 in each positive row, got "
                f"{amounts[wrong][0]} in row {int(np.flatnonzero(wrong)[0])}."
            )
        return np.where(self.is_positive, amounts, 0.0)


def decided_rows(
    model: CompactModel,
    X: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    amount: str | None = None,
) -> DecidedRows:
    """Return rows with the model's scores, and what is true of them where that is known.

    Parameters
    ----------
    model : CompactModel
        Of two classes, or of outliers.
    X : data frame, array of shape (n_rows, n_features), or list of dict
        Raw rows.
    y : array of shape (n_rows,) or None, default=None
        True classes; of outliers 1 or true (or -1 beside 1) for what is abnormal. Both kinds.
    sample_weight : array of shape (n_rows,) or None, default=None
        Weight of each row.
    amount : str or None, default=None
        A key of dicts that the model need not take.

    Returns
    -------
    DecidedRows

    Raises
    ------
    InputError
        If they do not fit.
    """
    indices = None
    if y is not None and model.has_classes:
        indices = class_indices(model, y)
    elif y is not None:
        hard = task_of(model).hard_of(given_labels(y).ravel(), "y")
        if np.isnan(hard).any():
            raise InputError("y must say of each row whether it is abnormal, got missing ones.")
        indices = hard.astype(np.int64)
    known = X
    if isinstance(X, list) and amount is not None and amount not in model.schema.names:
        known = [{key: value for key, value in row.items() if key != amount} for row in X]
    score = respond(model, model.schema.encode(known))[:, -1]
    if not len(score):
        raise InputError("X must have a row, got none.")
    weight = row_weights(sample_weight, len(score))
    if indices is not None:
        check_rows(indices, weight, 2)
    kept = weight > 0
    return DecidedRows(
        _of(X, kept), score[kept], model.is_detector, weight[kept],
        None if indices is None else indices[kept] == 1,
    )  # fmt: skip


def _of(X: Any, kept: NDArray[np.bool_]) -> Any:
    """Return the rows that count."""
    if kept.all():
        return X
    return [row for row, k in zip(X, kept, strict=True) if k] if isinstance(X, list) else X[kept]
