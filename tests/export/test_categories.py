"""Every value that a table may hold for a category is found by its text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensemble_kd.errors import InputError
from ensemble_kd.export._categories import codes_by_text, texts_of
from ensemble_kd.schema import Column
from ensemble_kd.schema._values import value_code

VALUES = st.one_of(
    st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=3)
)


@given(VALUES)
def test_categories_are_found_by_what_str_gives(value):
    assert str(value) in texts_of(value)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_categories_that_are_equal_have_the_same_texts(number):
    assert set(texts_of(number)) == set(texts_of(float(number))) - ({"-0.0"} if number else set())


def test_categories_of_true_and_one_have_the_same_texts():
    assert set(texts_of(True)) == set(texts_of(1)) == set(texts_of(1.0))
    assert set(texts_of(False)) == set(texts_of(0))


@pytest.mark.parametrize("value", ["Oslo", 7, 7.0, np.int64(7), True, 1, 2.5, np.float64(2.5), "x"])
def test_categories_have_the_code_of_the_schema(value):
    column = Column("c", "categorical", categories=("Oslo", 7, True, 2.5))
    code = codes_by_text(column).get(str(value), len(column.categories))
    assert code == value_code(column, value)


@pytest.mark.parametrize("categories", [("1", 1), ("true", 1), (2.0, "2"), (True, "True")])
def test_categories_of_one_text_are_refused(categories):
    with pytest.raises(InputError, match="must differ as text"):
        codes_by_text(Column("c", "categorical", categories=categories))
