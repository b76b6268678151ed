"""A fit says which columns are no categories, and says nothing of those that are."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.rows import read_again, read_rows
from ensemble_kd.tasks import DEFAULT_TASK

N_ROWS = 120
DAYS = pd.date_range("2020-01-28", periods=N_ROWS, freq="29h")
NUMBERS = np.random.default_rng(0).uniform(1.0, 5000.0, N_ROWS)
DATES = {
    form: DAYS.strftime(form)
    for form in (
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S.%fZ",
        "%Y-%m-%dT%H:%M:%S+02:00",
        "%Y%m%d",
        "%d.%m.%Y",
        "%m/%d/%Y",
        "%d/%m/%y",
        "%m/%d/%Y %I:%M %p",
        "%d %b %Y",
        "%d-%b-%y",
        "%B %d, %Y",
    )
} | {
    "months": pd.date_range("2001", periods=N_ROWS, freq="MS").strftime("%b-%Y"),
    "years and months": pd.date_range("2001", periods=N_ROWS, freq="MS").strftime("%Y-%m"),
}
AMOUNTS = {
    "$29.85": [f"${x:.2f}" for x in NUMBERS],
    "$1,029.85": [f"${x:,.2f}" for x in NUMBERS],
    "29.85": [f"{x:.2f}" for x in NUMBERS],
    "29,85 €": [f"{x:.2f} €".replace(".", ",") for x in NUMBERS],
    "1.029,85": [f"{x + 1000:,.2f}".translate(str.maketrans(",.", ".,")) for x in NUMBERS],
    "-12.5%": [f"{-x:.1f}%" for x in NUMBERS],
    "EUR 12": [f"EUR {x:.0f}" for x in NUMBERS],
    "(12.50)": [f"({x:.2f})" for x in NUMBERS],
    "29.85, some of them blank": [f"{x:.2f}" if x > 300 else " " for x in NUMBERS],
}
CATEGORIES = {
    "cities": ["Oslo", "Rome", "Lima"] * 40,
    "zip codes": [f"{10001 + i % 30}" for i in range(N_ROWS)],
    "codes with leading zeros": [f"{i % 30:05d}" for i in range(N_ROWS)],
    "codes of a category": [f"C{i % 40}" for i in range(N_ROWS)],
    "versions": [f"{i % 3}.{i % 9}.{i % 4}" for i in range(N_ROWS)],
    "years": [f"{1960 + i % 60}" for i in range(N_ROWS)],
    "sizes": ["10.5", "11.0", "11.5", "12.0"] * 30,
    "terms": [f"{12 * (i % 20)} months" for i in range(N_ROWS)],
    "ranges": [f"{i % 20}-{i % 20 + 10}" for i in range(N_ROWS)],
    "months of a year": pd.date_range("2001", periods=N_ROWS, freq="MS").strftime("%b"),
    "numbers": NUMBERS,
    "large numbers": (NUMBERS * 2**48).astype(np.int64) * 2**13,
    "sentinel": [2**63 - 1, *range(N_ROWS - 1)],
}


def warnings_of(values, dtype=None):
    """Return what is said of a table with the column `a`."""
    frame = pd.DataFrame({"a": pd.Series(list(values), dtype=dtype), "b": NUMBERS[: len(values)]})
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        read_rows(frame, np.arange(len(frame)) % 2, None, DEFAULT_TASK, 2, 0)
    return [str(one.message) for one in found]


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
@pytest.mark.parametrize("name", ["%Y-%m-%d", "%m/%d/%Y"])
def test_fit_says_which_column_looks_like_dates_in_every_dtype(name, dtype):
    (message,) = warnings_of(DATES[name], dtype)
    assert message.startswith("column 'a' holds texts that look like dates, such as ")
    assert message.endswith("give numbers in their place (a year, a month, days since a day).")


@pytest.mark.parametrize("name", DATES)
def test_fit_knows_dates_in_many_forms(name):
    (message,) = warnings_of(DATES[name])
    assert "look like dates" in message


@pytest.mark.parametrize("name", AMOUNTS)
def test_fit_says_which_column_looks_like_amounts(name):
    (message,) = warnings_of(AMOUNTS[name])
    assert "look like amounts, such as" in message
    assert "turn them into numbers" in message


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_fit_says_which_column_looks_like_a_key(dtype):
    (message,) = warnings_of([f"C{i}" for i in range(N_ROWS)], dtype)
    assert "holds 120 categories in 120 values, such as 'C0'" in message
    assert "if it is a key or free text, drop it" in message


def test_fit_counts_the_values_of_a_key_that_are_there():
    (message,) = warnings_of([f"C{i}" if i % 2 else None for i in range(N_ROWS)])
    assert "holds 60 categories in 60 values" in message


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int64[pyarrow]"])
def test_fit_says_where_large_ids_become_one_number(dtype):
    (message,) = warnings_of([2**53 + i for i in range(N_ROWS)], dtype)
    assert "whole numbers from 2**53 on" in message
    assert "make them categories" in message


@pytest.mark.parametrize("name", CATEGORIES)
def test_fit_says_nothing_of_categories_and_numbers(name):
    assert warnings_of(CATEGORIES[name]) == []


def test_fit_says_nothing_of_a_small_table():
    assert warnings_of([f"C{i}" for i in range(49)]) == []


def test_fit_says_nothing_of_rows_that_are_known():
    frame = pd.DataFrame({"a": [f"C{i}" for i in range(N_ROWS)]})
    y = np.arange(N_ROWS) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = read_rows(frame, y, None, DEFAULT_TASK, 2, 0)
    assert len(read_again(rows)) == N_ROWS


PRIVATE = {
    "mail addresses": {
        "one a row": [f"jane.doe{i}@example.org" for i in range(N_ROWS)],
        "of a few": [f"j{i % 12}@mail.example.com" for i in range(N_ROWS)],
    },
    "keys": {
        "UUID": [f"{i:08x}-12ab-4cde-8f01-0123456789ab" for i in range(N_ROWS)],
        "of people": [f"{i // 2:03d}-05-{1120 + i // 2}" for i in range(N_ROWS)],
        "telephones": [f"+47 {400 + i} 12 {345 + i}" for i in range(N_ROWS)],
        "customers": [f"CU-{1000000 + 7 * (i // 5)}" for i in range(N_ROWS)],
        "digests": [f"{i:032x}" for i in range(N_ROWS)],
        "IBAN": [f"NO{i % 90 + 10} 8601 1117 {i:03d}" for i in range(N_ROWS)],
    },
    "sentences": {
        "notes": [f"patient {i // 3} came in with a cough" for i in range(N_ROWS)],
    },
}
NOT_PRIVATE = {
    "article numbers of a few": [f"{4006381333931 + i % 8}" for i in range(N_ROWS)] + ["x"],
    "answers": ["I do not agree at all", "I agree with all of it"] * 60,
    "whole numbers": (NUMBERS * 1e4).astype(np.int64),
    "round prices": (NUMBERS * 10).astype(np.int64) * 100_000 + 1_000_000_000,
}


@pytest.mark.parametrize(
    ("form", "name"), [(form, name) for form, found in PRIVATE.items() for name in found]
)
def test_fit_says_which_column_may_name_a_person(form, name):
    messages = warnings_of(PRIVATE[form][name])
    assert messages[0].startswith(f"column 'a' holds texts that look like {form}, such as ")
    assert "drop" in messages[0]


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "object"])
def test_fit_says_which_whole_numbers_look_like_a_key(dtype):
    keys = 100_000_000 + 7919 * np.arange(N_ROWS) + np.arange(N_ROWS) % 13
    (message,) = warnings_of(keys, dtype)
    assert message == (
        "column 'a' holds whole numbers of 9 digits, 120 different ones in 120 values, as a key "
        "does; if it is one, drop it."
    )


@pytest.mark.parametrize("name", NOT_PRIVATE)
def test_fit_says_nothing_of_columns_that_name_no_person(name):
    assert warnings_of(NOT_PRIVATE[name][:N_ROWS]) == []
