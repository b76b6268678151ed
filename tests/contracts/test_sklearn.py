"""Every estimator keeps scikit-learn's rules; exceptions are listed with their reasons."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ensemble_kd import (
    DistilledClassifier,
    DistilledRegressor,
    GBDTStudent,
    MLPStudent,
    TeacherEnsemble,
    TreeStudent,
)

STUDENTS = [
    MLPStudent(hidden=(16,), n_updates=100),
    GBDTStudent(n_estimators=20, num_leaves=4, n_jobs=1),
    TreeStudent(),
]
ESTIMATORS = [
    *(
        DistilledClassifier(
            DecisionTreeClassifier(max_depth=4), student=student, n_synthetic=40, cv=2
        )
        for student in STUDENTS
    ),
    *(
        DistilledRegressor(
            DecisionTreeRegressor(max_depth=4), student=student, n_synthetic=40, cv=2
        )
        for student in STUDENTS
    ),
    TeacherEnsemble([("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=4))], cv=2),
    TeacherEnsemble(
        [("lr", LinearRegression()), ("tree", DecisionTreeRegressor(max_depth=4))],
        task="regression",
        weights="equal",  # so that the member that refuses missing values is always asked
        cv=2,
    ),
]

# Name of a check: why a distilled estimator cannot keep it.
DISTILLED_EXCEPTIONS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "folds and held-out rows are drawn from the rows of the table, and random numbers are "
        "drawn for each, so a row given twice has other ones than one of weight 2"
    ),
}


def exceptions(estimator: Any) -> dict[str, str]:
    """Return the checks an estimator does not keep, with the reasons."""
    return {} if isinstance(estimator, TeacherEnsemble) else DISTILLED_EXCEPTIONS


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=exceptions)
def test_estimator_keeps_the_rule(estimator, check):
    check(estimator)
