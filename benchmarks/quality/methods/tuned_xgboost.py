"""XGBoost, tuned and trained plainly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods._tuned import MOST_ROUNDS, PATIENCE, TunedBoosting
from ensemble_kd.benchmarks.shared import XGBOOST_OBJECTIVES


class TunedXGBoost(TunedBoosting):
    """XGBoost on the true targets, tuned by Optuna for as long as distilling takes."""

    name = "tuned_xgboost"
    label = "tuned XGBoost"

    def suggest(self, trial: Any) -> dict[str, Any]:
        """Return the parameters of a trial."""
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
            "max_depth": trial.suggest_int("max_depth", 3, 10),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 20.0, log=True),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "reg_lambda": trial.suggest_float("reg_lambda", 1e-2, 10.0, log=True),
        }

    def fit(
        self, parameters: dict[str, Any], X: Any, y: Any, X_stop: Any = None, y_stop: Any = None,
        n_rounds: int = MOST_ROUNDS,
    ) -> tuple[Any, int]:  # fmt: skip
        """Return a booster and its rounds."""
        xgboost = require("xgboost", extra="train")
        fixed: dict[str, Any] = {
            "objective": XGBOOST_OBJECTIVES[self.task.tree_link],
            "nthread": 1,
            "seed": self.seed,
            "verbosity": 0,
        }
        if self.task.n_outputs > 2:
            fixed["num_class"] = self.task.n_outputs
        stopping = {} if X_stop is None else {
            "evals": [(self._matrix(X_stop, y_stop), "stop")],
            "early_stopping_rounds": PATIENCE,
            "verbose_eval": False,
        }  # fmt: skip
        model = xgboost.train(
            fixed | parameters, self._matrix(X, y), num_boost_round=n_rounds, **stopping
        )
        if X_stop is None:
            return model, n_rounds
        return model[: model.best_iteration + 1], model.best_iteration + 1

    def raw(self, model: Any, X: Any) -> Any:
        """Return the booster's own prediction."""
        return model.predict(self._matrix(X))

    def size_bytes(self) -> int:
        """Return the bytes of the binary model."""
        return len(self.model.save_raw("ubj"))

    def _matrix(self, X: Any, y: Any = None) -> Any:
        kinds = ["c" if c.kind == "categorical" else "q" for c in self.schema.columns]
        # A category that was not seen has a code of its own, which XGBoost refuses.
        known = np.where(np.maximum(self.schema.n_codes - 1, 1) > X, X, np.nan)
        X = np.where([kind == "c" for kind in kinds], known, X)
        return require("xgboost", extra="train").DMatrix(
            X, label=y, feature_types=kinds, enable_categorical=True
        )
