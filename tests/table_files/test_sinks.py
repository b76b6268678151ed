"""Predictions go to a file that is there whole or not at all, or to a device."""

import gc
import json
import os
import sys

import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.table_files import arrow_type, open_sink, sink_format


@pytest.mark.parametrize(
    ("out", "kind"),
    [
        ("-", "csv"),
        ("a.csv", "csv"),
        ("a.ndjson", "ndjson"),
        ("a.JSONL", "ndjson"),
        ("a.parquet", "parquet"),
        ("a.pq", "parquet"),
    ],
)
def test_sink_format_is_that_of_the_ending(out, kind):
    assert sink_format(out) == kind


def test_sink_format_refuses_another_ending():
    with pytest.raises(InputError, match=r"^a\.txt must end in \.csv, "):
        sink_format("a.txt")


def test_sinks_hold_the_same_rows(tmp_path):
    chunks = [{"id": ["a", "b"], "p": [0.25, 0.5]}, {"id": ["c"], "p": [1.0]}]
    for kind in ("csv", "ndjson", "parquet"):
        with open_sink(str(tmp_path / kind), kind) as sink:
            for chunk in chunks:
                sink.write(chunk, {"p": arrow_type([0.0])})
    expected = pd.DataFrame({"id": ["a", "b", "c"], "p": [0.25, 0.5, 1.0]})
    lines = (tmp_path / "ndjson").read_text().splitlines()
    for found in (
        pd.read_csv(tmp_path / "csv"),
        pd.DataFrame([json.loads(line) for line in lines]),
        pd.read_parquet(tmp_path / "parquet"),
    ):
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_sinks_leave_the_old_file_where_writing_fails(tmp_path, kind):
    out = tmp_path / "p"
    out.write_text("old")
    with pytest.raises(RuntimeError), open_sink(str(out), kind) as sink:
        sink.write({"p": [0.5]}, {"p": arrow_type([0.0])})
        raise RuntimeError
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_sinks_write_to_a_device_as_it_is(kind):
    with open_sink("/dev/null", kind) as sink:
        sink.write({"p": [0.5]}, {"p": arrow_type([0.0])})
    assert not os.path.isfile("/dev/null")


def test_sinks_refuse_places_that_cannot_be_written_to(tmp_path):
    for out, words in [
        (tmp_path / "absent" / "p.csv", "p.csv cannot be written: .* make sure that its directory"),
        (tmp_path, "cannot be written: it must be a file, got the directory"),
    ]:
        with pytest.raises(InputError, match=words), open_sink(str(out), "csv"):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["__init__", "write_table", "close"])
def test_sinks_say_nothing_more_of_parquet_that_was_interrupted(tmp_path, monkeypatch, place):
    """Wherever Ctrl-C comes in pyarrow, whose writer ends its file when it is thrown away."""
    module = pytest.importorskip("pyarrow.parquet")
    times = []

    class Interrupted(module.ParquetWriter):
        pass

    def interrupt(self, *args, **options):
        times.append(None)
        result = getattr(module.ParquetWriter.__mro__[1], place)(self, *args, **options)
        if len(times) == 1:
            raise KeyboardInterrupt
        return result

    setattr(Interrupted, place, interrupt)
    monkeypatch.setattr(module, "ParquetWriter", Interrupted)
    with pytest.raises(KeyboardInterrupt), open_sink(str(tmp_path / "p"), "parquet") as sink:
        sink.write({"p": [0.5]}, {"p": arrow_type([0.0])})
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    del sink
    gc.collect()
    assert told == []
    assert list(tmp_path.iterdir()) == []
