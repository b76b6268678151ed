"""`tune` writes a student within its budget, or says which one comes nearest."""

from __future__ import annotations

import json

import pytest

from ensemble_kd import load
from ensemble_kd.metrics import measure_latency
from ensemble_kd.tuning import Meter

FAST = ["--students", "tree", "gbdt", "--trials", "4", "--n-synthetic", "200", "--cv", "2"]


@pytest.fixture
def timed_here(monkeypatch):
    """Files are timed in this process, which takes no time to begin."""

    def measure(self, path, rows, budget):
        return measure_latency(load(path).predict_one, rows, seconds=0.02)

    monkeypatch.setattr(Meter, "__call__", measure)


def test_tune_writes_a_student_within_its_budget(run, room, tmp_path):
    out = tmp_path / "tuned.ekd"
    result = run(
        "tune", room.csv, "--target", "churned", "--drop", "customer", "spend",
        "--teacher", room.classifier.teacher, "--max-latency-us", "5000", "--max-bytes", "30000",
        "--picture", tmp_path / "front.png", "--plots", tmp_path / "plots", "--out", out,
        "--sampler", "nsga2", "--effort", "0.5", "--finalists", "1", *FAST,
    )  # fmt: skip
    assert result.code == 0, result.err
    for words in ("rows that no trial saw", "optimism", "gain kept", "chosen: ", "model: "):
        assert words in result.out
    assert out.stat().st_size <= 30_000 and load(out).task == "classification"
    assert (tmp_path / "front.png").exists()
    drawn = {path.name for path in (tmp_path / "plots").iterdir()}
    assert drawn == {"front.png", "history.png", "slice.png", "timeline.png"}
    assert (tmp_path / "tuned.tune" / "journal.log").exists()


def test_tune_json_of_values_goes_on_where_it_stopped(run, room, tmp_path, timed_here):
    def tune(n_trials):
        result = run(
            "tune", room.parquet, "--target", "spend", "--drop", "customer", "churned",
            "--teacher", room.regressor.teacher, "--out", tmp_path / "tuned.ekd", "--json", *FAST,
            "--trials", n_trials,
        )  # fmt: skip
        assert result.code == 0, result.err
        return json.loads(result.out)

    first, second = tune(2), tune(3)
    assert second["n_trials"] >= first["n_trials"]
    assert first["task"] == "regression" and first["interrupted"] is False
    assert second["certificate"]["size_bytes"] == (tmp_path / "tuned.ekd").stat().st_size
    assert {"loss", "latency_p50_us", "size_bytes"} <= set(first["front"][0])


def test_tune_refuses_a_budget_that_nothing_keeps(run, room, tmp_path, timed_here):
    result = run(
        "tune", room.csv, "--target", "churned", "--drop", "customer", "spend",
        "--teacher", room.classifier.teacher, "--max-bytes", "1000",
        "--out", tmp_path / "tuned.ekd", *FAST,
    )  # fmt: skip
    assert result.code == 4
    assert "students meets 1,000 bytes. The nearest, trial" in result.err
    assert "would let it pass" in result.err and not (tmp_path / "tuned.ekd").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--picture", "absent/front.png"], "--picture absent/front.png cannot be written"),
        (["--plots", "file/plots"], "--plots file/plots cannot be made: Not a directory"),
    ],
)
def test_tune_refuses_before_the_search_what_it_could_not_draw(
    run, room, tmp_path, monkeypatch, options, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    result = run("tune", room.csv, "--target", "churned", "--out", "m.ekd", *options)
    assert result.code == 2
    assert words in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
