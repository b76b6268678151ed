"""A smooth additive model as a member: splines of ranks, categories, and one linear layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
)

from ensemble_kd.teachers.members._base import Matrix, TableMember

N_KNOTS, N_QUANTILES = 6, 200
# Numeric columns that get splines; in a wider table each has its clipped value alone.
MOST_SPLINED = 300
# A category of fewer rows is not told apart.
LEAST_ROWS = 10


class SplineMember(TableMember):
    """Logistic or ridge regression on cubic splines of quantile ranks (Eilers & Marx 1996).

    It is fitted in moments, and carries tables that are small or smooth.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_jobs : int, default=1
        Unused.
    random_state : int, default=0
        Of the rows that large tables take their ranks from.
    """

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core."""
        return 0.05 + 2e-6 * n_rows * n_columns * max(1, n_outputs - 1)

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        linear = Ridge(alpha=1.0)
        if self.task_.has_classes:  # so long that it always ends by the tolerance
            linear = LogisticRegression(C=0.3, max_iter=5000, tol=1e-3)
        self.model_ = Pipeline([("inputs", self._encoder(len(X))), ("linear", linear)])
        self.model_.fit(X, target, linear__sample_weight=weight)

    def _encoder(self, n_rows: int) -> ColumnTransformer:
        is_category = np.array([column.kind == "categorical" for column in self.schema_.columns])
        categorical, numeric = np.flatnonzero(is_category), np.flatnonzero(~is_category)
        clipped = FunctionTransformer(np.clip, kw_args={"a_min": -3.0, "a_max": 3.0})
        parts = [("values", make_pipeline(RobustScaler(), clipped))]
        if len(numeric) <= MOST_SPLINED:
            ranks = QuantileTransformer(
                n_quantiles=min(N_QUANTILES, n_rows), random_state=self.random_state
            )
            knots = np.linspace(0, 1, N_KNOTS)[:, None].repeat(len(numeric), axis=1)
            splines = SplineTransformer(N_KNOTS, knots=knots, include_bias=False)
            parts.append(("splines", make_pipeline(ranks, splines)))
        filled = SimpleImputer(strategy="median", keep_empty_features=True)
        one_hot = OneHotEncoder(min_frequency=LEAST_ROWS, handle_unknown="infrequent_if_exist")
        return ColumnTransformer(
            [
                ("numeric", make_pipeline(filled, FeatureUnion(parts)), numeric),
                ("gaps", MissingIndicator(features="all"), numeric),
                ("categories", one_hot, categorical),
            ]
        )

    def _respond(self, X: Matrix) -> Matrix:
        ask = self.model_.predict_proba if self.task_.has_classes else self.model_.predict
        return np.asarray(ask(X), dtype=np.float64).reshape(len(X), -1)
