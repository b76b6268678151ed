"""The benchmark of compression, on a small twin."""

from __future__ import annotations

import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.benchmarks import compress
from ensemble_kd.benchmarks.shared import mixed_table


@pytest.fixture(scope="module")
def rows():
    X, y = mixed_table(300, 6)
    small = {"SMALL_BYTES": 8_000, "FAST_EFFORT": 0.01}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small.items():
            patch.setattr(compress, name, value)
        teacher = DecisionTreeClassifier(max_depth=4)
        return compress.compressed_rows(X[:200], y[:200], X[200:], y[200:], teacher)[0]


def test_compress_has_a_line_for_every_way(rows):
    ways = [row["way"] for row in rows]
    assert ways == ["teacher", "float32", "small", "hard labels", *compress.WAYS]
    size = {row["way"]: row.get("size_bytes") for row in rows}
    assert size["int8"] < size["float16"] < size["float32"]


def test_compress_tables_name_each_set(rows):
    for table in (compress.auc_table, compress.gain_table, compress.size_table):
        assert table({"made up": rows}).splitlines()[-1].startswith("| made up ")


def test_compress_verdict_is_that_of_the_worst_set():
    def lines(loss):
        return [{"way": "float32", "auc": 0.9}, {"way": "int8", "auc": 0.9 - loss}]

    text, passed = compress.verdict({"a": lines(0.0001), "b": lines(0.002)})
    assert not passed and "does NOT lose" in text and text.endswith("on b.")
    assert compress.verdict({"a": lines(0.0005)})[1]


def test_compress_program_fails_where_int8_loses_too_much(rows, monkeypatch, capsys):
    monkeypatch.setattr(compress, "compressed_rows", lambda *_: (rows, None))
    by_way = {row["way"]: row for row in rows}
    for loss, code in ((0.0, 0), (0.01, 1)):
        monkeypatch.setitem(by_way["int8"], "auc", by_way["float32"]["auc"] - loss)
        assert compress.main(["--datasets", "breast_cancer"]) == code
    assert "| 30 mixed columns " in capsys.readouterr().out
