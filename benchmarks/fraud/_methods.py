"""The methods: from a table and its fitted teacher to an answer to each test row."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, train_test_split

from ensemble_kd import DistilledClassifier, DistilledOutlierDetector
from ensemble_kd._optional import require
from ensemble_kd.benchmarks.fraud._table import FraudTable
from ensemble_kd.benchmarks.fraud._thresholds import alert_scores
from ensemble_kd.benchmarks.shared import SharedTeacher
from ensemble_kd.flow import plain_twin
from ensemble_kd.model import CompactModel
from ensemble_kd.schema import TableSchema

Scores = NDArray[np.float64]

SCORING = "average_precision"
# Seconds of CPU, after which no trial begins.
N_TRIALS, TUNING_SECONDS = 40, 45
MOST_ROUNDS, PATIENCE, N_FOLDS = 1000, 40, 4


@dataclass(frozen=True)
class Answered:
    """What came of a method.

    Parameters
    ----------
    own : ndarray of shape (n_rows,)
        An answer to each test row, high for what is an alert: a probability where there are labels.
    model : CompactModel or None, default=None
        What gave them, where it is a student.
    teacher : ndarray of shape (n_rows,) or None, default=None
        The answers of its teacher, where that is its own.
    """

    own: Scores
    model: CompactModel | None = None
    teacher: Scores | None = None


Method = Callable[[FraudTable, SharedTeacher, dict[str, Any]], Answered]


def teacher(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Answer as the teacher does."""
    return Answered(np.asarray(shared.predict_proba(table.X_test)[:, 1]))


def plain(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Train the same network on the labels, by the best of several schedules."""
    fitted = DistilledClassifier(
        None, random_state=table.seed, **(choices | {"alpha": 0.0, "n_synthetic": 0})
    ).fit(table.X_train, table.y_train)
    best = plain_twin(fitted.student_, fitted.transfer_set_)
    return _answered(table, best.to_model())


def fast(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Distil without a race."""
    return _distilled(table, shared, choices | {"recipe": "fast"})


def auto(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Race, judged by the default."""
    return _distilled(table, shared, choices)


def auto_by_score(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Race, judged by average precision."""
    return _distilled(table, shared, choices | {"scoring": SCORING})


def next_student(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Distil anew, as a year later: another teacher, the preset "fast", on half of the rows."""
    rows = _half(table)
    later = DistilledClassifier(
        "fast", random_state=table.seed + 1, **(choices | {"recipe": "fast"})
    )
    later.fit(table.X_train.iloc[rows], table.y_train[rows])
    return _answered(table, later.model_)


def lightgbm(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Boost on the labels by LightGBM's own defaults."""
    return Answered(_Boosted(table).answer({}, n_rounds=100))


def tuned_lightgbm(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    """Boost on the labels, tuned by Optuna for the average precision out of fold."""
    optuna = require("optuna", extra="bench")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    boosted, rounds, start = _Boosted(table), {}, time.process_time()

    def objective(trial: Any) -> float:
        score, rounds[trial.number] = boosted.trial(_suggest(trial))
        return score

    def stop(study: Any, trial: Any) -> None:
        if time.process_time() - start > TUNING_SECONDS:
            study.stop()

    sampler = optuna.samplers.TPESampler(seed=table.seed)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    study.optimize(objective, n_trials=N_TRIALS, callbacks=[stop])
    best = study.best_trial
    return Answered(boosted.answer(best.params, n_rounds=rounds[best.number]))


def detector(table: FraudTable, choices: dict[str, Any]) -> Answered:
    """Distil the default detectors, without labels."""
    return _detecting(table, np.arange(len(table.y_train)), 0, choices)


def next_detector(table: FraudTable, choices: dict[str, Any]) -> Answered:
    """Distil the same detectors anew, on half of the rows."""
    return _detecting(table, _half(table), 1, choices)


METHODS: dict[str, Method] = {
    method.__name__: method
    for method in (
        teacher, plain, fast, auto, auto_by_score, next_student, lightgbm, tuned_lightgbm,
    )
}  # fmt: skip
DETECTORS: dict[str, Callable[[FraudTable, dict[str, Any]], Answered]] = {
    method.__name__: method for method in (detector, next_detector)
}


def _answered(table: FraudTable, model: CompactModel, of_teacher: Any = None) -> Answered:
    return Answered(alert_scores(model, table.X_test), model, of_teacher)


def _distilled(table: FraudTable, shared: SharedTeacher, choices: dict[str, Any]) -> Answered:
    fitted = DistilledClassifier(shared, random_state=table.seed, **choices).fit(
        table.X_train, table.y_train, X_unlabeled=table.X_unlabeled
    )
    return _answered(table, fitted.model_)


def _detecting(
    table: FraudTable, rows: NDArray[np.int64], turn: int, choices: dict[str, Any]
) -> Answered:
    fitted = DistilledOutlierDetector(random_state=table.seed + turn, **choices)
    fitted.fit(table.X_train.iloc[rows])
    return _answered(table, fitted.model_, -fitted.teacher_.score_samples(table.X_test))


def _half(table: FraudTable) -> NDArray[np.int64]:
    """Return half of the training rows."""
    half, _ = train_test_split(
        np.arange(len(table.y_train)), train_size=0.5, random_state=table.seed,
        stratify=table.y_train if table.has_labels else None,
    )  # fmt: skip
    return np.sort(half)


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
