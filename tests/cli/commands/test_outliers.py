"""Outliers on the command line: no target, labels for a test alone, score and decision."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from ensemble_kd import load

FAST = ["--student", "tree", "--n-synthetic", "200"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A table with labels, some of them missing, and an unfitted detector."""
    folder = tmp_path_factory.mktemp("outliers")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    frame["label"] = (np.arange(300) % 20 == 0).astype(int)
    frame.loc[frame["label"] == 1, ["a", "b"]] += 6
    frame.to_csv(folder / "table.csv", index=False)
    joblib.dump(IsolationForest(n_estimators=10, random_state=0), folder / "forest.joblib")
    return folder


@pytest.fixture(scope="module")
def model(place):
    """A detector, and its fitted teacher beside it."""
    from ensemble_kd.cli.main import main

    out = place / "m.ekd"
    options = ["--task", "outliers", "--label", "label", "--contamination", "0.2", *FAST]
    kept = ["--keep-teacher", place / "kept.joblib", "--teacher", place / "forest.joblib"]
    arguments = ["distill", place / "table.csv", *options, *kept, "--out", out, "--quiet"]
    assert main([str(argument) for argument in arguments]) == 0
    return out


def test_distill_tells_offset_fidelity_and_what_labels_say(run, place, tmp_path):
    out = tmp_path / "m.ekd"
    forest = place / "forest.joblib"
    options = ["--task", "outlier", "--label", "label", "--teacher", forest, "--out", out, *FAST]
    result = run("distill", place / "table.csv", *options, "--json")
    assert result.code == 0, result.err
    outcome = json.loads(result.out)
    assert (outcome["task"], outcome["target"], outcome["classes"]) == ("outliers", None, None)
    assert outcome["quality"]["teacher"]["auc"] > 0.9
    assert outcome["fidelity"]["rank_correlation"] > 0.5
    assert outcome["n_rows"] == {"fit": 240, "test": 60, "unlabeled": 0, "synthetic": 200}
    scorer = load(out)
    assert outcome["offset"] == scorer.offset_
    assert scorer.schema.names == ["a", "b", "c"]  # the label is not learned
    text = run("distill", place / "table.csv", *options).out
    for words in ("outliers: TreeStudent from DetectorEnsemble", "AUC", "rank correlation",
                  "of the most abnormal 1 % the same", "rows that score below"):  # fmt: skip
        assert words in text


def test_distill_without_labels_gives_the_same_model(run, place, model, tmp_path):
    out, table = tmp_path / "m.ekd", tmp_path / "bare.csv"
    pd.read_csv(place / "table.csv").drop(columns="label").to_csv(table, index=False)
    result = run(
        "distill", table, "--task", "outliers", "--contamination", "0.2", "--out", out,
        "--teacher", place / "forest.joblib", *FAST,
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "AUC" not in result.out and "rank correlation" in result.out
    frame = pd.read_csv(table)
    np.testing.assert_array_equal(load(out).score_samples(frame), load(model).score_samples(frame))
    assert load(out).offset_ == load(model).offset_


def test_distill_tests_on_a_table_of_its_own(run, place, tmp_path):
    test = tmp_path / "test.csv"
    frame = pd.read_csv(place / "table.csv")[:50]
    frame["label"] = frame["label"].astype(object)
    frame.loc[:4, "label"] = None
    frame.to_csv(test, index=False)
    result = run(
        "distill", place / "table.csv", "--task", "outliers", "--label", "label", "--test", test,
        "--out", tmp_path / "m.ekd", "--teacher", place / "forest.joblib", *FAST, "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert json.loads(result.out)["n_rows"]["test"] == 45
    assert "5 row(s) for the test have no 'label'; left out" in result.err


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--task", "outliers", "--target", "label"], "--target is for models that learn a target; "
         "outliers have none; --label names a column that serves a test alone"),
        (["--task", "outliers", "--weight", "a"], "--weight is for models that learn a target"),
        (["--task", "outliers", "--alpha", "0.5"], "--alpha is for models that learn a target"),
        (["--task", "outliers", "--min-agreement", "1"], "--min-agreement is for models that"),
        (["--task", "outliers", "--label", "nope"], "--label"),
        (["--task", "outliers", "--label", "a"], "the label 'a' must be 1 or true for what is abn"),
        (["--task", "outliers", "--contamination", "0.6"], "a number above 0 and up to 0.5"),
        (["--target", "label", "--label", "a"], "--label is for --task outliers"),
        (["--target", "label", "--contamination", "0.1"], "--contamination is for --task outliers"),
        ([], "--target must name the column to predict, got none; --task outliers needs none"),
    ],
)  # fmt: skip
def test_distill_refuses_options_of_another_kind(run, place, options, match):
    result = run("distill", place / "table.csv", *options, *FAST)
    assert result.code == 2
    assert match in result.err.replace("\n", " ")


def test_score_gives_score_percentile_and_decision(run, place, model, tmp_path):
    out = tmp_path / "scores.csv"
    assert run("score", model, place / "table.csv", "--id", "label", "--out", out).code == 0
    found, scorer = pd.read_csv(out), load(model)
    assert found.columns.tolist() == ["label", "score", "percentile", "prediction"]
    frame = pd.read_csv(place / "table.csv").drop(columns="label")
    np.testing.assert_allclose(found["score"], scorer.score_samples(frame))
    np.testing.assert_array_equal(found["prediction"], scorer.predict(frame))
    np.testing.assert_allclose(found["percentile"], scorer.percentile(scorer.score_samples(frame)))
    only = run("score", model, place / "table.csv", "--labels").out.splitlines()
    assert only[0] == "prediction" and set(only[1:]) == {"-1", "1"}
    parquet = tmp_path / "scores.parquet"
    assert run("score", model, place / "table.csv", "--out", parquet).code == 0
    assert pd.read_parquet(parquet)["prediction"].dtype.kind == "i"


def test_score_refuses_what_a_detector_has_not(run, place, model):
    result = run("score", model, place / "table.csv", "--proba")
    assert result.code == 2 and "this model finds outliers" in result.err
    frame = pd.read_csv(place / "table.csv").assign(score=1)
    frame.to_csv(place / "named.csv", index=False)
    result = run("score", model, place / "named.csv", "--id", "score")
    assert "--id must not be a column of the answer, got 'score'" in result.err


def test_inspect_tells_the_threshold(run, model):
    found = json.loads(run("inspect", model, "--json").out)
    assert (found["task"], found["format_version"]) == ("outliers", 4)
    assert found["threshold"] == load(model).offset_
    assert 0 < found["share_below_threshold"] < 0.25
    assert "threshold" in run("inspect", model).out
    assert "-1, abnormal, below a score of" in run("inspect", model).out


def test_evaluate_tells_ranks_beside_the_teacher_and_what_labels_say(run, place, model):
    table = place / "table.csv"
    both = run("evaluate", model, table, "--label", "label", "--teacher", place / "kept.joblib")
    assert both.code == 0, both.err
    for words in ("outliers on 300 rows", "AUC", "teacher", "rank correlation", "and are outliers"):
        assert words in both.out
    alone = json.loads(run("evaluate", model, table, "--label", "label", "--json").out)
    assert alone["fidelity"] is None and alone["quality"]["student"]["auc"] > 0.8
    beside = run("evaluate", model, table, "--teacher", place / "kept.joblib", "--json")
    assert json.loads(beside.out)["quality"] == {"student": {}, "teacher": {}}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ([], "judged by --label"),
        (["--target", "label"], "but this one finds outliers; --label names a column of labels"),
        (["--label", "label", "--weight", "a"], "--weight is for models that learn a target"),
    ],
)
def test_evaluate_refuses_what_tells_nothing(run, place, model, options, match):
    result = run("evaluate", model, place / "table.csv", *options)
    assert result.code == 2 and match in result.err


def test_evaluate_of_other_models_needs_a_target(run, room):
    result = run("evaluate", room.classifier.model, room.csv)
    assert result.code == 2 and "--target must name the column" in result.err
    result = run("evaluate", room.classifier.model, room.csv, "--label", "churned")
    assert "--label is for outlier detectors, but this model predicts classes" in result.err


def test_compress_keeps_the_threshold_or_the_outliers_of_rows(run, place, model, tmp_path):
    out = tmp_path / "small.ekd"
    assert run("compress", model, "--out", out).code == 0
    before, after = load(model), load(out)
    assert after.offset_ == before.offset_
    np.testing.assert_array_equal(after.model.quantiles.score, before.model.quantiles.score)
    frame = pd.read_csv(place / "table.csv").drop(columns="label")
    result = run("compress", model, "--rows", place / "table.csv", "--prune", "0.7", "--out", out)
    assert result.code == 0, result.err
    assert "rms difference" in result.out
    again = load(out)
    assert again.offset_ != before.offset_
    n_before, n_again = ((found.predict(frame) == -1).sum() for found in (before, again))
    assert n_before >= 10 and n_again <= n_before  # rows that score alike are called alike
    result = run(
        "compress", model, "--rows", place / "table.csv", "--target", "label", "--out", out
    )
    assert result.code == 2 and "this model finds outliers" in result.err


def test_tune_writes_the_student_that_follows_best(run, place, tmp_path):
    out, forest = tmp_path / "m.ekd", place / "forest.joblib"
    options = ["--task", "outliers", "--drop", "label", "--teacher", forest, "--students", "tree"]
    options += ["--n-synthetic", "200", "--out", out]
    result = run("tune", place / "table.csv", *options, "--max-bytes", "50000", "--json")
    assert result.code == 0, result.err
    outcome = json.loads(result.out)
    assert [line["compression"] for line in outcome["students"]] == ["none", "int8"]
    chosen = [line for line in outcome["students"] if line["chosen"]]
    assert len(chosen) == 1
    assert chosen[0]["rank_correlation"] == max(
        line["rank_correlation"] for line in outcome["students"]
    )
    assert (outcome["fidelity_on"], outcome["fidelity"]["n_rows"]) == ("test", 60)
    assert load(out).offset_ == outcome["offset"]
    missed = run("tune", place / "table.csv", *options, "--max-bytes", "100")
    assert missed.code == 4 and "no student keeps 100 bytes; the nearest one, tree" in missed.err


@pytest.mark.parametrize("option", [["--sampler", "nsga2"], ["--min-gain-kept", "0.5"]])
def test_tune_refuses_options_of_a_study(run, place, tmp_path, option):
    out = tmp_path / "m.ekd"
    result = run("tune", place / "table.csv", "--task", "outliers", "--out", out, *option)
    assert result.code == 2 and "is for a search that judges by a target; outliers" in result.err


@pytest.mark.parametrize("to", ["onnx", "c", "json"])
def test_export_writes_score_and_decision(run, model, tmp_path, to):
    out = tmp_path / f"m.{to}"
    result = run("export", model, "--to", to, "--out", out)
    assert result.code == 0, result.err
    assert out.stat().st_size > 0


def test_other_commands_refuse_outliers_and_say_what_to_do(run, place, model, tmp_path):
    result = run(
        "calibrate", model, "--rows", place / "table.csv", "--target", "label",
        "--out", tmp_path / "m.ekd",
    )  # fmt: skip
    assert result.code == 2
    assert "this model finds outliers; distill --contamination sets its threshold" in result.err
    result = run("bench", place / "table.csv", "--task", "outliers", "--out", tmp_path / "b")
    assert result.code == 2 and "outliers have none" in result.err
