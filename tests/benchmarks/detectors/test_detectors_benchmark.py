"""The benchmark of detectors, on small tables that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.detectors import __main__ as program
from ensemble_kd.benchmarks.detectors import (
    _fit_time,
    _picture,
    _run,
    _table,
    check_goals,
    report,
    run_detectors,
)
from ensemble_kd.benchmarks.detectors._measure import ceiling
from ensemble_kd.benchmarks.detectors._outside import rows_outside
from ensemble_kd.benchmarks.detectors._table import DetectorTable, read_detector_table
from ensemble_kd.benchmarks.detectors.methods import METHODS
from ensemble_kd.errors import InputError

SMALL: dict[str, Any] = {"student": "tree", "n_synthetic": 200}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr("ensemble_kd.benchmarks.detectors._measure.N_LATENCY_ROWS", 2)
    monkeypatch.setattr("ensemble_kd.benchmarks.detectors._outside.N_ROWS", 8)
    monkeypatch.setattr("ensemble_kd.benchmarks.detectors.methods.suod.N_TREES", 3)
    monkeypatch.setattr("ensemble_kd.benchmarks.detectors.methods.uadb.N_EPOCHS", 1)

    def short(score: Any, rows: Any, **_: Any) -> float:
        score(rows[0])
        return 1.0

    monkeypatch.setattr("ensemble_kd.benchmarks.detectors._measure.latency_us", short)

    def with_few_rows(names: list[str], **more: Any) -> pd.DataFrame:
        return run_detectors(names, out=tmp_path, max_train=150, **SMALL, **more)

    return with_few_rows


def mixed(n_rows: int = 60) -> DetectorTable:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=n_rows),
            "count": rng.integers(0, 9, n_rows),
            "always": np.full(n_rows, 4.0),
            "city": rng.choice(["Oslo", "Rome"], n_rows),
        }
    )
    return DetectorTable("made_up", 0, frame, *[frame.head(30)] * 2, None, None, 4, "random")


def test_every_method_is_measured_once_and_kept(run, monkeypatch):
    pytest.importorskip("pyod")
    results = run(["breast_cancer"])
    assert results["skipped"].isna().all()
    assert list(results["method"]) == list(METHODS)
    numbers = ["auc", "rank_correlation", "top_1", "far_10_kept", "latency_us", "size_bytes"]
    assert results[numbers].notna().all().all()
    ensemble = results.set_index("method").loc["ensemble"]
    assert ensemble["rank_correlation"] == pytest.approx(1)
    assert ensemble["top_1"] == ensemble["far_10_kept"] == 1
    monkeypatch.setattr(_run, "read_detector_table", lambda *_: 1 / 0)
    pd.testing.assert_frame_equal(run(["breast_cancer"]), results, check_dtype=False)
    monkeypatch.setattr(_run, "source_digest", lambda _: "other code")
    assert run(["breast_cancer"])["skipped"].notna().all()


def test_a_table_without_two_classes_has_no_quality(run):
    results = run(["diabetes"], methods=["ensemble", "student"])
    assert results["skipped"].isna().all()
    assert "auc" not in results


def test_an_unknown_method_is_named(run):
    with pytest.raises(InputError, match=r"got 'studnet'\. Did you mean 'student'"):
        run(["diabetes"], methods=["studnet"])


def test_rows_outside_are_so_in_one_column_alone():
    table = mixed()
    outside = rows_outside(table).rows
    assert set(outside) == {"far_10", "far_2", "unseen"}
    low, high = (getattr(table.X_train["amount"], end)() for end in ("min", "max"))
    amounts = outside["far_10"]["amount"]
    beyond = np.maximum(low - amounts, amounts - high) / (high - low)
    assert beyond.max() == pytest.approx(10)
    assert set(np.round(beyond[beyond > 0], 6)) == {10.0}
    is_out = pd.DataFrame(
        {
            "amount": beyond > 0,
            "count": ~outside["far_10"]["count"].between(0, 8),
            "always": outside["far_10"]["always"] != 4,
            "city": ~outside["far_10"]["city"].isin(["Oslo", "Rome"]),
        }
    )
    assert is_out.sum(axis=1).eq(1).all()
    assert not is_out["city"].any()
    assert not outside["unseen"]["city"].isin(["Oslo", "Rome"]).any()
    assert outside["unseen"]["amount"].between(low, high).all()


def test_a_wide_table_keeps_the_columns_that_tell_most(monkeypatch):
    monkeypatch.setattr(_table, "MOST_COLUMNS", 5)
    table = read_detector_table("digits", max_train=100)
    assert table.n_columns == 5
    assert table.n_given == 64
    assert list(table.X_test) == list(table.X_train)


def test_rows_are_cut_with_abnormal_ones_in_their_share():
    table = read_detector_table("breast_cancer", max_train=100, max_test=100)
    assert len(table.X_train) == len(table.X_test) == 100
    everything = read_detector_table("breast_cancer")
    assert table.abnormal is not None and everything.abnormal is not None
    assert table.abnormal.mean() == pytest.approx(everything.abnormal.mean(), abs=0.01)


@pytest.mark.parametrize(
    ("scores", "share", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], 0.5, 1.0),
        ([1.0, 2.0, 2.0, 3.0], 0.5, 0.75),  # one is sure, the other one of two
        ([1.0, 1.0, 1.0, 1.0], 0.25, 0.25),
    ],
)
def test_ceiling_is_what_chance_leaves_among_ties(scores, share, expected):
    assert ceiling(np.array(scores), share) == pytest.approx(expected)


def by_hand(**changes: float) -> pd.DataFrame:
    """Return rows of two narrow sets and a wide one, on which every goal is reached."""
    good = {
        "skipped": None, "n_columns": 6, "n_given": 6, "auc": 0.9, "average_precision": 0.5,
        "rank_correlation": 0.99, "top_1": 0.9, "top_5": 0.95, "top_1_ceiling": 1.0,
        "top_5_ceiling": 1.0, "far_10_kept": 1.0, "far_2_kept": 0.9, "unseen_kept": 1.0,
        "latency_us": 1.0, "size_bytes": 1.7e5, "fit_seconds": 9.0,
    }  # fmt: skip
    rows = []
    for name, n_columns in (("one", 6), ("two", 45), ("wide", 160)):
        shape = {"dataset": name, "n_columns": n_columns, "n_given": n_columns}
        rows += [
            good | shape | {"method": "student"} | changes,
            good | shape | {"method": "ensemble", "rank_correlation": 1.0},
            good | shape | {"method": "knn", "auc": 0.8},
            good | shape | {"method": "suod", "rank_correlation": 0.9, "latency_us": 1e5},
        ]
    return pd.DataFrame(rows)


def test_goals_are_all_reached_by_rows_that_reach_them():
    assert [goal.text for goal in check_goals(by_hand()) if goal.reached is not True] == []


@pytest.mark.parametrize(
    ("column", "value", "n_missed"),
    [
        ("rank_correlation", 0.95, 2),  # median and each of the narrow ones
        ("rank_correlation", 0.89, 4),  # the wide one and SUOD's way, too
        ("top_1", 0.87, 1),
        ("auc", 0.87, 2),
        ("far_10_kept", 0.98, 2),
        ("far_2_kept", 0.87, 1),
        ("unseen_kept", 0.94, 1),
        ("size_bytes", 180_001, 1),
        ("latency_us", 11.0, 2),
    ],
)
def test_a_goal_that_is_missed_says_no(column, value, n_missed):
    missed = [goal for goal in check_goals(by_hand(**{column: value})) if goal.reached is False]
    assert len(missed) == n_missed
    assert all(goal.verdict == "no" for goal in missed)


def test_what_was_not_measured_is_no_goal_reached():
    goals = check_goals(by_hand().drop(columns="unseen_kept"))
    assert [goal.verdict for goal in goals if "unseen" in goal.text] == ["not measured"]


def test_report_tells_sets_methods_goals_and_failures(tmp_path, capsys):
    results = by_hand()
    failed = pd.DataFrame([{"dataset": "one", "method": "uadb", "skipped": "it broke"}])
    file = tmp_path / "rows.parquet"
    pd.concat([results, failed]).to_parquet(file)
    assert program.main(["--render", str(file)]) == 0
    told = capsys.readouterr().out
    assert "| wide " in told
    assert "| SUOD's way " in told
    assert "- one, uadb: it broke" in told
    assert report(results).count("| yes ") == len(check_goals(results))


def test_maps_are_drawn_of_both_near_and_far(tmp_path, monkeypatch):
    monkeypatch.setattr(_picture, "N_ROWS", 200)
    monkeypatch.setattr(_picture, "N_POINTS", 6)
    monkeypatch.setattr(_picture, "two_columns", lambda two=_picture.two_columns: two(200))
    file: Path = tmp_path / "maps.png"
    _picture.render_maps(file, **SMALL)
    assert file.read_bytes()[:4] == b"\x89PNG"


def test_fit_time_tells_stages_detectors_and_memory():
    told = _fit_time.fit_time(200, 10, **SMALL)
    for words in ("| teacher ", "| total ", "| isolation forest ", "Peak of memory"):
        assert words in told


def test_rows_that_cannot_be_found_are_told(capsys, tmp_path):
    assert program.main(["--datasets", "no_such_set", "--out", str(tmp_path)]) == 2
    assert "no_such_set" in capsys.readouterr().err
