"""The programs that time fitting, small."""

from __future__ import annotations

import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.benchmarks import fit_time, munge_speed
from ensemble_kd.benchmarks.shared import mixed_table


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
