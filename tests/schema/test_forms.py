"""Rows are read alike in every form that they may come in, and what is no table is told so."""

from __future__ import annotations

import datetime
from collections import ChainMap, OrderedDict, defaultdict, deque
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.schema import Column, TableSchema

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

SCHEMA = TableSchema(
    (
        Column("amount", "numeric", nullable=True, minimum=0.0, maximum=9.5),
        Column("paid", "boolean"),
        Column("city", "categorical", nullable=True, categories=("Oslo", "Rome")),
    )
)
ROW = {"amount": 2.5, "paid": True, "city": "Rome"}
CODES = [2.5, 1.0, 1.0]
PLAIN = TableSchema((Column("x0", "numeric", True), Column("x1", "numeric")), named=False)


class Row(dict):
    """A dict of somebody's own."""


class Distant:
    """A frame whose columns are computed elsewhere, as one of Spark is."""

    columns = tuple(ROW)

    def __getitem__(self, name):
        return object()


@pytest.mark.parametrize(
    "table",
    [
        ROW,
        Row(ROW),
        OrderedDict(reversed(ROW.items())),
        MappingProxyType(ROW),
        ChainMap({"amount": 2.5}, ROW),
        defaultdict(float, ROW),
        [MappingProxyType(ROW)],
        deque([ROW]),
        np.array([ROW], dtype=object),
        pl.DataFrame([ROW]),
        pl.LazyFrame([ROW]),
        pl.LazyFrame([ROW]).select("city", "paid", "amount"),
        pa.Table.from_pylist([ROW]),
        pa.RecordBatch.from_pylist([ROW]),
        pa.Table.from_pylist([ROW]).select(["paid", "city", "amount"]),
        pd.DataFrame([ROW]).to_records(index=False),
        np.array([tuple(ROW.values())], dtype=[("amount", "f4"), ("paid", "?"), ("city", "U4")]),
        np.ma.masked_array(np.array([list(ROW.values())], dtype=object)),
        pa.table({"amount": [Decimal("2.50")], "paid": [True], "city": ["Rome"]}),
        pl.DataFrame(ROW | {"amount": [Decimal("2.50")]}),
        pd.DataFrame([ROW]).astype({"amount": pd.ArrowDtype(pa.decimal128(5, 2))}),
    ],
    ids=lambda table: f"{type(table).__module__}.{type(table).__name__}",
)
def test_schema_encodes_a_row_the_same_in_every_form(table):
    np.testing.assert_array_equal(SCHEMA.encode(table), [CODES])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "must be a data frame, an array .* or a list of dicts, got NoneType"),
        ("amount", "got str"),
        ({1.0, 2.0}, "got set"),
        ((row for row in [ROW]), r"got generator; give list\(X\)"),
        (map(dict, [ROW]), r"got map; give list\(X\)"),
        ({"amount": [1.0], "paid": [True], "city": ["Rome"]}, "a dict is one row, .* got list for"),
        (ROW | {"city": np.array(["Rome"])}, "a dict is one row, .* got ndarray for 'city'"),
        (ROW | {"city": pd.Series(["Rome"])}, "a dict is one row, .* got Series for 'city'"),
        (pd.Series(ROW), r"got 1D array .* \[X.to_dict\(\)\] for one sample"),
        ([[1, 2], [1]], "must have rows of one length"),
        (3.0, "Expected 2D array, got 0D array"),
        (
            pa.table([[1.0], [2.0], [True], ["Rome"]], ["amount", "amount", "paid", "city"]),
            "unique",
        ),
        (pd.DataFrame([[1.0, 2.0, True, "Rome"]], columns=["amount", *ROW]), "unique"),
        (pd.DataFrame(), "X has 0 features|must hold the columns"),
        (np.zeros(1, [("amount", "f8", 2), ("paid", "?"), ("city", "U4")]), "one value a row"),
        (Distant(), "column 'amount' must hold one value a row, in memory, got object of Distant"),
        ([ROW, 5], "row 1 must be a dict, got int"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_schema_says_of_what_is_no_table_what_to_give(table, message):
    with pytest.raises(InputError, match=message):
        SCHEMA.encode(table)


@pytest.mark.parametrize("table", [ROW, [ROW], deque([ROW])])
def test_schema_learns_from_no_dicts(table):
    with pytest.raises(InputError, match="must be a data frame or an array"):
        TableSchema.infer(table)


# --- masks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "O"])
def test_schema_takes_a_masked_value_as_missing(dtype):
    mask = [[True, False], [False, False]]
    table = np.ma.masked_array(np.array([[1, 2], [3, 4]], dtype=dtype), mask=mask)
    np.testing.assert_array_equal(PLAIN.encode(table), [[np.nan, 2.0], [3.0, 4.0]])
    assert [column.nullable for column in TableSchema.infer(table).columns] == [True, False]


def test_schema_tells_masked_whole_numbers_apart_that_float64_does_not():
    first = 2**53
    ids = TableSchema((Column("id", "categorical", True, categories=(first, first + 1)),), False)
    table = np.ma.masked_array([[first + 1], [0]], mask=[[False], [True]])
    np.testing.assert_array_equal(ids.encode(table), [[1.0], [np.nan]])


def test_schema_takes_a_masked_boolean_as_missing():
    table = np.ma.masked_array([[True], [False]], mask=[[False], [True]])
    assert TableSchema.infer(table).columns == (Column("x0", "boolean", nullable=True),)


# --- names that are numbers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [[3, 7], [7, 3], [0, 1], [1, 0], [0.5, 2.0], [("a", 1), ("a", 2)]]
)
def test_schema_reads_a_row_by_the_names_of_its_frame(names):
    frame = pd.DataFrame([[1.5, 2.5]], columns=pd.Index(names, tupleize_cols=False))
    schema = TableSchema.infer(frame)
    row = frame.iloc[0].to_dict()
    np.testing.assert_array_equal(schema.encode_one(row), schema.encode(frame))
    np.testing.assert_array_equal(schema.encode(frame.to_dict("records") * 2)[:1], [[1.5, 2.5]])


def test_schema_takes_a_row_of_positions_as_a_frame_without_names():
    frame = pd.DataFrame([[1.5, 2.5]])
    row = frame.iloc[0].to_dict()
    np.testing.assert_array_equal(PLAIN.encode_one(row), PLAIN.encode(frame))
    np.testing.assert_array_equal(PLAIN.encode_one({"x1": 2.5, "x0": 1.5}), [[1.5, 2.5]])


@pytest.mark.parametrize(
    ("row", "message"),
    [({3: 1.0, "3": 2.0, 7: 1.0}, "'3' more than once"), ({3: 1.0, 8: 1.0}, "the key '8'")],
)
def test_schema_refuses_a_row_whose_numbers_name_no_column_or_one_twice(row, message):
    schema = TableSchema.infer(pd.DataFrame([[1.5, 2.5]], columns=[3, 7]))
    with pytest.raises(InputError, match=message):
        schema.encode_one(row)


# --- a frame of one row ---------------------------------------------------------------------------

NOW = datetime.datetime(2020, 1, 1)
CELLS = [
    1.5, 0.0, -0.0, np.inf, 3, 0, 2**53 + 1, 2**63, True, False, "Rome", "Lima", "", "1", None, NOW,
    NOW.date(), Decimal("1.5"), b"Rome", 1j, [1], float("nan"), 2**70,
]  # fmt: skip
DTYPES = ["object", "category", "Int64", "Float32", "boolean", "string", "str", "f4", "u8", None]
KINDS = TableSchema(
    (
        Column("n", "numeric", nullable=True),
        Column("b", "boolean", nullable=True),
        Column("s", "categorical", True, categories=("Oslo", "Rome")),
        Column("i", "categorical", True, categories=(True, 3, 1.5, "x")),
        Column("k", "categorical", True, categories=(2**53, 2**53 + 1)),
    )
)


def outcome(schema, table) -> list[str]:
    try:
        return [repr(code) for code in schema.encode(table)[0].tolist()]
    except (InputError, TypeError) as error:
        return [type(error).__name__, str(error)]


def frames_of(cell) -> list[tuple[str, object, object]]:
    """Return frames of one row and of twice this row, of each library and dtype that fits."""
    made = []
    others = {"whole": 7, "float": 2.5, "text": "x", "flag": True}
    for dtype in DTYPES:
        for beside in ({}, others, {"whole": 7}, {"float": 2.5}):
            try:
                two = pd.DataFrame({"cell": pd.Series([cell, cell], dtype=dtype)}).assign(**beside)
            except (TypeError, ValueError, OverflowError, IndexError):
                continue
            made.append((f"pandas {dtype} {len(beside)}", two.head(1), two))
    for library, make in (("polars", pl.DataFrame), ("arrow", pa.table)):
        try:
            two = make({"cell": [cell, cell], "whole": [7, 7]})
        except Exception:  # no type of the library holds it
            continue
        made.append((library, two[:1], two))
    return made


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("cell", CELLS, ids=repr)
@pytest.mark.parametrize("name", KINDS.names)
def test_schema_reads_a_frame_of_one_row_as_one_of_several(name, cell):
    (column,) = (column for column in KINDS.columns if column.name == name)
    schema = TableSchema((Column(**(vars(column) | {"name": "cell"})),))
    for what, one, two in frames_of(cell):
        assert outcome(schema, one) == outcome(schema, two), what


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist])
def test_schema_takes_no_column_of_a_frame_of_one_plain_row(make, monkeypatch):
    def taker(X, labels):
        return lambda j: pytest.fail(f"the column {labels[j]!r} was taken")

    monkeypatch.setattr("ensemble_kd.schema._tables._taker", taker)
    np.testing.assert_array_equal(SCHEMA.encode(make([ROW | {"further": "x"}])), [CODES])
