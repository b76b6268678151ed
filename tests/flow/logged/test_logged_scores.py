"""A log of scores teaches what the model that wrote it would, and nobody asks it for more."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ensemble_kd import (
    DistilledClassifier,
    DistilledOutlierDetector,
    DistilledRegressor,
    InputError,
    MLPStudent,
    distill,
)
from ensemble_kd.teachers import LoggedScores

RNG = np.random.default_rng(0)
N = 320
X = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.normal(size=N)})
X["c"] = RNG.choice(["u", "v", "w"], N)
SMALL = {"student": "tree", "n_synthetic": 0, "recipe": "fast"}
QUIET = pytest.mark.filterwarnings("ignore:the teacher .* in-sample:UserWarning")


def yes(rows):
    return 1 / (1 + np.exp(-2 * rows["a"] + (rows["c"] == "u"))).to_numpy()


def value(rows):
    return (3 * rows["a"] + (rows["c"] == "u")).to_numpy(dtype=float)


P = yes(X)
LABELS = np.where(RNG.random(N) < P, "yes", "no")
EIGHTH = np.arange(N) % 8 == 0


def both(p):
    return np.column_stack([1 - p, p])


@QUIET
@pytest.mark.parametrize(
    "student",
    ["tree", "gbdt", MLPStudent(hidden=(8,), n_updates=20)],
    ids=["tree", "gbdt", "mlp"],
)  # fmt: skip
def test_log_teaches_the_very_student_that_its_writer_teaches(student):
    options = {"student": student, "n_synthetic": 0, "recipe": "fast"}
    asked = DistilledClassifier(yes, **options).fit(X, LABELS)
    logged = DistilledClassifier(**options).fit(X, LABELS, soft_labels=P)
    np.testing.assert_array_equal(logged.predict_proba(X), asked.predict_proba(X))
    assert logged.teacher_ is None
    assert vars(logged.fidelity_) == vars(asked.fidelity_)


@QUIET
def test_log_teaches_the_same_student_through_a_race_with_weights():
    weight = np.where(EIGHTH, 0.0, 1 + P)
    options = {"student": "tree", "n_synthetic": 0}
    table = X.loc[np.tile(X.index, 4)].assign(a=lambda rows: rows["a"] + np.arange(4 * N) / N)
    y, weight = np.tile(LABELS, 4), np.tile(weight, 4)
    asked = DistilledClassifier(yes, **options).fit(table, y, weight)
    log = {"soft_labels": yes(table)}
    logged = DistilledClassifier(**options).fit(table, y, weight, **log)
    assert len(logged.recipe_) > 2
    plain = ["seconds"]
    pd.testing.assert_frame_equal(
        logged.recipe_.drop(columns=plain), asked.recipe_.drop(columns=plain)
    )
    np.testing.assert_array_equal(logged.predict_proba(X), asked.predict_proba(X))


@QUIET
@pytest.mark.realdata
def test_log_of_adult_teaches_the_very_student_that_the_frozen_teacher_does():
    from ensemble_kd.datasets import load_dataset

    if "ENSEMBLE_KD_DATA" not in os.environ:
        pytest.skip("ENSEMBLE_KD_DATA is not set")
    adult = load_dataset("adult")
    table, y = adult.X[:3000], adult.y[:3000]
    numbers = FunctionTransformer(lambda rows: rows.apply(lambda c: pd.factorize(c, sort=True)[0]))
    teacher = make_pipeline(numbers, HistGradientBoostingClassifier(random_state=0)).fit(table, y)
    options = {"student": MLPStudent(hidden=(16,), n_updates=200), "n_synthetic": 0}
    asked = DistilledClassifier(FrozenEstimator(teacher), **options).fit(table, y)
    log = teacher.predict_proba(table)[:, 1]
    logged = DistilledClassifier(**options).fit(table, y, soft_labels=log)
    np.testing.assert_array_equal(logged.predict_proba(table), asked.predict_proba(table))


@QUIET
def test_log_of_values_teaches_the_very_student_that_its_writer_teaches():
    y = value(X) + RNG.normal(size=N)
    asked = DistilledRegressor(value, **SMALL).fit(X, y)
    logged = DistilledRegressor(**SMALL).fit(X, y, soft_labels=value(X))
    np.testing.assert_array_equal(logged.predict(X), asked.predict(X))


@pytest.mark.parametrize(
    ("scores", "classes"),
    [
        (pd.DataFrame(both(P)[:, ::-1], columns=["yes", "no"]), None),
        (both(P)[:, ::-1], ("yes", "no")),
        (1 - P, ("yes", "no")),
        (pd.Series(P), ("no", "yes")),
        (both(P).tolist(), ("no", "yes")),
    ],
    ids=["frame", "turned columns", "one turned column", "series", "lists"],
)
def test_classes_without_targets_are_those_of_the_columns_or_as_named(scores, classes):
    log = LoggedScores(scores, classes=classes)
    clf = DistilledClassifier(**SMALL).fit(X, soft_labels=log)
    assert clf.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(clf.transfer_set_.response, both(P), atol=1e-15)
    assert (clf.transfer_set_.hard == -1).all()


def test_one_column_without_names_is_about_the_second_of_0_and_1():
    clf = DistilledClassifier(**SMALL).fit(X, soft_labels=P)
    assert clf.classes_.tolist() == [0, 1]
    np.testing.assert_allclose(clf.transfer_set_.response[:, 1], P)


def test_without_targets_alpha_changes_nothing():
    probabilities = [
        DistilledClassifier(**SMALL, alpha=alpha).fit(X, soft_labels=P).predict_proba(X)
        for alpha in (0.3, 1.0)
    ]
    np.testing.assert_array_equal(*probabilities)


def test_row_without_score_or_target_is_as_if_it_were_not_there():
    scores = np.where(EIGHTH, np.nan, P)
    with pytest.warns(UserWarning, match="rows without a score and a target are left out"):
        gaps = DistilledClassifier(**SMALL).fit(X, soft_labels=scores)
    whole = DistilledClassifier(**SMALL).fit(X[~EIGHTH], soft_labels=P[~EIGHTH])
    np.testing.assert_array_equal(gaps.predict_proba(X), whole.predict_proba(X))


def test_row_without_a_score_teaches_its_target_and_is_not_held_out():
    scores = np.where(EIGHTH, np.nan, P)
    with pytest.warns(UserWarning, match="40 of 320 rows have no score"):
        rows = DistilledClassifier(**SMALL).fit(X, LABELS, soft_labels=scores).transfer_set_
    np.testing.assert_array_equal(rows.response[EIGHTH][:, 1], LABELS[EIGHTH] == "yes")
    np.testing.assert_allclose(rows.response[~EIGHTH][:, 1], P[~EIGHTH])
    assert rows.held_out.any()
    assert not rows.held_out[EIGHTH].any()


def test_row_with_a_score_and_no_target_teaches_its_score():
    y = pd.Series(LABELS).mask(EIGHTH)
    rows = DistilledClassifier(**SMALL).fit(X, y, soft_labels=P).transfer_set_
    np.testing.assert_allclose(rows.response[:, 1], P)
    np.testing.assert_array_equal(rows.hard == -1, EIGHTH)


def test_decisions_are_certain_of_the_class_that_was_named():
    decided = pd.Series(np.where(P > 0.5, "yes", "no")).mask(EIGHTH)
    with pytest.warns(UserWarning, match="left out"):
        rows = distill(X, soft_labels=LoggedScores(decided, "decisions"), **SMALL).transfer_set
    np.testing.assert_array_equal(rows.response, both((P > 0.5).astype(float))[~EIGHTH])


def test_decisions_of_a_detector_are_scores_low_for_what_is_abnormal():
    decided = LoggedScores(np.where(P < 0.1, -1, 1), "decisions")
    rows = distill(X, soft_labels=decided, task="outliers", student="tree", n_synthetic=0)
    np.testing.assert_array_equal(rows.transfer_set.response[:, 0], np.where(P < 0.1, -1, 1))


def test_ranks_ask_for_their_order_alone():
    students = [
        DistilledClassifier(**SMALL).fit(X, LABELS, soft_labels=LoggedScores(scores, "ranks"))
        for scores in (P, 1000 * P**3 - 7)
    ]
    np.testing.assert_array_equal(*(student.predict_proba(X) for student in students))
    response = students[0].transfer_set_.response[:, 1]
    np.testing.assert_array_equal(np.argsort(response), np.argsort(P))
    assert response.mean() == pytest.approx((LABELS == "yes").mean(), abs=1e-3)


def test_ranks_of_values_take_the_values_of_their_rank():
    y = value(X)
    log = LoggedScores(np.exp(y), "ranks")
    rows = DistilledRegressor(**SMALL).fit(X, y, soft_labels=log).transfer_set_
    np.testing.assert_allclose(rows.response[:, 0], y)


def test_ranks_against_the_targets_are_refused():
    with pytest.raises(InputError, match="must be high for the class 'yes'"):
        DistilledClassifier(**SMALL).fit(X, LABELS, soft_labels=LoggedScores(-P, "ranks"))


def test_scores_of_detectors_teach_a_detector():
    scores = -np.abs(value(X))
    log = np.where(EIGHTH, np.nan, scores)
    with pytest.warns(UserWarning, match="left out"):
        found = DistilledOutlierDetector(student="tree", contamination=0.1, n_synthetic=0)
        found.fit(X, soft_labels=log)
    assert np.corrcoef(found.score_samples(X), scores)[0, 1] > 0.9
    assert (found.predict(X[scores > -1]) == 1).all()
    held_out = found.transfer_set_.held_out
    flagged = found.predict(X[~EIGHTH][held_out]) == -1
    assert flagged.mean() == pytest.approx(0.1, abs=1 / held_out.sum())


@pytest.mark.parametrize(
    ("log", "y", "message"),
    [
        (P[:5], None, r"one line for each of 320 rows, got shape \(5,\)"),
        (np.full(N, np.nan), None, "must score some row"),
        (4 * P, LABELS, "must give probabilities, got values .* kind='ranks'"),
        (LoggedScores(P, "logits"), None, "kind of soft_labels must be among .* got 'logits'"),
        (np.column_stack([P, P, P]), LABELS, r"a probability of each of 2 classes"),
        (LoggedScores(both(P), "ranks"), LABELS, "must be one number a row"),
    ],
    ids=["rows", "gaps alone", "no probabilities", "kind", "columns", "ranks"],
)
def test_log_that_does_not_fit_is_refused(log, y, message):
    with pytest.raises(InputError, match=message):
        DistilledClassifier(**SMALL).fit(X, y, soft_labels=log)


def test_log_and_teacher_together_are_refused():
    with pytest.raises(InputError, match="soft_labels or a teacher, not both"):
        DistilledClassifier(yes, **SMALL).fit(X, LABELS, soft_labels=P)


def test_alpha_0_without_targets_leaves_nothing_to_learn():
    with pytest.raises(InputError, match="alpha must be > 0"):
        DistilledClassifier(**SMALL, alpha=0.0).fit(X, soft_labels=P)


def test_fidelity_on_test_rows_is_to_their_logged_scores(tmp_path):
    clf = DistilledClassifier(**SMALL).fit(X[:240], soft_labels=P[:240])
    own = both(clf.predict_proba(X[240:])[:, 1])
    test = clf.measure(X[240:], soft_labels=P[240:]).test_
    assert test.fidelity.rmse == pytest.approx(np.sqrt(((own - both(P[240:])) ** 2).mean()))
    assert test.quality["student"] == {}
    clf.save(tmp_path / "a.ekd")


def test_rows_kept_apart_take_their_scores_along():
    clf = DistilledClassifier(**SMALL).fit(X, LABELS, soft_labels=P, test_size=0.25)
    assert set(clf.test_.quality) == {"teacher", "student"}
    assert clf.test_.n_rows == clf.test_.fidelity.n_rows == N - len(clf.transfer_set_)
