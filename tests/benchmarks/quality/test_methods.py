"""Every method, on small data: it fits, it answers, and it answers a single row alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ensemble_kd
from ensemble_kd.benchmarks.quality import measure, split_dataset
from ensemble_kd.benchmarks.quality._case import TeacherFactory
from ensemble_kd.benchmarks.quality._store import fit_or_load_teacher
from ensemble_kd.benchmarks.quality.methods import METHODS, Method, Shared, TaskData, catboost
from ensemble_kd.benchmarks.quality.methods._base import dicts
from ensemble_kd.benchmarks.quality.methods._peer import Peer
from ensemble_kd.benchmarks.quality.methods.best_member import BestMember
from ensemble_kd.benchmarks.shared import loss_of
from ensemble_kd.datasets import load_dataset
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.tasks import task_with

DATASETS = ["iris", "breast_cancer", "diabetes"]
LETTERS = task_with(np.array(["a", "b"]))


@pytest.fixture(scope="module")
def tasks() -> dict[str, TaskData]:
    return {name: split_dataset(load_dataset(name), 0, 90) for name in DATASETS}


@pytest.fixture
def shared(out: Path, cheap: None, teacher_factory: TeacherFactory):
    def fit(data: TaskData) -> Shared:
        teacher, seconds = fit_or_load_teacher(data, lambda: teacher_factory(data), out)
        return Shared(lambda: (teacher, seconds), out, None)

    return fit


# The rivals run in an environment of their own; see test_autogluon.py and test_taught_peers.py.
OWN = {name: method for name, method in METHODS.items() if not issubclass(method, Peer)}


def must_run(method: type[Method], data: TaskData) -> None:
    """Skip the test of a method that this environment cannot run."""
    reason = method().skip(data)
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("method", OWN.values(), ids=OWN)
def test_method_gives_every_number(method, dataset, tasks, shared):
    data = tasks[dataset]
    must_run(method, data)
    common = shared(data)
    fitted = method().run(data, common)
    teacher = METHODS["teacher"]().run(data, common).response(data.X_test)
    numbers = measure(fitted, data, teacher)
    second = {"binary": "auc", "multiclass": "accuracy", "regression": "r2"}[data.kind]
    wanted = {"loss", second, "fidelity_rmse", "latency_us", "rows_per_second", "size_bytes"}
    assert wanted <= numbers.keys()
    assert all(np.isfinite(numbers[name]) for name in wanted)


@pytest.mark.parametrize("method", OWN.values(), ids=OWN)
def test_one_row_is_answered_as_in_a_batch(method: type[Method], tasks, shared):
    data = tasks["iris"]
    must_run(method, data)
    fitted = method().run(data, shared(data))
    row = fitted.rows(data.X_test)[7]
    alone = fitted.score_one(row)
    alone = list(alone.values()) if isinstance(alone, dict) else alone.ravel()
    # A network adds up a batch of float32 in another order than a single row.
    np.testing.assert_allclose(alone, fitted.response(data.X_test)[7], rtol=1e-4, atol=1e-6)


def test_student_size_is_that_of_its_file(tasks, shared, out):
    fitted = METHODS["hard_tree"]().run(tasks["iris"], shared(tasks["iris"]))
    file = out / "iris.seed0.hard_tree.ekd"
    assert fitted.size_bytes() == file.stat().st_size
    assert ensemble_kd.load(file).task == "classification"


def test_pickled_bytes_is_that_of_a_joblib_file(tmp_path, tasks, shared):
    import joblib

    model = shared(tasks["diabetes"]).teacher.ensemble
    joblib.dump(model, tmp_path / "model.joblib")
    assert pickled_bytes(model) == (tmp_path / "model.joblib").stat().st_size


def test_best_member_is_chosen_out_of_fold(tasks, shared):
    data = tasks["breast_cancer"]
    common = shared(data)
    ensemble = common.teacher.ensemble
    # The worst member on the test rows would win if its out-of-fold answers were the best.
    truth = (data.y_train[:, None] == ensemble.classes_).astype(float)
    ensemble.member_responses_ = np.stack([np.full_like(truth, 0.5), truth])
    assert BestMember().run(data, common).member == "stump"


def test_long_search_has_more_time_and_trials(tasks, shared, monkeypatch):
    import optuna

    asked = {}
    plain = optuna.Study.optimize

    def optimize(study, objective, n_trials, timeout):
        asked.update(n_trials=n_trials, timeout=timeout)
        plain(study, objective, n_trials=1)

    monkeypatch.setattr(optuna.Study, "optimize", optimize)
    METHODS["tuned_lightgbm_long"]().run(tasks["iris"], shared(tasks["iris"]))
    assert asked == {"n_trials": 2 * 300 // 45, "timeout": 300}


def test_catboost_is_left_out_where_it_is_not_installed(tasks, monkeypatch):
    monkeypatch.setattr(catboost, "find_spec", lambda _: None)
    assert "ensemble_kd[catboost]" in METHODS["catboost"]().skip(tasks["iris"])


def test_catboost_takes_categories_as_text_and_numbers_with_their_gaps():
    X = pd.DataFrame({"a": [1.5, np.nan], "b": pd.Categorical(["x", None]), "c": [7, 8]})
    method = catboost.CatBoost()
    method.categorical = catboost.categorical_columns(X)
    assert method.categorical == ["b"]
    taken = method._as_it_takes(X)
    assert taken["b"].tolist() == ["x", "missing"]
    pd.testing.assert_frame_equal(taken[["a", "c"]], X[["a", "c"]])


def test_log_loss_by_hand():
    response = np.array([[0.5, 0.5], [0.2, 0.8]])
    y = np.array(["a", "b"])
    expected = -(np.log(0.5) + np.log(0.8)) / 2
    assert loss_of(LETTERS, y, response) == pytest.approx(expected)


def test_log_loss_of_an_unknown_label_is_that_of_probability_zero():
    response = np.array([[0.5, 0.5]])
    loss = loss_of(LETTERS, np.array(["new"]), response)
    assert loss == pytest.approx(-np.log(1e-15))


def test_rows_as_dicts_hold_plain_values():
    X = pd.DataFrame({"a": [1.5, np.nan], "b": pd.Categorical(["x", None]), 3: [True, False]})
    rows = dicts(X)
    assert rows == [{"a": 1.5, "b": "x", "3": True}, {"a": None, "b": None, "3": False}]
    assert type(rows[0]["3"]) is bool
