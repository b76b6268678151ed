"""A strict scorer takes what training had; extra names are treated alike in dicts and frames."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, DistilledRegressor, InputError, Scorer, load
from ensemble_kd.students import MLPStudent, TreeStudent

pytestmark = pytest.mark.runtimes
STUDENTS = {"mlp": MLPStudent(hidden=(4,), n_updates=20), "tree": TreeStudent()}
ROW = {"amount": 4.0, "flag": True, "city": "Oslo", "note": None}
FRAME = pd.DataFrame(
    {
        "amount": np.linspace(1, 9, 80),
        "flag": [True, False] * 40,
        "city": ["Oslo", "Rome", "Lima", None] * 20,
        "note": [None, 1.5] * 40,
    }
)


@pytest.fixture(scope="module", params=STUDENTS)
def path(request, tmp_path_factory):
    """A classifier's file, of columns of every kind."""
    student = STUDENTS[request.param]
    clf = DistilledClassifier(student=student, alpha=0.0, n_synthetic=0, min_frequency=1)
    path = tmp_path_factory.mktemp("strict") / "model.ekd"
    clf.fit(FRAME, FRAME["amount"] > 5).save(path)
    return path


def forms(row):
    """Return a row in every form that a scorer takes, with the method that takes it."""
    return [
        ("predict_one", row),
        ("score_one", row),
        ("predict_proba_one", row),
        ("predict_proba", row),
        ("predict_proba", [ROW, row]),
        ("predict", pd.DataFrame([row])),
        ("predict_log_proba", pd.DataFrame([ROW, row])),
    ]


BAD = [
    ({"city": "Paris"}, "column 'city', row .*: 'Paris' is no category of training"),
    ({"city": "<unseen>"}, "'<unseen>' is no category"),
    ({"amount": 9.5}, "column 'amount', row .*: 9.5 is not within 1 to 9"),
    ({"amount": -np.inf}, "-inf is not within 1 to 9"),
    ({"amount": 0.5, "city": "Paris"}, "'amount'.*; column 'city'"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=str)
def test_strict_scorer_names_what_training_had_not(path, change, message):
    strict, lenient = load(path, strict=True), load(path)
    for method, row in forms(ROW | change):
        with pytest.raises(InputError, match=message):
            getattr(strict, method)(row)
        getattr(lenient, method)(row)


@pytest.mark.parametrize(
    "row", [ROW, ROW | {"city": None}, ROW | {"amount": 1}, ROW | {"amount": None, "note": 1.5}]
)
def test_strict_scorer_answers_what_training_had_as_a_lenient_one(path, row):
    strict, lenient = load(path, strict=True), load(path)
    for method, given in forms(row):
        answer, expected = getattr(strict, method)(given), getattr(lenient, method)(given)
        np.testing.assert_equal(answer, expected)


def test_strict_scorer_counts_the_rows_and_tells_the_first(path):
    rows = [ROW, *({"city": "Paris"} | {"amount": 99.0} | {"flag": True} for _ in range(3))]
    message = r"'amount', row 1: 99.0 is not .* \(and 2 more rows\)"
    with pytest.raises(InputError, match=message):
        load(path, strict=True).predict(rows)


def test_strict_scorer_cuts_a_long_value(path):
    with pytest.raises(InputError, match=r"row 0: 'x{36}\.\.\. is no category"):
        load(path, strict=True).predict_one(ROW | {"city": "x" * 1000})


def test_strict_scorer_knows_no_number_where_training_had_none():
    frame = FRAME.assign(note=np.nan)
    clf = DistilledRegressor(student=TreeStudent(), alpha=0.0, n_synthetic=0, min_frequency=1)
    scorer = Scorer(clf.fit(frame, frame["amount"]).model_, strict=True)
    scorer.predict(frame)
    with pytest.raises(InputError, match=r"'note', row 0: 1\.5 where training had no value"):
        scorer.predict_one(ROW | {"note": 1.5})


# --- extra names ----------------------------------------------------------------------------------

MORE = ROW | {"customer": 7}


def test_extra_ignore_answers_a_dict_and_a_frame_as_without_the_name(path):
    scorer = load(path, extra="ignore")
    for (method, given), (_, plain) in zip(forms(MORE), forms(ROW), strict=True):
        np.testing.assert_equal(getattr(scorer, method)(given), getattr(scorer, method)(plain))


def test_extra_error_refuses_a_dict_and_a_frame_with_the_name(path):
    scorer = load(path, extra="error")
    for method, given in forms(MORE):
        with pytest.raises(InputError, match="'customer'"):
            getattr(scorer, method)(given)


def test_extra_refuses_by_default_a_key_that_may_be_misspelt(path):
    scorer = load(path)
    scorer.predict(FRAME.assign(customer=7))
    for row in (MORE, [MORE], [MORE, ROW]):
        with pytest.raises(InputError, match="key 'customer', which is no column"):
            scorer.predict(row)


@pytest.mark.parametrize("extra", ["ignore", "error", None])
def test_extra_never_hides_an_absent_column(path, extra):
    scorer = load(path, extra=extra)
    row = {("amonut" if key == "amount" else key): value for key, value in ROW.items()}
    for given in (row, [row, row], pd.DataFrame([row])):
        with pytest.raises(
            InputError, match=r"'amonut'.*mean 'amount'|'amount' is missing|no value for 'amount'"
        ):
            scorer.predict(given)


def test_extra_says_of_a_column_of_a_frame_which_one_was_meant(path):
    with pytest.raises(InputError, match=r"'citty' is none \(did you mean 'city'\?\)"):
        load(path, extra="error").predict(FRAME.assign(citty="Oslo"))


@pytest.mark.parametrize("extra", ["raise", "", True])
def test_extra_refuses_another_word(path, extra):
    with pytest.raises(InputError, match="extra must be 'ignore', 'error' or None, got"):
        load(path, extra=extra)


def test_scorer_keeps_its_rules_in_a_copy(path):
    scorer = load(path, strict=True, extra="ignore")
    for other in (copy.deepcopy(scorer), pickle.loads(pickle.dumps(scorer))):
        assert (other.strict, other.extra) == (True, "ignore")
        with pytest.raises(InputError, match="no category"):
            other.predict_one(MORE | {"city": "Paris"})


# --- log-probabilities ----------------------------------------------------------------------------


def test_log_proba_is_the_logarithm_with_infinity_for_nothing(path):
    scorer = load(path)
    proba, log_proba = scorer.predict_proba(FRAME), scorer.predict_log_proba(FRAME)
    np.testing.assert_allclose(np.exp(log_proba), proba, rtol=1e-12)
    np.testing.assert_array_equal(np.isneginf(log_proba), proba == 0)


def test_log_proba_is_of_the_estimator_too():
    clf = DistilledClassifier(student=TreeStudent(), alpha=0.0, n_synthetic=0)
    clf.fit(FRAME, FRAME["amount"] > 5)
    np.testing.assert_array_equal(np.exp(clf.predict_log_proba(FRAME)), clf.predict_proba(FRAME))


def test_log_proba_is_none_of_values(tmp_path):
    reg = DistilledRegressor(student=TreeStudent(), alpha=0.0, n_synthetic=0)
    reg.fit(FRAME, FRAME["amount"])
    assert not hasattr(reg, "predict_log_proba")
    with pytest.raises(AttributeError, match="predict_log_proba is for classifiers"):
        Scorer(reg.model_).predict_log_proba(FRAME)
