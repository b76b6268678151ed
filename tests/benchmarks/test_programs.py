"""The programs that time fitting, small."""

from __future__ import annotations

import functools
import re

import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier
from ensemble_kd.benchmarks import fit_time, munge_speed
from ensemble_kd.benchmarks.quality import presets
from ensemble_kd.benchmarks.shared import mixed_table


def plain_table(n_rows: int, n_columns: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return a table that a tree of scikit-learn can read."""
    X, y = mixed_table(n_rows, n_columns)
    return X.select_dtypes("number").fillna(0), y


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
    X, y = plain_table(120, 10)
    teacher = [("tree", DecisionTreeClassifier())]
    seconds = fit_time.time_fit(X, y, teacher=teacher, student="tree")
    assert list(seconds)[-2:] == ["other", "total"]
    assert sum(list(seconds.values())[:-1]) == pytest.approx(seconds["total"])
    assert "| total " in fit_time.time_table(seconds)


def test_fit_rows_are_made_up_without_a_data_folder(monkeypatch):
    monkeypatch.delenv("ENSEMBLE_KD_DATA", raising=False)
    X, y, name = fit_time.fit_rows(50, 15)
    assert X.shape == (50, 15)
    assert name == "made-up rows"
    assert set(y) == {0, 1}


def test_fit_time_tells_the_peak_of_memory(cheap, monkeypatch, capsys):
    monkeypatch.delenv("ENSEMBLE_KD_DATA", raising=False)
    small = functools.partial(DistilledClassifier, DecisionTreeClassifier(), student="tree")
    monkeypatch.setattr(fit_time, "DistilledClassifier", small)
    monkeypatch.setattr(fit_time, "mixed_table", lambda *shape: plain_table(*shape))
    assert fit_time.main(["--rows", "120", "--columns", "10"]) == 0
    told = capsys.readouterr().out
    assert "on 120 made-up rows" in told
    peak, before = re.search(r"memory: (.+) MB, of which before the fit (.+) MB\.", told).groups()
    assert float(peak) >= float(before) > 0


def test_fit_rows_are_made_up_where_the_real_ones_are_too_few(monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_DATA", "nowhere")
    assert fit_time.fit_rows(50, 20)[2] == "made-up rows"


def test_munge_speed_prints_its_table(capsys):
    size = ["--real", "60", "--synthetic", "200", "--columns", "10", "--repeats", "1"]
    assert munge_speed.main(size) == 0
    assert "| new rows " in capsys.readouterr().out


def test_presets_are_compared_by_loss_and_seconds(capsys):
    options = ["--datasets", "breast_cancer", "diabetes", "--presets", "fast", "--rows", "60"]
    assert presets.main(options) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        "data set", "loss: fast", "CPU s: fast",
    ]  # fmt: skip
    assert [row.split("|")[1].strip() for row in rows] == ["breast_cancer", "diabetes"]
    assert all(float(cell) > 0 for row in rows for cell in row.split("|")[2:4])
