"""Rows come back from codes as they were: the same columns, dtypes and values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.rows import RowDecoder, take_rows
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


def test_row_decoder_keeps_no_row_of_the_table(make_frame):
    frame = make_frame(40)
    decoder = RowDecoder(frame, TableSchema.infer(frame))
    assert len(decoder._template) == 0


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True]), slice(1, 3)])
def test_take_rows_takes_the_same_of_frame_and_array(rows):
    array = np.arange(6).reshape(3, 2)
    frame = pd.DataFrame(array, index=[7, 8, 9])
    np.testing.assert_array_equal(take_rows(frame, rows), take_rows(array, rows))
