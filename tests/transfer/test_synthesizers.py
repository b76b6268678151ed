"""The contract of every synthesizer: new rows are rows of the table it was fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ensemble_kd.errors import InputError
from ensemble_kd.rows import EncodedTable
from ensemble_kd.schema import TableSchema
from ensemble_kd.transfer import (
    SYNTHESIZERS,
    CutPairSynthesizer,
    ForestLeafSynthesizer,
    MarginalSynthesizer,
    MungeSynthesizer,
    Synthesizer,
    as_synthesizer,
)

each_synthesizer = pytest.mark.parametrize(
    "synthesizer",
    [
        ForestLeafSynthesizer(n_trees=4),
        MarginalSynthesizer(),
        MungeSynthesizer(),
        MungeSynthesizer(p=1.0, s=0.1, n_neighbors=1),
        MungeSynthesizer(p=0.9, max_rows=20),
        CutPairSynthesizer(share=0.8),
    ],
    ids=repr,
)
ARRAYS = {
    "float64": np.random.default_rng(0).normal(size=(90, 2)),
    "float32": np.random.default_rng(0).normal(size=(90, 2)).astype(np.float32),
    "int64": np.arange(180).reshape(90, 2),
    "uint8": np.arange(180, dtype=np.uint8).reshape(90, 2),
    "bool": np.arange(180).reshape(90, 2) % 7 < 3,
    "text": np.array([["a", "bb"], ["cc", "d"]] * 5),
    "objects": np.array([["a", 1, True], [None, 2.5, False]] * 5, dtype=object),
}


def draw(synthesizer: Synthesizer, X: Any, n_samples: int = 150, seed: int = 0) -> Any:
    """Return rows of a fresh copy of the synthesizer."""
    return clone(synthesizer).fit(X).sample(n_samples, seed)


def assert_same_kind(new: pd.DataFrame, real: pd.DataFrame) -> None:
    """Assert that new rows keep columns, dtypes, categories, bounds and missing values."""
    pd.testing.assert_index_equal(new.columns, real.columns)
    pd.testing.assert_series_equal(new.dtypes, real.dtypes)
    schema = TableSchema.infer(real)
    for column, codes in zip(schema.columns, schema.encode(new).T, strict=True):
        present = codes[~np.isnan(codes)]
        assert column.nullable or len(present) == len(codes)
        if column.kind == "numeric":
            assert not column.integer or (present == np.round(present)).all()
            assert not len(present) or column.minimum <= present.min()
            assert not len(present) or column.maximum >= present.max()
        if column.kind == "categorical":
            assert (present < len(column.categories)).all()


@each_synthesizer
def test_synthesizer_keeps_the_columns_of_a_frame(synthesizer, make_frame):
    frame = make_frame(60)
    new = draw(synthesizer, frame)
    pd.testing.assert_series_equal(new.dtypes, frame.dtypes)


@each_synthesizer
def test_synthesizer_keeps_to_the_kind_of_every_column(synthesizer, make_frame):
    frame = make_frame(60)
    assert_same_kind(draw(synthesizer, frame), frame)


@each_synthesizer
@pytest.mark.parametrize("kind", ARRAYS)
def test_synthesizer_keeps_the_dtype_of_an_array(synthesizer, kind):
    new = draw(synthesizer, ARRAYS[kind])
    assert (type(new), new.dtype) == (np.ndarray, ARRAYS[kind].dtype)


@each_synthesizer
def test_synthesizer_keeps_the_types_of_objects(synthesizer):
    new = draw(synthesizer, ARRAYS["objects"])
    assert [{type(value) for value in column} for column in new.T] == [
        {str, type(None)},
        {float},
        {bool},
    ]


@each_synthesizer
def test_synthesizer_keeps_numbers_in_a_list_of_mixed_rows(synthesizer):
    new = draw(synthesizer, [[1.5, "a"], [2.5, "b"], [3.5, "a"]])
    assert all(isinstance(value, float) for value in new[:, 0])


@each_synthesizer
def test_synthesizer_gives_labels_of_columns_that_are_no_strings_back(synthesizer):
    frame = pd.DataFrame(ARRAYS["float64"], columns=[7, 3])
    assert list(draw(synthesizer, frame).columns) == [7, 3]


@each_synthesizer
def test_synthesizer_gives_the_same_rows_for_the_same_seed(synthesizer, make_frame):
    frame = make_frame(60)
    pd.testing.assert_frame_equal(draw(synthesizer, frame), draw(synthesizer, frame))


@each_synthesizer
def test_synthesizer_gives_other_rows_for_another_seed(synthesizer, make_frame):
    frame = make_frame(60)
    assert not draw(synthesizer, frame).equals(draw(synthesizer, frame, seed=1))


@each_synthesizer
def test_synthesizer_makes_rows_that_are_not_in_the_table(synthesizer, make_frame):
    frame = make_frame(60)
    schema = TableSchema.infer(frame)
    real = {row.tobytes() for row in schema.encode(frame)}
    new = [row.tobytes() for row in schema.encode(draw(synthesizer, frame))]
    assert np.mean([row not in real for row in new]) > 0.5


@each_synthesizer
def test_synthesizer_leaves_the_table_unchanged(synthesizer, make_frame):
    frame = make_frame(60)
    before = frame.copy()
    draw(synthesizer, frame)
    pd.testing.assert_frame_equal(frame, before)


@each_synthesizer
def test_synthesizer_makes_no_rows_where_none_are_asked_for(synthesizer, make_frame):
    frame = make_frame(60)
    new = draw(synthesizer, frame, n_samples=0)
    assert len(new) == 0
    pd.testing.assert_series_equal(new.dtypes, frame.dtypes)


@each_synthesizer
def test_synthesizer_repeats_a_table_of_one_row(synthesizer, make_frame):
    frame = make_frame(1)
    expected = pd.concat([frame] * 3, ignore_index=True)
    pd.testing.assert_frame_equal(draw(synthesizer, frame, n_samples=3), expected)


@each_synthesizer
def test_synthesizer_takes_infinite_numbers(synthesizer):
    X = np.array([[np.inf, 1.0], [-np.inf, 2.0], [3.0, 3.0], [4.0, 4.0]] * 20)
    assert set(draw(synthesizer, X)[:, 0]) <= {np.inf, -np.inf, 3.0, 4.0}


@each_synthesizer
@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "int64[pyarrow]", "object"])
def test_synthesizer_keeps_the_largest_integer(synthesizer, dtype):
    never = 2**64 - 1 if dtype == "uint64" else 2**63 - 1
    ends = [never if i % 3 == 0 else 1000 + 7 * i for i in range(90)]
    frame = pd.DataFrame({"ends": pd.Series(ends, dtype=dtype), "x": np.arange(90.0)})
    new = draw(synthesizer, frame, n_samples=300)
    assert new["ends"].dtype == frame["ends"].dtype
    found = [int(value) for value in new["ends"]]
    assert min(found) >= 1000
    assert 0.1 < np.mean([value == never for value in found]) < 0.5


@each_synthesizer
def test_synthesizer_has_for_missing_what_the_table_has(synthesizer):
    flags = pd.Series([True, False, np.nan] * 20, dtype=object)
    texts = pd.Series(["a", None, "b"] * 20, dtype=object)
    new = draw(synthesizer, pd.DataFrame({"flag": flags, "text": texts}))
    assert {repr(value) for value in new["flag"]} == {"True", "False", "nan"}
    assert {repr(value) for value in new["text"]} == {"'a'", "'b'", "None"}


@each_synthesizer
def test_synthesizer_takes_columns_that_are_missing_throughout(synthesizer):
    X = np.column_stack([np.full(30, np.nan), np.arange(30.0)])
    assert np.isnan(draw(synthesizer, X)[:, 0]).all()


@each_synthesizer
def test_synthesizer_refuses_a_negative_number_of_rows(synthesizer):
    with pytest.raises(InputError, match="n_samples must be >= 0, got -1"):
        draw(synthesizer, ARRAYS["float64"], n_samples=-1)


@each_synthesizer
def test_synthesizer_refuses_an_empty_table(synthesizer, make_frame):
    with pytest.raises(InputError, match="minimum of 1 is required"):
        clone(synthesizer).fit(make_frame(0))


@each_synthesizer
def test_synthesizer_refuses_to_sample_before_it_is_fitted(synthesizer):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(synthesizer).sample(1)


FLOATS = st.floats(-1e9, 1e9, width=32)
COLUMNS = {
    "float": (FLOATS | st.just(np.nan), "float64"),
    "single": (FLOATS, "float32"),
    "integer": (st.integers(-(10**12), 10**12), "int64"),
    "small": (st.integers(-3, 3), "int8"),
    "nullable": (st.integers(0, 5) | st.none(), "Int64"),
    "flag": (st.booleans(), "bool"),
    "maybe": (st.booleans() | st.none(), "boolean"),
    "text": (st.text(max_size=2) | st.none(), "str"),
    "category": (st.sampled_from("abc") | st.none(), pd.CategoricalDtype([*"xcba"])),
    "ordered": (st.integers(1, 4), pd.CategoricalDtype([4, 3, 2, 1], ordered=True)),
    "objects": (st.sampled_from(["a", "b", 3, 4.5]) | st.none(), object),
}


@st.composite
def frames(draw: Any) -> pd.DataFrame:
    """Draw a frame of a few rows and columns of any kind."""
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=5, unique=True))
    n_rows = draw(st.integers(1, 12))
    return pd.DataFrame(
        {
            kind: pd.Series(
                draw(st.lists(COLUMNS[kind][0], min_size=n_rows, max_size=n_rows)),
                dtype=object,
            ).astype(COLUMNS[kind][1])
            for kind in kinds
        }
    )


@each_synthesizer
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(frame=frames(), seed=st.integers(0, 2**32))
def test_synthesizer_keeps_to_the_kind_of_any_frame(synthesizer, frame, seed):
    new = draw(synthesizer, frame, n_samples=25, seed=seed)
    assert len(new) == 25
    assert_same_kind(new, frame)


# --- choosing one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SYNTHESIZERS)
def test_as_synthesizer_knows_every_name(name):
    assert type(as_synthesizer(name)) is SYNTHESIZERS[name]


@pytest.mark.parametrize("given", [None, MungeSynthesizer(p=0.1)])
def test_as_synthesizer_returns_what_is_one(given):
    assert as_synthesizer(given) is given


@pytest.mark.parametrize("given", ["Munge", 3, MungeSynthesizer], ids=repr)
def test_as_synthesizer_refuses_anything_else(given):
    with pytest.raises(
        InputError,
        match=r"synthesizer must be one of "
        r"\['cut_pairs', 'forest_leaves', 'guards', 'marginals', 'munge', 'tail'\]",
    ):
        as_synthesizer(given)


@pytest.mark.parametrize("synthesizer", SYNTHESIZERS.values(), ids=lambda kind: kind.__name__)
def test_synthesizer_takes_rows_that_were_read_before_and_leaves_them_alone(
    synthesizer, make_frame
):
    frame = make_frame(60)
    read = EncodedTable.read(frame, decodes=True)
    codes = read.codes.copy()
    raw, shared = (synthesizer().fit(rows).sample(40, 0) for rows in (frame, read))
    pd.testing.assert_frame_equal(raw, shared)
    np.testing.assert_array_equal(read.codes, codes)
