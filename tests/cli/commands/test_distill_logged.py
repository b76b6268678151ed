"""`distill --scores-col`: a table that carries the scores of a model that is gone."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from ensemble_kd import load
from ensemble_kd.bundle import load_bundle

from ..conftest import make_table

FAST = ["--student", "tree", "--n-synthetic", "0", "--drop", "customer", "spend"]


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A table with the probability that a customer leaves, by a model nobody knows."""
    frame = make_table()
    z = (frame["age"].fillna(45) - 45) / 15 + (frame["city"] == "Oslo")
    frame["p"] = (1 / (1 + np.exp(-z))).round(6)
    frame["q"], frame["named"] = 1 - frame["p"], np.where(frame["p"] > 0.5, "yes", "no")
    path = tmp_path_factory.mktemp("scored") / "scored.csv"
    frame.to_csv(path, index=False)
    return str(path)


@pytest.fixture
def distil(run, scored, tmp_path):
    def _distil(*argv, table=None):
        return run("distill", table or scored, *FAST, *argv, "--out", tmp_path / "m.ekd", "--json")

    return _distil


def test_scores_beside_a_target_are_the_teacher(distil, tmp_path):
    result = distil("--target", "churned", "--scores-col", "p", "--drop", "q", "named")
    outcome = json.loads(result.out)
    assert (result.code, outcome["teacher"]) == (0, "logged scores")
    assert outcome["n_rows"] == {"fit": 192, "test": 48, "unlabeled": 0, "synthetic": 0}
    assert set(outcome["quality"]) == {"teacher", "student"}
    assert outcome["fidelity"]["agreement"] > 0.7
    assert load(tmp_path / "m.ekd").classes_.tolist() == ["no", "yes"]
    names = load_bundle(tmp_path / "m.ekd").model.schema.names
    assert list(names) == ["age", "income", "city", "vip", "floor"]


def test_scores_without_a_target_say_how_near_the_student_is(distil, tmp_path):
    argv = ["--scores-cols", "q", "p", "--classes", "stay", "go", "--drop", "churned", "named"]
    result = distil(*argv, "--min-agreement", "1")
    outcome = json.loads(result.out)
    assert result.code == (4 if outcome["fidelity"]["agreement"] < 1 else 0)
    assert outcome["fidelity_on"] == "test"
    assert outcome["quality"] == {"teacher": {}, "student": {}}
    assert "classification, as the scores look" in result.err
    assert load(tmp_path / "m.ekd").classes_.tolist() == ["go", "stay"]


def test_decisions_teach_the_class_that_was_named(distil, tmp_path):
    argv = ["--scores-col", "named", "--scores-kind", "decisions", "--drop", "churned", "p", "q"]
    assert distil(*argv).code == 0
    assert load(tmp_path / "m.ekd").classes_.tolist() == ["no", "yes"]


def test_scores_of_detectors_and_of_values_need_no_target(distil, tmp_path):
    for task in ("outliers", "regression"):
        argv = ["--scores-col", "p", "--task", task, "--drop", "churned", "q", "named"]
        assert distil(*argv).code == 0
        assert load(tmp_path / "m.ekd").task == task


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--scores-col", "pp"], "--scores-col.*'pp'"),
        (["--scores-col", "churned"], "--scores-col churned must hold numbers"),
        (["--scores-col", "p", "--target", "p"], "must be different columns"),
        (["--scores-col", "p", "--teacher", "fast"], "--scores-col or --teacher, not both"),
        (["--scores-col", "age", "--target", "churned"], "kind='ranks'"),
        (["--scores-col", "p", "--task", "outliers", "--alpha", "0.5"], "--alpha is for models"),
    ],
)
def test_scores_that_do_not_fit_are_refused(distil, argv, message):
    result = distil(*argv)
    assert result.code == 2
    assert re.search(message, result.err)
