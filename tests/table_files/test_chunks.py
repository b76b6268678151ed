"""A table in chunks has the values that the schema of a model means."""

import io

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.table_files import read_chunks
from ensemble_kd.table_files._values import MISSING


@pytest.fixture
def table_file(tmp_path):
    """Write text as a CSV file."""

    def _write(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return str(path)

    return _write


def encode_text(path, schema, **kwargs):
    return np.vstack([schema.encode(chunk) for chunk in read_chunks(path, schema, [], 100)])


def one_column(table_file, column, *texts):
    schema = TableSchema((column,))
    path = table_file("c\n" + "".join(f'"{text}"\n' for text in texts))
    return encode_text(path, schema)[:, 0].tolist()


@pytest.mark.parametrize(
    ("categories", "texts", "codes"),
    [
        ((1, 2, 10), ["1", "2.0", "10", "3", "x"], [0, 1, 2, 3, 3]),
        ((0.5, 1.5), ["0.5", "1.50", "2"], [0, 1, 2]),
        ((False, True), ["false", "True", "1", "0"], [0, 1, 1, 0]),
        (("1", "01", "x"), ["1", "01", "x", "1.0"], [0, 1, 2, 3]),
        ((7, "x"), ["7", "x", "y"], [0, 1, 2]),
        ((2**60, 2**60 + 1), [str(2**60), str(2**60 + 1)], [0, 1]),
        (("NA", "None"), ["NA", "None"], [0, 1]),
    ],
)
def test_categories_are_found_by_their_text(table_file, categories, texts, codes):
    column = Column("c", "categorical", categories=categories)
    assert one_column(table_file, column, *texts) == codes


@pytest.mark.parametrize("kind", ["numeric", "boolean", "categorical"])
def test_missing_texts_are_missing_in_every_kind(table_file, kind):
    column = Column("c", kind, categories=("a",) if kind == "categorical" else ())
    assert np.isnan(one_column(table_file, column, *sorted(MISSING))).all()


def test_missing_texts_are_those_of_pandas():
    text = "c,d\n" + "".join(f"{text},1\n" for text in sorted(MISSING))
    assert pd.read_csv(io.StringIO(text))["c"].isna().all()


def test_numbers_and_booleans_are_read(table_file):
    numeric, boolean = Column("c", "numeric"), Column("c", "boolean")
    assert one_column(table_file, numeric, "1", " 2.5", "-1e3", "inf") == [1, 2.5, -1000, np.inf]
    texts = ["true", "FALSE", "1", "0", "1.0"]
    assert one_column(table_file, boolean, *texts) == [1, 0, 1, 0, 1]


def test_columns_without_names_are_taken_by_place(table_file):
    schema = TableSchema((Column("x0", "numeric"), Column("x1", "numeric")), named=False)
    assert encode_text(table_file("b,a\n1,2\n"), schema).tolist() == [[1, 2]]
    assert encode_text(table_file("z,x1,x0\n9,2,1\n"), schema).tolist() == [[1, 2]]
    with pytest.raises(InputError, match="'x0' and 1 more missing"):
        encode_text(table_file("a,b,c\n1,2,3\n"), schema)


def test_repeated_columns_and_empty_files_are_refused(table_file):
    schema = TableSchema((Column("a", "numeric"),))
    with pytest.raises(InputError, match="'a' more than once"):
        encode_text(table_file("a,a\n1,2\n"), schema)
    with pytest.raises(InputError, match="column names"):
        encode_text(table_file(""), schema)


def test_parquet_types_agree_with_the_frame(tmp_path):
    import decimal

    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "c": pd.Categorical(["x", None, "y"]),
            "d": [decimal.Decimal("1.5"), None, decimal.Decimal("2")],
            "n": [None, None, None],
        }
    )
    schema = TableSchema(
        (
            Column("i", "numeric"),
            Column("b", "boolean"),
            Column("c", "categorical", categories=("x", "y")),
            Column("d", "numeric"),
            Column("n", "numeric"),
        )
    )
    frame.to_parquet(tmp_path / "t.parquet")
    codes = encode_text(str(tmp_path / "t.parquet"), schema)
    nan = np.nan
    expected = [[1, 1, 0, 1.5, nan], [nan] * 5, [3, 0, 1, 2, nan]]
    np.testing.assert_array_equal(codes, expected)
