"""The figures of rare events as scorers of scikit-learn, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import make_scorer

from ensemble_kd.errors import InputError
from ensemble_kd.metrics._rare_events import (
    average_precision,
    expected_cost,
    precision_at,
    recall_at_fpr,
)
from ensemble_kd.metrics._tail import tail_calibration_error

NUMBER = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"
# By the form of a name: the figure, what its numbers are, and whether it takes decisions.
FORMS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "average_precision": (average_precision, ()),
    "recall_at_fpr_RATE": (recall_at_fpr, ("fpr",)),
    "precision_at_K": (precision_at, ("k",)),
    "neg_tail_calibration_error_SHARE": (tail_calibration_error, ("share",)),
    "neg_expected_cost_FALSE_ALARM_MISSED": (expected_cost, ("false_alarm", "missed")),
}


def scorer(name: str) -> Any:
    """Return a scorer of scikit-learn, for `cross_val_score`, searches and threshold tuning.

    Parameters
    ----------
    name : str
        ``"average_precision"``, ``"recall_at_fpr_0.01"``, ``"precision_at_100"``,
        ``"neg_tail_calibration_error_0.01"`` or ``"neg_expected_cost_1_40"``, where a false alarm
        costs 1 and a missed row 40; with any other numbers. The second of two classes is positive.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, higher being better. The cost is of what the estimator decides,
        the others are of its probabilities.

    Raises
    ------
    InputError
        If there is no such figure.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(max_iter=10_000).fit(X, y)
    >>> scorer("recall_at_fpr_0.01")(model, X, y) > 0.5
    True
    """
    for form, (measure, names) in FORMS.items():
        pattern = re.sub("_[A-Z]+(?:_[A-Z]+)*$", f"_{NUMBER}" * len(names), form)
        found = re.fullmatch(pattern, name)
        if found is None:
            continue
        numbers = {key: float(value) for key, value in zip(names, found.groups(), strict=True)}
        if "k" in numbers:
            numbers["k"] = int(numbers["k"])
        by_calls = measure is expected_cost
        return make_scorer(
            partial(_value, measure, numbers),
            greater_is_better=not name.startswith("neg_"),
            response_method="predict" if by_calls else "predict_proba",
        )
    raise InputError(
        f"a scorer must be one of {', '.join(FORMS)}, with numbers in place of capitals, got "
        f"{name!r}."
    )


def _value(measure: Callable[..., Any], numbers: dict[str, float], y: Any, answer: Any) -> float:
    labels = np.asarray(y)
    classes = np.unique(labels)
    if len(classes) != 2:
        raise InputError(f"y must hold two classes, got {len(classes)}.")
    if measure is expected_cost:
        answer = np.asarray(answer) == classes[1]
    return float(measure(labels == classes[1], answer, **numbers).value)
