"""Tables too wide for a student of outliers are refused, with columns to choose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.rows import read_rows
from ensemble_kd.students import MOST_COLUMNS, check_width, telling_columns

N = 400
RNG = np.random.default_rng(0)


def transfer_set(n_noise=6):
    """Return rows whose response is in "bowl", a little in "city", and nowhere else."""
    frame = pd.DataFrame(RNG.normal(size=(N, n_noise))).add_prefix("noise")
    frame.insert(3, "bowl", RNG.normal(size=N))
    frame.insert(1, "city", RNG.choice(["p", "q", "r"], N))
    frame["constant"] = 1.0
    frame["key"] = [f"k{i}" for i in range(N)]
    response = -(frame["bowl"] ** 2) - 0.5 * (frame["city"] == "p")
    rows = read_rows(frame, np.zeros(N), None, "regression", 3, 0)
    return rows.as_transfer_set(response.to_numpy()[:, None])


@pytest.fixture(scope="module")
def rows():
    """Return them."""
    with pytest.warns(UserWarning):
        return transfer_set()


def test_telling_columns_are_those_that_the_response_depends_on(rows):
    assert telling_columns(rows.X, rows.schema, rows.response, 2) == ["bowl", "city"]


def test_telling_columns_are_as_many_as_asked_for_and_a_key_tells_nothing(rows):
    names = telling_columns(rows.X, rows.schema, rows.response[:, 0], 100)
    assert sorted(names) == sorted(rows.schema.names)
    assert "key" not in names[:2]


def test_telling_columns_count_a_gap_as_a_value(rows):
    X = rows.X.copy()
    j = rows.schema.names.index("noise0")
    X[rows.response[:, 0] < -1.0, j] = np.nan
    assert telling_columns(X, rows.schema, rows.response, 2) == ["bowl", "noise0"]


def test_width_of_a_table_within_the_limit_is_taken(rows):
    check_width(rows)
    check_width(rows, most_columns=len(rows.schema.columns))


def test_width_beyond_the_limit_is_refused_with_columns_to_choose(rows):
    with pytest.raises(InputError, match=r"at most 5 columns.*got 10; choose.*'bowl', 'city'"):
        check_width(rows, most_columns=5)


def test_limit_is_what_was_measured():
    assert MOST_COLUMNS == 200
