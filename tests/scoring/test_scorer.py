"""A saved model at work: the same answers for a row in every form, and a test of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import (
    BundleError,
    DistilledClassifier,
    DistilledRegressor,
    GBDTStudent,
    InputError,
    MLPStudent,
    Scorer,
    TreeStudent,
    load,
)
from ensemble_kd.bundle import save_bundle
from ensemble_kd.scoring import make_selftest

pytestmark = pytest.mark.runtimes
STUDENTS = {
    "mlp": MLPStudent(hidden=(8,), n_updates=60, max_categories=2),
    "gbdt": GBDTStudent(n_estimators=8, num_leaves=6, n_jobs=1),
    "tree": TreeStudent(),
}


@pytest.fixture(scope="module")
def frame(make_frame) -> pd.DataFrame:
    """A mixed table."""
    return make_frame(120)


@pytest.fixture(scope="module", params=STUDENTS)
def classifier(request, frame, make_target) -> DistilledClassifier:
    """A classifier fitted on it, without a teacher."""
    estimator = DistilledClassifier(
        student=STUDENTS[request.param], alpha=0.0, n_synthetic=0, random_state=1
    )
    return estimator.fit(frame, np.array(["a", "b", "c"])[make_target(frame, "multiclass")])


@pytest.fixture(scope="module")
def regressor(frame, make_target) -> DistilledRegressor:
    """A regressor fitted on it, without a teacher."""
    estimator = DistilledRegressor(student=TreeStudent(), alpha=0.0, n_synthetic=0)
    return estimator.fit(frame, make_target(frame, "regression"))


@pytest.fixture
def path(classifier, tmp_path) -> Path:
    """The classifier's file."""
    classifier.save(tmp_path / "model.ekd")
    return tmp_path / "model.ekd"


@pytest.fixture
def scorer(path) -> Scorer:
    """The classifier, loaded."""
    return load(path)


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows as dicts of plain values, None where missing."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


# --- answers --------------------------------------------------------------------------------------


def test_scorer_answers_like_the_estimator(scorer, classifier, frame):
    np.testing.assert_array_equal(scorer.predict_proba(frame), classifier.predict_proba(frame))
    np.testing.assert_array_equal(scorer.predict(frame), classifier.predict(frame))


def test_scorer_answers_rows_like_their_frame(scorer, frame):
    expected = scorer.predict_proba(frame)
    np.testing.assert_array_equal(scorer.predict_proba(records(frame)), expected)
    np.testing.assert_array_equal(scorer.predict_proba(frame.astype(object).to_numpy()), expected)


def test_scorer_reads_columns_by_name(scorer, frame):
    shuffled = frame[frame.columns[::-1]].assign(further=1)
    np.testing.assert_array_equal(scorer.predict_proba(shuffled), scorer.predict_proba(frame))


def test_scorer_answers_one_row_like_a_table(scorer, frame):
    expected = scorer.predict_proba(frame)
    for i, row in enumerate(records(frame.head(10))):
        answer = scorer.predict_proba_one(row)
        assert list(answer) == ["a", "b", "c"]
        np.testing.assert_allclose(list(answer.values()), expected[i], rtol=0, atol=1e-6)


def test_scorer_names_the_likeliest_class_of_one_row(scorer, frame):
    row = records(frame.head(1))[0]
    answer = scorer.predict_proba_one(row)
    assert scorer.predict_one(row) == max(answer, key=lambda label: answer[label])


def test_scorer_answers_one_row_with_what_json_can_hold(scorer, frame):
    row = records(frame.head(1))[0]
    answer = {"label": scorer.predict_one(row), "probability": scorer.predict_proba_one(row)}
    assert json.loads(json.dumps(answer)) == answer


def test_scorer_takes_the_absent_keys_of_nullable_columns_as_missing(scorer, frame):
    row = records(frame.head(1))[0]
    nullable = {column.name: None for column in scorer.schema.columns if column.nullable}
    short = {name: value for name, value in row.items() if name not in nullable}
    assert scorer.predict_proba_one(short) == scorer.predict_proba_one(row | nullable)


@pytest.mark.parametrize("empty", [[], pd.DataFrame], ids=["list", "frame"])
def test_scorer_answers_no_rows_with_no_rows(scorer, frame, empty):
    rows = frame[:0] if empty is pd.DataFrame else empty
    assert scorer.predict_proba(rows).shape == (0, 3)
    assert scorer.predict(rows).shape == (0,)


def test_scorer_answers_values_like_the_estimator(regressor, frame, tmp_path):
    regressor.save(tmp_path / "model.ekd")
    scorer = load(tmp_path / "model.ekd")
    expected = regressor.predict(frame)
    np.testing.assert_array_equal(scorer.predict(frame), expected)
    assert scorer.predict_one(records(frame.head(1))[0]) == expected[0]


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amonut": 1.0}, r"the key 'amonut', which is no column.*did you mean 'amount'"),
        ({"amount": "1"}, "column 'amount' must be a number, got '1'"),
        ({"amount": [1.0]}, "column 'amount': argument must be.*got list"),
        ({"city": {"name": "Oslo"}}, "column 'city': argument must be.*got dict"),
        ({"flag": 7}, "column 'flag' must be true or false"),
    ],
    ids=str,
)
def test_scorer_refuses_a_row_that_does_not_fit(scorer, frame, change, message):
    with pytest.raises(InputError, match=message):
        scorer.predict_proba_one(records(frame.head(1))[0] | change)


def test_scorer_refuses_a_row_without_a_column_that_was_never_missing(scorer, frame):
    row = records(frame.head(1))[0]
    del row["count"]
    with pytest.raises(InputError, match="row 0 has no value for 'count'"):
        scorer.predict_one(row)


def test_scorer_refuses_one_row_that_is_no_dict(scorer):
    with pytest.raises(InputError, match="a row must be a dict of values by column, got list"):
        scorer.predict_one([1, 2, 3])


def test_scorer_scores_one_row_by_one_number(regressor, scorer, frame):
    row = records(frame.head(1))[0]
    values = Scorer(regressor.model_)
    assert values.score_one(row) == values.predict_one(row)
    with pytest.raises(AttributeError, match="use predict_proba_one"):
        scorer.score_one(row)


@pytest.mark.parametrize("method", ["predict_proba", "predict_proba_one"])
def test_scorer_of_values_has_no_probabilities(regressor, method):
    with pytest.raises(AttributeError, match=f"{method} is for classifiers.*use predict"):
        getattr(Scorer(regressor.model_), method)({})


# --- the file -------------------------------------------------------------------------------------


def test_load_takes_a_path_or_its_content(path, frame):
    expected = load(path).predict_proba(frame)
    np.testing.assert_array_equal(load(str(path)).predict_proba(frame), expected)
    np.testing.assert_array_equal(load(path.read_bytes()).predict_proba(frame), expected)


def test_load_tells_what_the_file_holds(scorer):
    training = scorer.bundle.manifest["training"]
    assert (scorer.task, training["n_real"], training["n_synthetic"]) == ("classification", 120, 0)
    assert "# Distilled classification model" in scorer.bundle.card


def test_scorer_names_itself(scorer):
    assert repr(scorer).startswith("Scorer(classification, ")
    assert repr(scorer).endswith("10 columns)")


def test_load_refuses_a_model_that_breaks_its_own_promise(classifier, tmp_path):
    promised = make_selftest(classifier.model_)
    expected = promised.expected.copy()
    expected[3, 0] += 0.01
    save_bundle(
        classifier.model_, tmp_path / "m.ekd", selftest=replace(promised, expected=expected)
    )
    with pytest.raises(BundleError, match="must answer its self-test rows within"):
        load(tmp_path / "m.ekd")


def test_load_refuses_a_model_that_cannot_read_its_own_rows(classifier, tmp_path):
    promised = make_selftest(classifier.model_)
    rows = (("many", *promised.rows[0][1:]), *promised.rows[1:])
    save_bundle(classifier.model_, tmp_path / "m.ekd", selftest=replace(promised, rows=rows))
    with pytest.raises(BundleError, match="cannot score its own self-test rows: column 'amount'"):
        load(tmp_path / "m.ekd")


# --- the self-test --------------------------------------------------------------------------------


def test_selftest_holds_no_row_of_the_table(classifier, frame):
    schema = classifier.model_.schema
    real = {row.tobytes() for row in schema.encode(frame)}
    table = np.empty((len(make_selftest(classifier.model_).rows), 10), dtype=object)
    for i, row in enumerate(make_selftest(classifier.model_).rows):
        table[i] = row
    assert not real & {row.tobytes() for row in schema.encode(table)}


def test_selftest_reaches_missing_and_unseen_values(classifier):
    values = [value for row in make_selftest(classifier.model_).rows for value in row]
    assert None in values
    assert "<unseen>" in values


def test_selftest_is_the_same_for_the_same_model(classifier):
    one, two = (make_selftest(classifier.model_) for _ in range(2))
    assert one.rows == two.rows
    np.testing.assert_array_equal(one.expected, two.expected)
