"""One table gives one matrix of numbers, however it is written down."""

from __future__ import annotations

import difflib
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensemble_kd.errors import InputError
from ensemble_kd.schema import Column, TableSchema, near_match

SCHEMA = TableSchema(
    (
        Column("amount", "numeric", minimum=0.0, maximum=9.5),
        Column("paid", "boolean"),
        Column("city", "categorical", nullable=True, categories=("Oslo", "Rome")),
    )
)
ROW = {"amount": 2.5, "paid": True, "city": "Rome"}
CODES = [2.5, 1.0, 1.0]


def one_column(values, **keywords) -> pd.DataFrame:
    """Return a frame of the column `a`."""
    return pd.DataFrame({"a": pd.Series(values, **keywords)})


# --- inference ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([1.5, 2.0]), Column("a", "numeric", minimum=1.5, maximum=2.0)),
        (pd.Series([1.5], dtype="float32"), Column("a", "numeric", minimum=1.5, maximum=1.5)),
        (pd.Series([3, 1]), Column("a", "numeric", integer=True, minimum=1.0, maximum=3.0)),
        (
            pd.Series([3, None], dtype="Int64"),
            Column("a", "numeric", nullable=True, integer=True, minimum=3.0, maximum=3.0),
        ),
        (
            pd.Series([1, 2.5, None], dtype=object),
            Column("a", "numeric", nullable=True, minimum=1.0, maximum=2.5),
        ),
        (pd.Series([np.inf, 1.5]), Column("a", "numeric", minimum=1.5, maximum=1.5)),
        (pd.Series([np.nan, np.nan]), Column("a", "numeric", nullable=True)),
        (pd.Series([None, None], dtype=object), Column("a", "numeric", nullable=True)),
        (pd.Series([True, False]), Column("a", "boolean")),
        (pd.Series([True, None], dtype="boolean"), Column("a", "boolean", nullable=True)),
        (pd.Series([True, None], dtype=object), Column("a", "boolean", nullable=True)),
        (pd.Series(["b", "a"]), Column("a", "categorical", categories=("a", "b"))),
        (
            pd.Series(["b", None], dtype="string"),
            Column("a", "categorical", nullable=True, categories=("b",)),
        ),
        (
            pd.Series(["b", pd.NaT, pd.NA, np.nan], dtype=object),
            Column("a", "categorical", nullable=True, categories=("b",)),
        ),
        (
            pd.Series(["x", 2, True], dtype=object),
            Column("a", "categorical", categories=(True, 2, "x")),
        ),
        (
            pd.Series(pd.Categorical([3, 1, None], categories=[3, 2, 1])),
            Column("a", "categorical", nullable=True, categories=(3, 1)),
        ),
    ],
    ids=lambda case: f"{case.dtype}" if isinstance(case, pd.Series) else "",
)
def test_schema_infers_the_kind_of_a_column(column, expected):
    assert TableSchema.infer(one_column(column)).columns == (expected,)


def test_schema_names_the_columns_of_an_array_by_position():
    schema = TableSchema.infer(np.zeros((2, 3)))
    assert (schema.names, schema.named) == (["x0", "x1", "x2"], False)


def test_schema_gives_the_code_after_the_last_to_categories_never_seen():
    np.testing.assert_array_equal(SCHEMA.n_codes, [0, 2, 3])


def test_schema_reads_a_list_of_mixed_rows_like_an_object_array():
    rows = [[1, "a"], [2, "b"]]
    assert TableSchema.infer(rows) == TableSchema.infer(np.array(rows, dtype=object))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2020-01-01"]), "got dtype datetime64.*for a date: a year"),
        (pd.to_datetime(["2020-01-01"]).tz_localize("UTC"), "got Timestamp.*for a date: a year"),
        (pd.Series([pd.Timestamp("2020")], dtype=object), "got Timestamp.*for a date: a year"),
        (pd.Categorical(pd.to_datetime(["2020-01-01"])), "got Timestamp.*for a date: a year"),
        (pd.period_range("2020", periods=1, freq="D"), "got Period.*for a date: a year"),
        (pd.to_timedelta([1], unit="s"), "got dtype timedelta64"),
        (pd.cut(pd.Series([1.0, 2.0]), 2), "got Interval"),
        ([1j], "got dtype complex128"),
        (pd.Series([[1]], dtype=object), "must be a string or a real number, got list"),
        (pd.Series([{"b": 1}], dtype=object), "must be a string or a real number, got dict"),
        (pd.Series([b"x"], dtype=object), "must be a string or a real number, got bytes"),
    ],
)
def test_schema_refuses_values_that_are_no_numbers_or_labels(values, message):
    with pytest.raises(InputError, match=f"column 'a'.*{message}"):
        TableSchema.infer(one_column(values))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": []}), r"at least one row and one column, got 1 column\(s\) and 0 row"),
        (pd.DataFrame(index=[0]), r"at least one row and one column, got 0 column\(s\)"),
        (np.zeros((3, 0)), r"0 feature\(s\)"),
        (np.zeros(3), "Expected 2D array, got 1D array"),
        (pd.Series([1.0]), "Expected 2D array, got 1D array"),
        (np.zeros((1, 1), dtype=complex), "Complex data not supported"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "must be unique, got 'a' more than once"),
    ],
)
def test_schema_refuses_what_is_no_table(table, message):
    with pytest.raises(InputError, match=message):
        TableSchema.infer(table)


def test_schema_refuses_a_sparse_matrix():
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csr_matrix, sparse.dok_matrix, sparse.coo_array):
        with pytest.raises(InputError, match="dense data is required"):
            TableSchema.infer(kind(np.eye(2)))
        with pytest.raises(InputError, match="dense data is required"):
            SCHEMA.encode(kind(np.eye(2)))


# --- encoding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame([ROW]),
        pd.DataFrame([ROW])[["city", "amount", "paid"]],
        pd.DataFrame([ROW | {"further": "column"}]),
        pd.DataFrame([ROW]).astype({"city": "category", "paid": "boolean"}),
        pd.DataFrame([ROW]).astype(object),
        pd.DataFrame([ROW]).set_axis([0, 1, 2], axis=1),
        [ROW],
        (ROW,),
        [[2.5, True, "Rome"]],
        np.array([[2.5, True, "Rome"]], dtype=object),
    ],
    ids=str,
)
def test_schema_encodes_a_table_the_same_in_every_form(table):
    np.testing.assert_array_equal(SCHEMA.encode(table), [CODES])


def test_schema_encodes_one_row_like_a_table():
    np.testing.assert_array_equal(SCHEMA.encode_one(ROW), [CODES])


def test_schema_encodes_a_mixed_frame_like_its_rows(make_frame):
    frame = make_frame(50)
    schema = TableSchema.infer(frame)
    encoded = schema.encode(frame)
    np.testing.assert_array_equal(schema.encode(frame.to_dict("records")), encoded)
    np.testing.assert_array_equal(schema.encode(frame.astype(object).to_numpy()), encoded)


def test_schema_encodes_categories_by_their_order_in_the_schema():
    column = pd.Series(["Rome", "Oslo"], dtype=pd.CategoricalDtype(["Rome", "Oslo"]))
    frame = pd.DataFrame({"amount": 1.0, "paid": False, "city": column})
    np.testing.assert_array_equal(SCHEMA.encode(frame)[:, 2], [1, 0])


@pytest.mark.parametrize("city", ["Paris", "", "rome"])
def test_schema_encodes_an_unseen_category_with_the_last_code(city):
    assert SCHEMA.encode_one(ROW | {"city": city})[0, 2] == 2


@pytest.mark.parametrize("missing", [None, np.nan, np.float32("nan"), pd.NA, pd.NaT], ids=repr)
@pytest.mark.parametrize("name", ["amount", "paid", "city"])
def test_schema_encodes_every_form_of_missing_as_nan(name, missing):
    encoded = SCHEMA.encode_one(ROW | {name: missing})[0]
    np.testing.assert_array_equal(np.isnan(encoded), [key == name for key in ROW])


LABELS = Column("label", "categorical", True, categories=("Oslo", "Rome", 7, True, 2.5, ""))
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 9),
    st.sampled_from([2.5, 7.0, np.nan, np.float32(2.5), np.int64(7), np.str_("Rome"), pd.NA]),
    st.sampled_from(["Oslo", "Rome", "oslo", "", "7"]),
)


@given(st.lists(CELLS, max_size=20))
def test_schema_encodes_a_column_of_labels_like_each_of_them(cells):
    schema = TableSchema((LABELS,))
    frame = pd.DataFrame({"label": pd.Series(cells, dtype=object)})
    expected = [schema.encode_one({"label": cell})[0, 0] for cell in cells]
    np.testing.assert_array_equal(schema.encode(frame)[:, 0], expected)


@given(st.lists(st.sampled_from(["Oslo", "Rome", "oslo", "", "7", None]), max_size=20))
@pytest.mark.parametrize("dtype", ["object", "str", "string", "string[python]", "category"])
def test_schema_encodes_strings_the_same_in_every_dtype(dtype, cells):
    schema = TableSchema((LABELS,))
    frame = pd.DataFrame({"label": pd.Series(cells, dtype=dtype)})
    expected = [schema.encode_one({"label": cell})[0, 0] for cell in cells]
    np.testing.assert_array_equal(schema.encode(frame)[:, 0], expected)


def test_schema_names_the_first_label_that_is_none_among_many():
    frame = pd.DataFrame({"label": pd.Series(["Oslo", b"Rome", ["Rome"]], dtype=object)})
    with pytest.raises(InputError, match="got bytes"):
        TableSchema((LABELS,)).encode(frame)


def test_schema_leaves_the_numbers_of_a_frame_unchanged():
    frame = pd.DataFrame({"x": [1.0, np.nan, 3.0]})
    schema = TableSchema.infer(frame)
    schema.encode(frame)[:] = 0.0
    assert frame["x"].tolist()[::2] == [1.0, 3.0]


def test_schema_takes_the_absent_key_of_a_nullable_column_as_missing():
    assert np.isnan(SCHEMA.encode_one({"amount": 1.0, "paid": False})[0, 2])


@pytest.mark.parametrize("empty", [[], pd.DataFrame([ROW])[:0], np.empty((0, 3))], ids=type)
def test_schema_encodes_no_rows_as_no_rows(empty):
    assert SCHEMA.encode(empty).shape == (0, 3)


# --- categories of another type -------------------------------------------------------------------

NUMBERS = TableSchema((Column("code", "categorical", True, categories=(1, 2.5, 7)),))
WITH_CITY = [ROW | {"city": city} for city in (7, None, True)]


@pytest.mark.parametrize(
    "table",
    [
        WITH_CITY,
        pd.DataFrame(WITH_CITY),
        pd.DataFrame(WITH_CITY).to_numpy(),
        pd.DataFrame(WITH_CITY).astype({"city": "category"}),
        pd.DataFrame(WITH_CITY[:1]),
        pd.DataFrame(WITH_CITY[:1]).astype({"city": "Int64"}),
        pd.DataFrame(WITH_CITY[:1]).astype({"city": "float64"}),
        WITH_CITY[:1],
    ],
    ids=lambda table: type(table).__name__,
)
def test_schema_refuses_values_that_are_all_of_another_type_than_the_categories(table):
    message = "column 'city' has texts as categories, such as 'Oslo', but got .*, such as (7|True)"
    with pytest.raises(InputError, match=message):
        SCHEMA.encode(table)


@pytest.mark.parametrize(
    ("schema", "row", "message"),
    [
        (SCHEMA, ROW | {"city": 7}, "texts as categories, .* but got numbers, such as 7,"),
        (
            SCHEMA,
            ROW | {"city": np.True_},
            "texts as categories, .* but got booleans, such as True",
        ),
        (NUMBERS, {"code": "7"}, "numbers as categories, such as 1, but got texts, such as '7'"),
    ],
)
def test_schema_refuses_one_value_of_another_type_than_the_categories(schema, row, message):
    with pytest.raises(InputError, match=message):
        schema.encode_one(row)


@pytest.mark.parametrize("dtype", ["object", "str", "string", "category"])
def test_schema_refuses_texts_where_no_category_is_one(dtype):
    table = pd.DataFrame({"code": pd.Series(["7", None, "1"], dtype=dtype)})
    with pytest.raises(InputError, match=r"got texts, such as '[17]', .* give numbers"):
        NUMBERS.encode(table)


def test_schema_takes_a_value_of_another_type_beside_a_known_one():
    rows = [ROW | {"city": city} for city in ("Rome", 7, None)]
    np.testing.assert_array_equal(SCHEMA.encode(rows)[:, 2], [1, 2, np.nan])


def test_schema_takes_a_value_of_another_type_beside_a_new_one_of_its_own():
    rows = [ROW | {"city": city} for city in ("Lima", 7)]
    np.testing.assert_array_equal(SCHEMA.encode(rows)[:, 2], [2, 2])


@pytest.mark.parametrize(
    ("categories", "values", "codes"),
    [
        ((1, 2.5, "x"), ["y", 3, True], [3, 3, 0]),
        ((), ["y", 3, True], [0, 0, 0]),
        ((1, 2), [True, False], [0, 2]),
        ((False, True), [7, 1.5], [2, 2]),
        (("a",), [None, np.nan], [np.nan, np.nan]),
        ((1, 2), ["<unseen>"], [2]),
    ],
)
def test_schema_takes_values_of_a_type_that_is_known_or_cannot_be(categories, values, codes):
    schema = TableSchema((Column("c", "categorical", True, categories=categories),))
    np.testing.assert_array_equal(schema.encode([{"c": value} for value in values])[:, 0], codes)


def test_schema_takes_any_type_where_that_is_asked_for():
    assert SCHEMA.encode(WITH_CITY[:1], check_types=False)[0, 2] == 2


def test_schema_names_its_columns_of_texts():
    mixed = Column("mixed", "categorical", categories=("a", 1))
    assert TableSchema((*SCHEMA.columns, *NUMBERS.columns, mixed)).text_columns == ["city"]


# --- whole numbers that float64 does not tell apart -----------------------------------------------

FIRST = 2**53
IDS = TableSchema((Column("id", "categorical", True, categories=(FIRST, FIRST + 1, 2**64 - 1)),))
CELLS_OF_IDS = [FIRST, FIRST + 1, FIRST + 2, None, 2**64 - 1]


def of_arrow(values, kind="table"):
    pyarrow = pytest.importorskip("pyarrow")
    array = pyarrow.array(values, pyarrow.uint64())
    if kind == "dictionary":
        array = array.dictionary_encode()
    return pyarrow.table({"id": array})


def of_polars(values):
    polars = pytest.importorskip("polars")
    return polars.DataFrame({"id": values}, schema={"id": polars.UInt64})


IDS_GIVEN = {
    "UInt64": lambda v: pd.DataFrame({"id": pd.array(v, dtype="UInt64")}),
    "arrow": lambda v: pd.DataFrame({"id": pd.Series(v, dtype="uint64[pyarrow]")}),
    "objects": lambda v: pd.DataFrame({"id": pd.Series(v, dtype=object)}),
    "category": lambda v: pd.DataFrame({"id": pd.Categorical(v)}),
    "nullable category": lambda v: pd.DataFrame({"id": pd.Categorical(pd.array(v, "UInt64"))}),
    "object array": lambda v: np.array([[value] for value in v], dtype=object),
    "lists": lambda v: [[value] for value in v],
    "dicts": lambda v: [{"id": value} for value in v],
    "table of arrow": of_arrow,
    "dictionary of arrow": lambda v: of_arrow(v, "dictionary"),
    "polars": of_polars,
}


@pytest.mark.parametrize("form", IDS_GIVEN)
def test_schema_finds_large_ids_beside_a_gap_in_every_form(form):
    encoded = IDS.encode(IDS_GIVEN[form](CELLS_OF_IDS))
    np.testing.assert_array_equal(encoded[:, 0], [0, 1, 3, np.nan, 2])


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "int64[pyarrow]"])
def test_schema_finds_large_ids_without_a_gap(dtype):
    frame = pd.DataFrame({"id": pd.Series([FIRST + 1, FIRST + 2], dtype=dtype)})
    np.testing.assert_array_equal(IDS.encode(frame)[:, 0], [1, 3])
    np.testing.assert_array_equal(IDS.encode([[FIRST + 1], [2.5]])[:, 0], [1, 3])


@pytest.mark.parametrize("value", [float(FIRST), np.float64(FIRST), -1e300])
def test_schema_refuses_a_float_that_may_be_one_of_two_ids(value):
    with pytest.raises(InputError, match=r"from 2\*\*53 on as categories, .* give integers"):
        IDS.encode_one({"id": value})
    for table in (
        pd.DataFrame({"id": [value, np.nan]}),
        pd.DataFrame({"id": pd.Categorical([value])}),
    ):
        with pytest.raises(InputError, match="which a float cannot tell apart"):
            IDS.encode(table)


def test_schema_takes_large_floats_where_they_are_the_categories():
    schema = TableSchema((Column("c", "categorical", categories=(1e20, 2e20)),))
    np.testing.assert_array_equal(schema.encode([[2e20], [3e20], [np.inf]])[:, 0], [1, 2, 2])


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "object"])
def test_schema_takes_a_large_number_for_the_nearest_float_in_every_form(dtype):
    values = [FIRST + 1, FIRST + 3, 2**63 - 1]
    schema = TableSchema((Column("n", "numeric"),))
    # Of two floats equally near, the one whose last bit is even.
    expected = [2.0**53, 2.0**53 + 4, 2.0**63, np.nan]
    frame = pd.DataFrame({"n": pd.Series([*values, None], dtype=dtype)})
    np.testing.assert_array_equal(schema.encode(frame)[:, 0], expected)
    plain = pd.DataFrame({"n": pd.Series(values, dtype="int64")})
    np.testing.assert_array_equal(schema.encode(plain)[:, 0], expected[:3])
    rows = [{"n": value} for value in values]
    np.testing.assert_array_equal([schema.encode_one(row)[0, 0] for row in rows], expected[:3])


# --- the range of numbers -------------------------------------------------------------------------

TOO_LARGE = [1.0000001e300, -1.0000001e300, np.finfo(float).max, np.finfo(float).min]


@pytest.mark.parametrize("value", TOO_LARGE)
@pytest.mark.parametrize("dtype", ["float64", "Float64", "object"])
def test_schema_refuses_to_learn_from_numbers_beyond_its_range(value, dtype):
    with pytest.raises(InputError, match=r"column 'a' must hold numbers from -1e\+300 to 1e\+300"):
        TableSchema.infer(one_column([1.0, value], dtype=dtype))


def test_schema_learns_from_the_ends_of_its_range_and_from_infinite_numbers():
    column = TableSchema.infer(one_column([1e300, -1e300, np.inf, -np.inf, 5e-324])).columns[0]
    assert (column.minimum, column.maximum) == (-1e300, 1e300)


def test_schema_checks_the_range_of_encoded_rows():
    SCHEMA.check_range(np.array([[1e300, np.nan, 1.0], [np.inf, 1.0, 2.0]]))
    with pytest.raises(InputError, match="column 'amount' must hold numbers"):
        SCHEMA.check_range(np.array([[-1.5e308, 1.0, 1.0]]))


@pytest.mark.parametrize("value", TOO_LARGE)
def test_schema_scores_numbers_beyond_its_range(value):
    assert SCHEMA.encode_one(ROW | {"amount": value})[0, 0] == value


def test_schema_keeps_infinite_numbers():
    assert SCHEMA.encode_one(ROW | {"amount": -np.inf})[0, 0] == -np.inf


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"amount": [1], "paid": [True]}), "must hold the columns.*'city' is missing"),
        (
            pd.DataFrame({"amonut": [1], "paid": [True], "city": ["Oslo"]}),
            r"'amount' is missing \(did you mean 'amonut'\?\)",
        ),
        (pd.DataFrame({"z": [1]}), "'amount', 'paid', 'city' are missing"),
        (np.zeros((1, 2)), "X has 2 features, but the model was fitted on 3 features"),
        (np.zeros(3), "Expected 2D array"),
        (
            [ROW | {"amunt": 1}],
            r"row 0 has the key 'amunt'.*\(did you mean 'amount'\?\); remove it",
        ),
        ([ROW, {"amount": 1.0, "city": "Oslo"}], "row 1 has no value for 'paid'.*or None"),
        ([ROW, [1, True, "Oslo"]], "row 1 must be a dict, got list"),
        ([ROW | {"amount": "2.5"}], "column 'amount' must be a number, got '2.5'"),
        ([ROW | {"amount": [2.5]}], "column 'amount': argument must be.*got list"),
        ([ROW | {"amount": 1j}], "column 'amount': argument must be.*got complex"),
        ([ROW | {"amount": 10**400}], "column 'amount': an integer is too large"),
        ([ROW | {"paid": "yes"}], "column 'paid' must be true or false, got 'yes'"),
        ([ROW | {"paid": 2}], r"column 'paid' must be true or false, got 2\.0"),
        ([ROW | {"city": ["Rome"]}], "column 'city': argument must be.*got list"),
        ([ROW | {"city": pd.Timestamp("2020")}], "column 'city': argument must be.*got Timestamp"),
        (
            pd.DataFrame([ROW]).assign(city=pd.Timestamp("2020")),
            "column 'city': argument must be.*got datetime",
        ),
        (
            pd.DataFrame([ROW]).assign(amount=pd.Timestamp("2020")),
            "column 'amount' must be numeric, got dtype datetime64",
        ),
        (
            pd.DataFrame([[1, 2, True, "Oslo"]], columns=["amount", "amount", "paid", "city"]),
            "must be unique, got 'amount' more than once",
        ),
    ],
)
def test_schema_refuses_rows_that_do_not_fit(table, message):
    with pytest.raises(InputError, match=message):
        SCHEMA.encode(table)


def test_schema_refuses_a_value_of_no_type_as_a_type_error():
    with pytest.raises(TypeError, match="argument must be a string or a real number, got list"):
        SCHEMA.encode_one(ROW | {"amount": [1]})


# --- decoding -------------------------------------------------------------------------------------


def test_schema_decodes_what_it_encoded(make_frame):
    frame = make_frame(50)
    schema = TableSchema.infer(frame)
    codes = schema.encode(frame)
    rows = np.array(schema.decode_rows(codes), dtype=object)
    np.testing.assert_array_equal(schema.encode(rows), codes)


def test_schema_decodes_to_values_that_json_can_hold(make_frame):
    frame = make_frame(20)
    schema = TableSchema.infer(frame)
    rows = schema.decode_rows(schema.encode(frame))
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_schema_gives_an_unseen_category_as_text():
    assert SCHEMA.decode_rows(np.array([[1.0, 0.0, 2.0]])) == [[1.0, False, "<unseen>"]]


# --- other forms ----------------------------------------------------------------------------------


def test_schema_round_trips_through_json(make_frame):
    for schema in (SCHEMA, TableSchema.infer(make_frame(50)), TableSchema.infer(np.zeros((1, 2)))):
        assert TableSchema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_schema_without_some_categories_takes_them_as_unseen():
    kept = SCHEMA.keep_categories({2: [1]})
    np.testing.assert_array_equal(
        kept.encode([ROW | {"city": city} for city in ("Oslo", "Rome", "Lima")])[:, 2], [1, 0, 1]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "at least one column"),
        ({"named": 1}, "`named` as a boolean"),
        ({"columns": "ab"}, "not of the expected form"),
        ({"columns": None}, "not of the expected form"),
        ({"columns": [{"name": "a"}]}, "not of the expected form"),
        ({"columns": [{"name": 1, "kind": "boolean", "nullable": True}]}, "unique strings"),
        ({"columns": 2 * [{"name": "a", "kind": "boolean", "nullable": True}]}, "unique strings"),
        ({"columns": [{"name": "a", "kind": "date", "nullable": True}]}, "must be one of"),
        ({"columns": [{"name": "a", "kind": "boolean", "nullable": 1}]}, "must be booleans"),
        (
            {"columns": [{"name": "a", "kind": "numeric", "nullable": True, "minimum": "0"}]},
            "bounds must be numbers",
        ),
        (
            {
                "columns": [
                    {"name": "a", "kind": "categorical", "nullable": True, "categories": [[1]]}
                ]
            },
            "categories must be strings or numbers",
        ),
        (
            {
                "columns": [
                    {"name": "a", "kind": "categorical", "nullable": True, "categories": ["x", "x"]}
                ]
            },
            "categories must be unique",
        ),
    ],
)
def test_schema_refuses_entries_of_another_form(change, message):
    with pytest.raises(InputError, match=message):
        TableSchema.from_dict(SCHEMA.to_dict() | change)


NAMES = [f"feature_{j}_amount" for j in range(20_000)]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("feature_77_amuont", "feature_77_amount"),
        ("feature_12345amount", "feature_12345_amount"),
        ("faeture_4321_amount", "feature_4321_amount"),
        ("FEATURE_9_AMOUNT", "feature_9_amount"),
        ("colour", None),
    ],
)
def test_near_match_of_many_names_compares_few(monkeypatch, wrong, meant):
    compared, match = [], difflib.get_close_matches

    def counting(word, names, n):
        compared.append(len(names))
        return match(word, names, n=n)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    hint = near_match(wrong, NAMES)
    assert hint == ("" if meant is None else f" (did you mean {meant!r}?)")
    assert 20 < compared[0] <= 100
