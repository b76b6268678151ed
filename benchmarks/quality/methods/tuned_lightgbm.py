"""LightGBM, tuned and trained plainly."""

from __future__ import annotations

from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods._tuned import MOST_ROUNDS, PATIENCE, TunedBoosting
from ensemble_kd.benchmarks.shared import LIGHTGBM_OBJECTIVES


class TunedLightGBM(TunedBoosting):
    """LightGBM on the true targets, tuned by Optuna for as long as distilling takes."""

    name = "tuned_lightgbm"
    label = "tuned LightGBM"

    def suggest(self, trial: Any) -> dict[str, Any]:
        """Return the parameters of a trial."""
        return {
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 8, 128, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 2, 100, log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.4, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
            "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 10.0, log=True),
        }

    def fit(
        self, parameters: dict[str, Any], X: Any, y: Any, X_stop: Any = None, y_stop: Any = None,
        n_rounds: int = MOST_ROUNDS,
    ) -> tuple[Any, int]:  # fmt: skip
        """Return a booster and its rounds."""
        lightgbm = require("lightgbm", extra="train")
        fixed: dict[str, Any] = {
            "objective": LIGHTGBM_OBJECTIVES[self.task.tree_link],
            "bagging_freq": 1,
            "num_threads": 1,
            "seed": self.seed,
            "verbosity": -1,
        }
        if self.task.n_outputs > 2:
            fixed["num_class"] = self.task.n_outputs
        options = {"categorical_feature": self.categorical, "params": {"verbosity": -1}}
        train = lightgbm.Dataset(X, y, **options)
        stopping = {} if X_stop is None else {
            "valid_sets": [train.create_valid(X_stop, y_stop)],
            "callbacks": [lightgbm.early_stopping(PATIENCE, verbose=False)],
        }  # fmt: skip
        model = lightgbm.train(fixed | parameters, train, num_boost_round=n_rounds, **stopping)
        return model, model.best_iteration if X_stop is not None else n_rounds

    def raw(self, model: Any, X: Any) -> Any:
        """Return the booster's own prediction."""
        return model.predict(X, num_threads=1)

    def size_bytes(self) -> int:
        """Return the bytes of the text model."""
        return len(self.model.model_to_string().encode())
