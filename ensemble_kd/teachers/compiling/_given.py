"""A teacher of the user's own, its trees walked by the scoring core where that is faster."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import FittedTrees, read_trees, tree_arrays
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import build_runtime
from ensemble_kd.runtime import response as linked
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.tasks import BaseTask, task_named

# Whose own walk takes more CPU time: LightGBM's six times as much, scikit-learn's three to four
# times. XGBoost's takes as much, and CatBoost's, whose trees are tables, a fifth.
SLOWER = ("LightGBM", "scikit-learn")
# Rows on which the answers are compared, and how far they may be apart.
N_COMPARED, TOLERANCE = 500, 1e-5


def compiled_given(teacher: Any, task: BaseTask) -> Any:
    """Return what gives the same response as a fitted model of a known library, or it itself.

    Parameters
    ----------
    teacher : fitted estimator
        Any.
    task : BaseTask
        What it predicts.

    Returns
    -------
    estimator
    """
    if isinstance(teacher, Pipeline):
        last = teacher.steps[-1][1]
        found = compiled_given(last, task)
        return teacher if found is last else CompiledPipeline(teacher[:-1], found)
    # What answers otherwise than its library does is nobody's to guess.
    if type(teacher).__module__.partition(".")[0] not in ("lightgbm", "sklearn"):
        return teacher
    if not hasattr(teacher, "n_features_in_") or hasattr(teacher, "classes_") != task.has_classes:
        return teacher
    trees = read_trees(teacher)
    try:
        usable = trees is not None and trees.library in SLOWER
        return CompiledModel(teacher, trees, task) if usable and trees else teacher
    except InputError:  # arrays cannot answer as these trees do
        return teacher


class CompiledPipeline:
    """Transformers, and the model behind them compiled.

    Parameters
    ----------
    transformers : Pipeline
        Fitted, without the last step.
    model : CompiledModel
        The last step.
    """

    def __init__(self, transformers: Any, model: CompiledModel) -> None:
        self._transformers, self._model = transformers, model
        if hasattr(model, "classes_"):
            self.classes_ = model.classes_

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the pipeline's probabilities."""
        return self._model.predict_proba(self._transformers.transform(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the pipeline's values."""
        return self._model.predict(self._transformers.transform(X))


class CompiledModel:
    """A fitted model of trees, which answers rows of plain numbers by the core.

    Rows that it cannot read are the model's own to answer, or refuse. So are all of them where the
    two do not agree on the first rows: a model may be more than its trees and its link.

    Parameters
    ----------
    model : fitted estimator
        Left as it is.
    trees : FittedTrees
        Its trees.
    task : BaseTask
        What it predicts.

    Raises
    ------
    InputError
        If arrays cannot answer as these trees do.
    """

    def __init__(self, model: Any, trees: FittedTrees, task: BaseTask) -> None:
        self._own, self._is_mean = model, trees.is_mean
        own = task
        if task.has_classes:
            self.classes_ = model.classes_
            own, _ = task_named(task.name).read_target(np.asarray(model.classes_))
        # A forest refuses what is infinite, and what is missing unless it has learned from some.
        self._takes_all = trees.library == "LightGBM" or not trees.is_mean
        arrays = tree_arrays(trees, "identity" if trees.is_mean else own.tree_link)
        names = (f"x{j}" for j in range(model.n_features_in_))
        schema = TableSchema(tuple(Column(name, "numeric", nullable=True) for name in names), False)
        self._model = CompactModel(own.name, schema, arrays.record, own.classes)
        self._runtime = build_runtime(self._model, left_categories=arrays.left_categories)
        self._agrees: bool | None = None

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the model's probabilities."""
        found = self._answer(X)
        return np.asarray(self._own.predict_proba(X)) if found is None else found

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the model's values."""
        found = None if hasattr(self, "classes_") else self._answer(X)
        if found is None:
            return np.asarray(self._own.predict(X))
        return found[:, 0] if found.shape[1] == 1 else found

    def _answer(self, X: Any) -> NDArray[np.float64] | None:
        """Return the response of the core, None where the model has to be asked itself."""
        rows = None if self._agrees is False else self._numbers(X)
        if rows is None or not len(rows):
            return None
        if self._agrees is None:
            self._agrees = self._compare(X, rows)
        return self._of_core(rows) if self._agrees else None

    def _of_core(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        outputs = self._runtime.outputs(rows)
        return outputs if self._is_mean else linked(self._model, outputs)

    def _compare(self, X: Any, rows: NDArray[np.float64]) -> bool:
        some = X.iloc[:N_COMPARED] if isinstance(X, pd.DataFrame) else X[:N_COMPARED]
        ask = self._own.predict_proba if hasattr(self, "classes_") else self._own.predict
        own = np.asarray(ask(some), dtype=np.float64).reshape(len(some), -1)
        found = self._of_core(rows[:N_COMPARED])
        near = TOLERANCE * max(float(np.abs(own).max()), 1e-30)
        return found.shape == own.shape and bool((np.abs(found - own) <= near).all())

    def _numbers(self, X: Any) -> NDArray[np.float64] | None:
        """Return rows as numbers in the order of the columns, None where they are not such."""
        if isinstance(X, pd.DataFrame):
            names = getattr(self._own, "feature_names_in_", None)
            if names is not None and list(X.columns) != list(names):
                return None
            if not all(kind in "biuf" for kind in (dtype.kind for dtype in X.dtypes)):
                return None
            rows = X.to_numpy(dtype=np.float64, na_value=np.nan)
        elif isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
            rows = X.astype(np.float64, copy=False)
        else:
            return None
        if rows.ndim != 2 or rows.shape[1] != self._own.n_features_in_:
            return None
        return rows if self._takes_all or np.isfinite(rows).all() else None
