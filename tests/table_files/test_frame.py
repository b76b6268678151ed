"""A whole table is read as its author meant it."""

import re

import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.schema import TableSchema
from ensemble_kd.table_files import check_column, read_chunks, read_frame


def test_codes_with_leading_zeros_stay_apart(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("zip,n\n007,1\n7,2\n,3\n012,4\n", encoding="utf-8")
    notes: list[str] = []
    frame = read_frame(str(path), notes.append)
    assert frame["zip"].dropna().tolist() == ["007", "7", "012"]
    assert frame["n"].tolist() == [1, 2, 3, 4]
    assert "zip" in notes[0]


def test_columns_of_texts_stay_texts(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("zip,n\n10001,1\n,2\n20002,3\n", encoding="utf-8")
    frame = read_frame(str(path), print, texts=["zip", "absent"])
    assert frame["zip"].dropna().tolist() == ["10001", "20002"]
    assert frame["n"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["category", "Int64", "uint64[pyarrow]"])
def test_large_ids_of_parquet_are_whole_beside_a_gap(tmp_path, kind):
    values = pd.array([2**53, 2**53 + 1, None, 2**53 + 2], dtype="Int64")
    given = pd.DataFrame({"id": pd.Series(values), "other": [1.5, 2.0**60, None, 3.0]})
    given["id"] = pd.Categorical(values) if kind == "category" else given["id"].astype(kind)
    given.to_parquet(tmp_path / "t.parquet")
    frame = read_frame(str(tmp_path / "t.parquet"), print)
    assert frame["id"].dropna().tolist() == [2**53, 2**53 + 1, 2**53 + 2]
    assert (frame["id"].dtype == "category") == (kind == "category")
    assert frame["other"].dtype == "float64"


@pytest.mark.parametrize(
    ("name", "text", "near"),
    [
        ("t.csv", "a;b;y\n1;2;0\n", "';'"),
        ("t.csv", "a;b;y\n1,5;2;0\n", "';'"),  # decimal commas
        ("t.csv", "a\tb\ty\n1\t2\t0\n", r"'\t'"),
        ("t.tsv", "a,b,y\n1,2,0\n", "','"),
        ("t.csv", "a|b|y\n1|2|0\n", "'|'"),
    ],
)
def test_fields_that_stand_apart_by_something_else_get_a_hint(tmp_path, name, text, near):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(f"seem to stand apart by {near}: save it")):
        names = [str(column) for column in read_frame(str(path), print).columns]
        check_column("--target", "y", names, str(path))
    schema = TableSchema.infer(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    with pytest.raises(InputError, match=re.escape(f"seem to stand apart by {near}: save it")):
        list(read_chunks(str(path), schema, [], 10))


def test_column_that_is_absent_is_told_with_those_that_are_there():
    names = [f"c{i}" for i in range(9)] + ["Churned"]
    for wrong in ("churned", "CHURNED", "churnd"):
        with pytest.raises(InputError, match=r"did you mean 'Churned'\?"):
            check_column("--target", wrong, names, "t.csv")
    with pytest.raises(InputError, match=r"its 10 columns are 'c0', .*'c4', \.\.\., 'Churned'\."):
        check_column("--target", "y", names, "t.csv")
    with pytest.raises(InputError, match=r"its 1 columns are 'c0'\."):
        check_column("--target", "y", ["c0"], "t.csv")
