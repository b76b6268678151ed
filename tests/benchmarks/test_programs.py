"""The demo and the two timings, small."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.benchmarks import demo, fit_time, munge_speed
from ensemble_kd.benchmarks._tables import mixed_table


def test_demo_table_shows_every_method(results):
    text = demo.demo_table(results)
    assert "| clear    | distilled network    | log-loss 0.2700 |" in text
    assert text.count("75 %") == 1
    assert len(text.splitlines()) == 2 + 7


def test_findings_are_honest(results):
    clear, none = demo.findings(results)
    assert clear == (
        "clear: the distilled student keeps 75 % of the teacher's gain (3 random splits, 100 "
        "test rows)."
    )
    assert none.startswith("none: no gain to keep: the teacher is no better")
    assert "too few to tell the teacher's lead from chance" in none


def test_findings_say_that_distilling_did_not_help(results):
    worse = results.assign(loss=results["loss"] + 0.1 * results["method"].eq("distilled"))
    assert demo.findings(worse)[0].startswith("clear: no gain: the distilled student is no better")


def test_findings_name_failures(results):
    failed = results.iloc[:1].assign(skipped="ValueError: no")
    assert demo.findings(pd.concat([results, failed]))[-1] == "clear, teacher: ValueError: no"


def test_time_goes_to_teachers_students_and_the_rest(results):
    # 6 teachers of 20 s, 12 students of 5 s.
    line = demo.where_the_time_went(results, 200.0)
    assert line.startswith("Time: 200 s, of which teachers 120 s")
    assert line.endswith("60 s, scoring and measuring 20 s.")


def test_demo_stops_when_its_time_is_over(tmp_path, cheap, teacher_factory):
    settings = {"progress": False, "n_jobs": None, "teacher_factory": teacher_factory}
    results = demo.run_demo(tmp_path, ["iris"], seconds=0.0, **settings)
    assert results["seed"].eq(0).all()
    assert results["method"].tolist() == demo.METHOD_NAMES
    assert results["skipped"].isna().all()
    assert (tmp_path / "students" / "iris.seed0.distilled.ekd").is_file()


def test_munge_is_timed_beside_the_loop():
    seconds = munge_speed.measure_munge(60, 200, 10, 1, (2, 20), progress=False)
    assert all(taken > 0 for pair in seconds.values() for taken in pair)
    assert "scaled up" in munge_speed.speed_table(seconds)


def test_speed_table_ratio_by_hand():
    text = munge_speed.speed_table({"neighbours": (1.0, 50.0), "new rows": (3.0, 30.0)})
    assert text.splitlines()[-1].split("|")[2:5] == [
        "           4.00 s ",
        "                80.00 s ",
        "  20 x ",
    ]


def test_loop_finds_the_nearest_rows():
    coordinates = [[0.0], [10.0], [1.0], [3.0]]
    assert munge_speed.nearest_by_loop(coordinates, 0, 2) == [2, 3]


def test_fit_time_gives_stages_and_their_sum(cheap):
    X, y = mixed_table(120, 10)
    teacher = [("tree", DecisionTreeClassifier())]
    seconds = fit_time.time_fit(
        X.select_dtypes("number").fillna(0), y, teacher=teacher, student="tree"
    )
    assert list(seconds)[-2:] == ["other", "total"]
    assert sum(list(seconds.values())[:-1]) == pytest.approx(seconds["total"])
    assert "| total " in fit_time.time_table(seconds)


def test_fit_rows_are_made_up_without_a_data_folder(monkeypatch):
    monkeypatch.delenv("ENSEMBLE_KD_DATA", raising=False)
    X, y, name = fit_time.fit_rows(50, 15)
    assert X.shape == (50, 15)
    assert name == "made-up rows"
    assert set(y) == {0, 1}
