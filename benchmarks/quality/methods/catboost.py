"""CatBoost with its defaults: what one gets who tunes nothing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods._base import Method, Shared, TaskData, one_row_frames

MISSING = "missing"


class CatBoost(Method):
    """CatBoost on the true targets and all training rows, categories and gaps as it takes them.

    A category is given as text, and a missing one is a category, which it asks for.
    """

    name = "catboost"
    label = "CatBoost, defaults"
    needs_teacher = False
    is_rival = True
    most_seeds = 1

    def skip(self, data: TaskData) -> str | None:
        """Say what is missing."""
        if find_spec("catboost") is None:
            return 'catboost is not installed; run: pip install "ensemble_kd[catboost]"'
        return None

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Fit."""
        library = require("catboost", extra="catboost")
        self.task, _ = data.task.read_target(data.y_train)
        self.categorical = categorical_columns(data.X_train)
        kind = library.CatBoostClassifier if self.task.has_classes else library.CatBoostRegressor
        self.model = kind(
            cat_features=self.categorical,
            random_seed=data.seed,
            thread_count=1,
            verbose=False,
            allow_writing_files=False,
        )
        self.model.fit(self._as_it_takes(data.X_train), data.y_train)
        return self

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities, or values."""
        rows = self._as_it_takes(X)
        if not self.task.has_classes:
            return np.asarray(self.model.predict(rows, thread_count=1), dtype=np.float64)[:, None]
        answers = np.asarray(self.model.predict_proba(rows, thread_count=1), dtype=np.float64)
        return answers[:, np.argsort(self.model.classes_)]

    def rows(self, X: Any) -> list[Any]:
        """Return frames of one row."""
        return one_row_frames(X)

    def score_one(self, row: Any) -> Any:
        """Score a frame of one row."""
        return self.response(row)

    def size_bytes(self) -> int:
        """Return the bytes of its own binary format."""
        return len(self.model._serialize_model())

    def _as_it_takes(self, X: pd.DataFrame) -> pd.DataFrame:
        texts = {
            name: X[name].astype(object).where(X[name].notna(), MISSING).astype(str)
            for name in self.categorical
        }
        return X.assign(**texts)


def categorical_columns(X: pd.DataFrame) -> list[str]:
    """Return the names of the columns that hold neither numbers nor booleans."""
    return [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
