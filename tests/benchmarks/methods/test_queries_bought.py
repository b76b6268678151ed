"""What queries buy: the answers come from another process, and no more than were paid for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.methods.queries import __main__ as program
from ensemble_kd.benchmarks.methods.queries import _measure, _run
from ensemble_kd.benchmarks.methods.queries._report import report
from ensemble_kd.benchmarks.methods.queries._service import service
from ensemble_kd.teachers import HTTPTeacher

# Stands for the library: it says which column is high, and logs how many rows it was asked for.
AUTOGLUON = """
import os, pathlib
import pandas as pd

class TabularPredictor:
    def __init__(self, label, problem_type, eval_metric, path, verbosity):
        self.label, self.path = label, pathlib.Path(path)
        self.can_predict_proba = problem_type != "regression"

    def fit(self, train, time_limit, num_cpus, num_gpus):
        self.class_labels = sorted(set(train[self.label]), reverse=True)

    def persist(self):
        self.path.mkdir(parents=True, exist_ok=True)

    def _high(self, rows):
        with open(self.path / "asked.txt", "a") as log:
            log.write(f"{len(rows)}\\n")
        return (rows.iloc[:, 0].rank(pct=True) > 2).astype(float) + 0.25

    def predict(self, rows):
        return self._high(rows)

    def predict_proba(self, rows):
        first = self._high(rows)
        return pd.DataFrame({self.class_labels[0]: first, self.class_labels[1]: 1 - first})
"""


@pytest.fixture
def autogluon(tmp_path, monkeypatch):
    """An environment of the rivals, in which a small library stands for the real one."""
    package = tmp_path / "site" / "autogluon"
    package.mkdir(parents=True)
    (package / "tabular.py").write_text(AUTOGLUON)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("ENSEMBLE_KD_PEERS", sys.executable)
    small = replace(_measure.TEACHERS["adult"], dataset="breast_cancer")
    monkeypatch.setitem(_measure.TEACHERS, "adult", small)
    return tmp_path


def row(seed, budget, to_teacher, loss, queries=None):
    return {
        "dataset": "adult", "seed": seed, "method": str(budget), "loss": loss, "teacher_loss": 0.3,
        "queries": budget if queries is None else queries, "to_teacher": to_teacher, "seconds": 1.0,
    }  # fmt: skip


def test_predictor_of_another_environment_is_asked_for_its_budget(autogluon, monkeypatch):
    out = autogluon / "out"
    rows = _run.run_queries(["adult"], seeds=1, budgets=[40], out=out)
    assert rows["queries"].tolist() == [0, 40]
    asked = [int(n) for n in (out / "models/adult.seed0/models/asked.txt").read_text().split()]
    n_test = 569 - 569 * 7 // 10
    assert sum(asked) == n_test + 40
    # It knows nothing: the second of two classes in three quarters of all cases, whatever the row.
    assert rows["teacher_loss"].iloc[0] == pytest.approx(rows["teacher_loss"].iloc[1])
    monkeypatch.setattr(_run, "asking", None)
    again = _run.run_queries(["adult"], seeds=1, budgets=[40], out=out)
    pd.testing.assert_frame_equal(again, rows)


def test_answers_come_in_the_order_of_the_sorted_classes(autogluon):
    X = pd.DataFrame({"a": [1.0, 2.0, np.nan], "c": pd.Categorical(["u", None, "v"])})
    folder = autogluon / "model"
    with service("autogluon", X, [0, 1, 0], folder, kind="binary", metric=None, seconds=1) as url:
        np.testing.assert_array_equal(HTTPTeacher(url)(X), [[0.75, 0.25]] * 3)
    with service("autogluon", X, X["a"], folder, kind="regression", metric=None, seconds=1) as url:
        np.testing.assert_array_equal(HTTPTeacher(url)(X), [0.25] * 3)


def test_model_that_does_not_answer_leaves_its_last_words(autogluon):
    (autogluon / "site/autogluon/tabular.py").write_text("raise ValueError('out of memory')")
    told = {"kind": "binary", "metric": None, "seconds": 1}
    with (
        pytest.raises(RuntimeError, match="code 1: ValueError: out of memory"),
        service("autogluon", pd.DataFrame({"a": [1.0]}), [0], autogluon / "model", **told),
    ):
        pass


def test_policy_off_the_road_is_brought_back_by_queries():
    alone, asked = (_measure._on_road(0, budget) for budget in (0, 400))
    assert alone["teacher_loss"] == asked["teacher_loss"] < 0.2
    assert asked["loss"] < alone["loss"]
    assert asked["to_teacher"] < alone["to_teacher"]


def test_distance_beside_none_is_of_means_over_seeds_by_hand():
    rows = [row(0, 0, 0.3, 0.5), row(0, 100, 0.2, 0.4), row(1, 0, 0.5, 0.5), row(1, 100, 0.4, 0.6)]
    first, last = report(pd.DataFrame(rows)).splitlines()[2:]
    assert [cell.strip() for cell in first.split("|")[1:4]] == [
        "AutoGluon, adult", "none", "0.4000",
    ]  # fmt: skip
    assert [cell.strip() for cell in last.split("|")[2:7]] == [
        "100", "0.3000", "-25%", "0.5000", "0.3000",
    ]  # fmt: skip


def test_page_says_what_the_kept_rows_say():
    root = Path(__file__).parents[3]
    kept = pd.read_parquet(root / "benchmarks" / "results" / "queries.parquet")
    page = (root / "docs" / "any_teacher.md").read_text(encoding="utf-8")
    assert report(kept) in page
    assert set(kept["dataset"]) == set(_measure.TEACHERS)


def test_rows_of_a_file_are_printed_and_drawn(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    pd.DataFrame([row(0, 0, 0.3, 0.5), row(0, 100, 0.2, 0.4)]).to_parquet(tmp_path / "rows.parquet")
    argv = ["--render", str(tmp_path / "rows.parquet"), "--picture", str(tmp_path / "rows.png")]
    assert program.main(argv) == 0
    assert "-33%" in capsys.readouterr().out
    assert (tmp_path / "rows.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("names", "message"), [(["nobody"], "one of"), (["adult"], "PEERS must")])
def test_teacher_that_cannot_be_asked_is_told(names, message, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("ENSEMBLE_KD_PEERS", raising=False)
    small = replace(_measure.TEACHERS["adult"], dataset="breast_cancer")
    monkeypatch.setitem(_measure.TEACHERS, "adult", small)
    assert program.main(["--teachers", *names, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
