"""Rows come back from codes as they were: the same columns, dtypes and values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.rows import RowDecoder, match_columns, table, take_rows
from ensemble_kd.schema import TableSchema

FRAMES = {
    "nullable boolean": pd.DataFrame({"a": pd.array([True, None, False], dtype="boolean")}),
    "boolean objects": pd.DataFrame({"a": pd.Series([True, None, False], dtype=object)}),
    "boolean categories": pd.DataFrame({"a": pd.Categorical([True, None, False])}),
    "integer categories": pd.DataFrame({"a": pd.Categorical([3, None, 1], categories=[3, 2, 1])}),
    "nullable integers": pd.DataFrame({"a": pd.array([2**40, None], dtype="Int64")}),
    "nullable floats": pd.DataFrame({"a": pd.array([0.1, None], dtype="Float64")}),
    "strings": pd.DataFrame({"a": pd.array(["x", None, ""], dtype="string")}),
    "numbers as objects": pd.DataFrame({"a": pd.Series([1.5, np.nan], dtype=object)}),
    "sparse numbers": pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.5])}),
    "labels that are numbers": pd.DataFrame([[1.5, 2.5]], columns=[7, 3]),
    "texts without a gap": pd.DataFrame({"a": pd.Series(["x", "y"], dtype=object)}),
    "integers as objects": pd.DataFrame({"a": pd.Series([2**70, None, 5], dtype=object)}),
    "integers of Arrow": pd.DataFrame({"a": pd.Series([2**60 + 1, None], dtype="int64[pyarrow]")}),
    "booleans of Arrow": pd.DataFrame({"a": pd.Series([True, None], dtype="bool[pyarrow]")}),
    "strings of Arrow": pd.DataFrame({"a": pd.Series(["x", None], dtype="string[pyarrow]")}),
}
MISSING = {"None": None, "NaN": np.nan, "NA": pd.NA, "NaT": pd.NaT}
VALUES = {"text": ["x", "y"], "booleans": [True, False], "mixed": ["x", 1], "numbers": [1.0, 2.5]}
LIMITS = {
    f"{dtype} {side}": (dtype, getattr(np.iinfo(dtype), side))
    for dtype in ("int8", "int32", "uint32", "int64", "uint64")
    for side in ("min", "max")
}


def decoded(table):
    """Return a table after it was encoded and decoded."""
    schema = TableSchema.infer(table)
    return RowDecoder(table, schema).decode(schema.encode(table))


def test_row_decoder_returns_a_mixed_frame_as_it_was(make_frame):
    frame = make_frame(40)
    pd.testing.assert_frame_equal(decoded(frame), frame)


@pytest.mark.parametrize("name", FRAMES)
def test_row_decoder_returns_a_column_as_it_was(name):
    pd.testing.assert_frame_equal(decoded(FRAMES[name]), FRAMES[name])


@pytest.mark.parametrize(
    "table",
    [
        np.array([[1, 2], [3, 4]], dtype=np.int16),
        np.array([[0.1, np.nan]], dtype=np.float32),
        np.array([[True, False]]),
        np.array([["a", "bb"]]),
        np.array([["a", 1.5, True], [None, None, None]], dtype=object),
    ],
    ids=lambda table: str(table.dtype),
)
def test_row_decoder_returns_an_array_as_it_was(table):
    back = decoded(table)
    assert back.dtype == table.dtype
    np.testing.assert_array_equal(pd.isna(back), pd.isna(table))
    np.testing.assert_array_equal(back[~pd.isna(back)], table[~pd.isna(table)])


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("marker", MISSING)
@pytest.mark.parametrize("as_frame", [True, False], ids=["frame", "array"])
def test_row_decoder_has_for_missing_what_the_column_had(marker, kind, as_frame):
    cells = pd.Series([*VALUES[kind], MISSING[marker]] * 3, dtype=object)
    back = decoded(pd.DataFrame({"a": cells}) if as_frame else cells.to_numpy()[:, None])
    found = back["a"] if as_frame else back[:, 0]
    assert [repr(value) for value in found] == [repr(value) for value in cells]


def test_row_decoder_has_of_several_for_missing_the_most_frequent():
    frame = pd.DataFrame({"a": pd.Series(["x", None, np.nan, np.nan], dtype=object)})
    assert [repr(value) for value in decoded(frame)["a"]] == ["'x'", "nan", "nan", "nan"]


def test_row_decoder_has_a_marker_for_each_column():
    table = np.array([["x", True], [None, np.nan]], dtype=object)
    assert repr(decoded(table)[1].tolist()) == "[None, nan]"


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("form", ["array", "plain", "nullable", "arrow", "sparse", "objects"])
def test_row_decoder_keeps_the_limits_of_a_dtype(limit, form):
    dtype, extreme = LIMITS[limit]
    plain = np.array([extreme, 1, extreme, 2], dtype=dtype)
    series = pd.Series(plain)
    if form == "nullable":
        series = series.astype(dtype.replace("i", "I").replace("uI", "UI"))
    elif form == "arrow":
        series = series.astype(f"{dtype}[pyarrow]")
    elif form == "sparse":
        series = series.astype(pd.SparseDtype(dtype, 1))
    elif form == "objects":
        series = series.astype(object)
    back = decoded(plain[:, None])[:, 0] if form == "array" else decoded(series.to_frame("a"))["a"]
    assert back.dtype == series.dtype
    assert [int(value) for value in back] == plain.tolist()


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int64[pyarrow]", "object"])
def test_row_decoder_gives_back_integers_that_float64_rounds(dtype):
    # All of them are 2**53 + 4 as float64; of each float the most frequent one comes back.
    values = [2**53 + 3, 2**53 + 5, 2**53 + 5, -(2**53) - 1]
    frame = pd.DataFrame({"a": pd.Series(values, dtype=dtype)})
    back = decoded(frame)["a"]
    assert back.dtype == frame["a"].dtype
    assert [int(value) for value in back] == [2**53 + 5] * 3 + [-(2**53) - 1]


def test_row_decoder_brings_numbers_inside_the_dtype():
    frame = pd.DataFrame({"a": np.array([2**62, 5]), "b": np.array([7, 200], dtype=np.uint8)})
    decoder = RowDecoder(frame, TableSchema.infer(frame))
    back = decoder.decode(np.array([[2.0**63, 300.0], [-(2.0**63), -3.0], [4.6, 2.5]]))
    assert back["a"].tolist() == [2**63 - 1, -(2**63), 5]
    assert back["b"].tolist() == [255, 0, 2]


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
@pytest.mark.parametrize(
    ("values", "kind", "dtype"),
    [
        ([2**53 + 1, None], "int64", "Int64"),
        ([2**64 - 1, None], "uint64", "UInt64"),
        ([1, None], "int64", "float64"),
    ],
)
def test_table_takes_large_integers_beside_a_gap_as_they_are(library, values, kind, dtype):
    module = pytest.importorskip(library)
    if library == "pyarrow":
        given = module.table({"a": module.array(values, kind), "b": [1.5, None]})
    else:
        whole = {"int64": module.Int64, "uint64": module.UInt64}[kind]
        given = module.DataFrame({"a": module.Series(values, dtype=whole), "b": [1.5, None]})
    frame = table(given)
    assert frame.dtypes.astype(str).tolist() == [dtype, "float64"]
    assert frame["a"].tolist()[0] == values[0]


@pytest.mark.parametrize("dtype", ["object", "str", "string", "category", "string[pyarrow]"])
@pytest.mark.parametrize("marker", MISSING)
def test_match_columns_has_for_missing_what_the_table_had(marker, dtype):
    like = pd.DataFrame({"a": pd.Series(["x", MISSING[marker]], dtype=object), "b": [1.5, np.nan]})
    given = pd.DataFrame({"b": [np.nan], "a": pd.Series([np.nan], dtype=dtype)})
    before = given.copy()
    matched = match_columns(given, like)
    assert repr(matched["a"].tolist()) == f"[{MISSING[marker]!r}]"
    assert np.isnan(matched["b"][0])
    pd.testing.assert_frame_equal(given, before)


@pytest.mark.parametrize("dtype", ["str", "string", "category"])
def test_match_columns_has_for_missing_what_a_dtype_has(dtype):
    like = pd.DataFrame({"a": pd.Series(["x", None], dtype=dtype)})
    given = pd.DataFrame({"a": pd.Series(["y", None], dtype=object)})
    assert repr(match_columns(given, like)["a"][1]) == repr(like["a"][1])
    assert repr(match_columns(given, like.astype(object).to_numpy())[1, 0]) == repr(like["a"][1])


def test_row_decoder_keeps_no_row_of_the_table(make_frame):
    frame = make_frame(40)
    decoder = RowDecoder(frame, TableSchema.infer(frame))
    assert len(decoder._template) == 0


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True]), slice(1, 3)])
def test_take_rows_takes_the_same_of_frame_and_array(rows):
    array = np.arange(6).reshape(3, 2)
    frame = pd.DataFrame(array, index=[7, 8, 9])
    np.testing.assert_array_equal(take_rows(frame, rows), take_rows(array, rows))
