"""What an estimator learns from and predicts, in every form that a table may come in."""

from __future__ import annotations

import builtins

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, InputError, MissingDependencyError
from ensemble_kd.decision import calibrate, choose_threshold
from ensemble_kd.rows import table
from ensemble_kd.students import TreeStudent

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=90), "n": RNG.integers(0, 9, 90), "c": RNG.choice(["x", "y"], 90)}
)
Y = (FRAME["a"] > 0).to_numpy()
NUMBERS = FRAME[["a", "n"]].to_numpy()


def fitted(X, y=Y, **more):
    return DistilledClassifier(student=TreeStudent(), alpha=0.0, n_synthetic=0).fit(X, y, **more)


FORMS = {
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "arrow": pa.Table.from_pandas,
    "batch": lambda frame: pa.Table.from_pandas(frame).to_batches()[0],
    "structured": lambda frame: frame.to_records(index=False),
}


@pytest.mark.parametrize("form", FORMS)
def test_estimator_learns_and_predicts_the_same_in_every_form(form):
    given = FORMS[form](FRAME)
    expected = fitted(FRAME)
    clf = fitted(given)
    assert clf.model_.schema == expected.model_.schema
    for X in (FRAME, given):
        np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(FRAME))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_estimator_predicts_a_dict_and_a_list_of_them(method):
    clf = fitted(FRAME)
    rows = FRAME.head(3).to_dict("records")
    expected = getattr(clf, method)(FRAME.head(3))
    np.testing.assert_array_equal(getattr(clf, method)(rows), expected)
    np.testing.assert_array_equal(getattr(clf, method)(rows[0]), expected[:1])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (FRAME.to_dict("records"), r"got 90 dict\(s\); make a frame of them"),
        (FRAME.to_dict("list"), "a dict is one row"),
        ((row for row in NUMBERS), r"got generator; give list\(X\)"),
        (None, "got NoneType"),
        ("table.csv", "got str"),
        (FRAME.iloc[0], "got 1D array"),
        ([[1.0, 2.0], [1.0]], "rows of one length"),
        (FRAME.assign(d=pd.Timestamp("2020")), "column 'd' must hold numbers"),
        (pd.concat([FRAME, FRAME], axis=1), "must be unique, got 'a' more than once"),
        (pa.Table.from_arrays([pa.array(FRAME["a"])] * 2, ["a", "a"]), "must be unique"),
        (FRAME[:0], r"Found array with 0 sample\(s\)"),
        (FRAME[[]], r"Found array with 0 feature\(s\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_estimator_says_of_what_is_no_table_what_to_give(X, message):
    with pytest.raises(InputError, match=message):
        fitted(X)


def test_table_names_what_another_library_needs_to_hand_over_its_columns(monkeypatch):
    imported = builtins.__import__

    def without_arrow(name, *args, **kwargs):
        if name.split(".")[0] == "pyarrow":
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
        return imported(name, *args, **kwargs)

    class Frame:
        columns = ("a",)

        def __getitem__(self, name):
            return [1.0]

        def to_pandas(self):
            import pyarrow

            return pyarrow

    monkeypatch.setattr(builtins, "__import__", without_arrow)
    with pytest.raises(MissingDependencyError, match=r"needs pyarrow .*ensemble_kd\[tables\]"):
        table(Frame())


# --- masks ----------------------------------------------------------------------------------------

MASK = np.arange(90) < 3


def test_estimator_learns_a_masked_value_as_a_missing_one():
    masked = np.ma.masked_array(NUMBERS, mask=np.column_stack([MASK, ~MASK & False]))
    with_gaps = np.where(masked.mask, np.nan, NUMBERS)
    clf, expected = fitted(masked), fitted(with_gaps)
    assert clf.model_.schema == expected.model_.schema
    np.testing.assert_array_equal(clf.predict_proba(masked), expected.predict_proba(with_gaps))
    whole = np.ma.masked_array(FRAME[["n", "n"]].to_numpy(), mask=masked.mask)
    assert [column.nullable for column in fitted(whole).model_.schema.columns] == [True, False]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": np.ma.masked_array(Y, mask=MASK)}, "a target for each row, got 3 masked"),
        ({"sample_weight": np.ma.masked_array(np.ones(90), mask=MASK)}, "must be finite"),
        ({"sample_weight": np.ma.masked_array(np.ones(90, int), mask=MASK)}, "must be finite"),
        ({"groups": np.ma.masked_array(np.arange(90) // 3, mask=MASK)}, "got 3 missing"),
        ({"time": np.ma.masked_array(np.arange(90), mask=MASK)}, "got 3 missing"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_estimator_takes_no_masked_target_weight_group_or_time(given, message):
    with pytest.raises(InputError, match=message):
        fitted(NUMBERS, **given)


def test_what_follows_a_fit_takes_no_masked_target_or_weight():
    clf, masked = fitted(NUMBERS), np.ma.masked_array(Y, mask=MASK)
    with pytest.raises(InputError, match="must hold classes"):
        clf.measure(NUMBERS, masked)
    for after in (calibrate, lambda *rows: choose_threshold(*rows, cost_ratio=2)):
        with pytest.raises(InputError, match="y must hold classes of the model"):
            after(clf.model_, NUMBERS, masked)
    weight = np.ma.masked_array(np.ones(90), mask=MASK)
    with pytest.raises(InputError, match="sample_weight must have a number >= 0 for each"):
        calibrate(clf.model_, NUMBERS, Y, sample_weight=weight)
