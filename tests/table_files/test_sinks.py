"""Predictions go to a file that is there whole or not at all, or to a device."""

import json
import os

import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.table_files import arrow_type, check_writable, open_sink, sink_format
from ensemble_kd.table_files._whole_file import replacing


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


def test_replacing_writes_to_a_device_as_it_is():
    with replacing("/dev/null", binary=False) as file:
        file.write("x")
    assert not os.path.isfile("/dev/null")


def test_places_that_cannot_be_written_to_are_refused(tmp_path):
    with pytest.raises(InputError, match="make sure that its directory exists"):
        check_writable(str(tmp_path / "absent" / "p.csv"))
    with (
        pytest.raises(InputError, match="got the directory"),
        replacing(str(tmp_path), binary=True),
    ):
        pass
    check_writable(str(tmp_path / "p.csv"))
    assert list(tmp_path.iterdir()) == []
