"""The methods: from a table and its fitted teacher to a probability of each test row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold

from ensemble_kd import DistilledClassifier
from ensemble_kd._optional import require
from ensemble_kd.benchmarks.fraud._table import FraudTable
from ensemble_kd.benchmarks.shared import SharedTeacher
from ensemble_kd.flow import plain_twin
from ensemble_kd.schema import TableSchema
from ensemble_kd.scoring import Scorer

Scores = NDArray[np.float64]
Method = Callable[[FraudTable, SharedTeacher, dict[str, Any]], Scores]

SCORING = "average_precision"
N_TRIALS, TUNING_SECONDS = 40, 60
MOST_ROUNDS, PATIENCE, N_FOLDS = 1000, 40, 4


def teacher(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Answer as the teacher does."""
    return np.asarray(shared.predict_proba(table.X_test)[:, 1])


def plain(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Train the same network on the labels, by the best of several schedules."""
    fitted = _fit(table, None, choices | {"alpha": 0.0, "n_synthetic": 0}, unlabeled=False)
    best = plain_twin(fitted.student_, fitted.transfer_set_)
    return np.asarray(Scorer(best.to_model()).predict_proba(table.X_test)[:, 1])


def fast(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Distil without a race."""
    return _answer(table, shared, choices | {"recipe": "fast"})


def auto(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Race, judged by the default."""
    return _answer(table, shared, choices)


def auto_by_score(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Race, judged by average precision."""
    return _answer(table, shared, choices | {"scoring": SCORING})


def lightgbm(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Boost on the labels by LightGBM's own defaults."""
    return _Boosted(table).answer({}, n_rounds=100)


def tuned_lightgbm(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    """Boost on the labels, tuned by Optuna for the average precision out of fold."""
    optuna = require("optuna", extra="bench")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    boosted, rounds = _Boosted(table), {}

    def objective(trial: Any) -> float:
        score, rounds[trial.number] = boosted.trial(_suggest(trial))
        return score

    sampler = optuna.samplers.TPESampler(seed=table.seed)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    study.optimize(objective, n_trials=N_TRIALS, timeout=TUNING_SECONDS)
    best = study.best_trial
    return boosted.answer(best.params, n_rounds=rounds[best.number])


METHODS: dict[str, Method] = {
    method.__name__: method
    for method in (teacher, plain, fast, auto, auto_by_score, lightgbm, tuned_lightgbm)
}


def _fit(
    table: FraudTable, shared: SharedTeacher | None, choices: dict[str, Any], *, unlabeled: bool
) -> DistilledClassifier:
    more = {"X_unlabeled": table.X_unlabeled} if unlabeled else {}
    return DistilledClassifier(shared, random_state=table.seed, **choices).fit(
        table.X_train, table.y_train, **more
    )


def _answer(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Scores:
    fitted = _fit(table, shared, choices, unlabeled=True)
    return np.asarray(fitted.predict_proba(table.X_test)[:, 1])


def _suggest(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 128, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 2, 100, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.4, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 10.0, log=True),
    }


class _Boosted:
    """LightGBM on the labels of one table."""

    def __init__(self, table: FraudTable) -> None:
        self._library = require("lightgbm", extra="train")
        self._table, self._schema = table, TableSchema.infer(table.X_train)
        self._X = self._schema.encode(table.X_train)
        self._categorical = [
            j for j, column in enumerate(self._schema.columns) if column.kind == "categorical"
        ]

    def _train(self, parameters: dict[str, Any], rows: Any, stop: Any, n_rounds: int) -> Any:
        options = {"categorical_feature": self._categorical, "params": {"verbosity": -1}}
        data = self._library.Dataset(self._X[rows], self._table.y_train[rows], **options)
        stopping = {} if stop is None else {
            "valid_sets": [data.create_valid(self._X[stop], self._table.y_train[stop])],
            "callbacks": [self._library.early_stopping(PATIENCE, verbose=False)],
        }  # fmt: skip
        fixed = {
            "objective": "binary", "bagging_freq": 1, "num_threads": 1,
            "seed": self._table.seed, "verbosity": -1,
        }  # fmt: skip
        return self._library.train(fixed | parameters, data, num_boost_round=n_rounds, **stopping)

    def trial(self, parameters: dict[str, Any]) -> tuple[float, int]:
        """Return the score of parameters out of fold, and the rounds that folds took."""
        y, rounds = self._table.y_train, []
        answers = np.empty(len(y))
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=self._table.seed)
        for rows, stop in folds.split(self._X, y):
            model = self._train(parameters, rows, stop, MOST_ROUNDS)
            answers[stop] = model.predict(self._X[stop], num_threads=1)
            rounds.append(model.best_iteration)
        return float(average_precision_score(y, answers)), max(1, round(np.mean(rounds)))

    def answer(self, parameters: dict[str, Any], n_rounds: int) -> Scores:
        """Return the answers to the test rows of a model that has learned all others."""
        model = self._train(parameters, slice(None), None, n_rounds)
        codes = self._schema.encode(self._table.X_test)
        return np.asarray(model.predict(codes, num_threads=1), dtype=np.float64)
