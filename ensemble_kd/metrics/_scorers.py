"""The figures of rare events as scorers of scikit-learn, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
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
# By the form of a name: the figure, and what the numbers in its name are.
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
    form, numbers = read_name(name, "a scorer")
    measure, _ = FORMS[form]
    return make_scorer(
        _Scored(name, measure, numbers),
        greater_is_better=not name.startswith("neg_"),
        response_method="predict" if measure is expected_cost else "predict_proba",
    )


def read_name(name: str, what: str) -> tuple[str, dict[str, Any]]:
    """Return the form of a name, and the numbers in it; `what` calls it in a message.

    Raises
    ------
    InputError
        If it is of no form.
    """
    for form, (_, names) in FORMS.items():
        stem = re.sub("_[A-Z_]+$", "", form)
        numbers_of = "".join(r"_(\d+)" if key == "k" else f"_{NUMBER}" for key in names)
        found = re.fullmatch(stem + numbers_of, str(name))
        if found is not None:
            read = {"k": int}
            return form, {
                key: read.get(key, float)(value)
                for key, value in zip(names, found.groups(), strict=True)
            }
    raise InputError(
        f"{what} must be one of {', '.join(FORMS)}, with numbers in place of capitals, got "
        f"{name!r}."
    )


@dataclass(frozen=True)
class _Scored:
    """A figure of labels and answers, as scikit-learn calls it; it can be pickled."""

    name: str
    measure: Callable[..., Any]
    numbers: dict[str, float]

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, y: Any, answer: Any) -> float:
        labels = np.asarray(y)
        classes = np.unique(labels)
        if len(classes) != 2:
            raise InputError(f"y must hold two classes, got {len(classes)}.")
        if self.measure is expected_cost:
            answer = np.asarray(answer) == classes[1]
        return float(self.measure(labels == classes[1], answer, **self.numbers).value)
