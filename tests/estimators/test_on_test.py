"""`test_size=` and `measure`: teacher and student on rows that nothing was fitted on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.bundle import load_bundle
from ensemble_kd.errors import InputError

FAST = {"student": "tree", "recipe": "fast", "n_synthetic": 200, "cv": 2}
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(300, 3)), columns=list("abc"))
Y = (X["a"] + RNG.normal(size=300) > 0).astype(int).to_numpy()


def test_test_rows_are_unseen_and_figures_are_those_of_scikit_learn():
    clf = DistilledClassifier(LogisticRegression(), **FAST).fit(X, Y, test_size=0.2)
    seen = clf.transfer_set_.X[clf.transfer_set_.origin == 0]
    assert len(seen) == 240
    assert clf.test_.n_rows == 60
    is_test = ~X["a"].isin(seen[:, 0]).to_numpy()
    answers = {"student": clf, "teacher": clf.teacher_}
    for who, model in answers.items():
        proba, scores = model.predict_proba(X[is_test]), clf.test_.quality[who]
        assert scores["log_loss"] == pytest.approx(log_loss(Y[is_test], proba))
        assert scores["auc"] == pytest.approx(roc_auc_score(Y[is_test], proba[:, 1]))
        found = average_precision_score(Y[is_test], proba[:, 1])
        assert scores["average_precision"] == pytest.approx(found)
    difference = clf.predict_proba(X[is_test]) - clf.teacher_.predict_proba(X[is_test])
    assert clf.test_.fidelity.rmse == pytest.approx(np.sqrt((difference**2).mean()))


def test_a_teacher_that_memorises_gives_chance_on_test_rows_of_random_labels():
    y = RNG.integers(0, 2, 1000)
    X = RNG.normal(size=(1000, 4))
    clf = DistilledClassifier(DecisionTreeClassifier(), **FAST).fit(X, y, test_size=0.5)
    for scores in clf.test_.quality.values():
        assert scores["auc"] == pytest.approx(0.5, abs=0.08)


def test_card_and_file_tell_both_by_their_names(tmp_path):
    clf = DistilledClassifier(LogisticRegression(), **FAST).fit(X, Y)
    assert clf.test_ is None
    clf.save(tmp_path / "before.ekd")
    assert "test" not in load_bundle(tmp_path / "before.ekd").manifest["training"]
    clf.measure(X.head(50), Y[:50], np.ones(50)).save(tmp_path / "m.ekd")
    bundle = load_bundle(tmp_path / "m.ekd")
    told = bundle.manifest["training"]
    assert told["fidelity"]["n_rows"] == clf.fidelity_.n_rows < 50
    assert told["test"]["n_rows"] == told["test"]["fidelity"]["n_rows"] == 50
    assert set(told["test"]["student"]) == set(told["test"]["teacher"])
    assert "On 50 test rows that nothing was fitted on" in bundle.card
    assert clf.fit(X, Y).test_ is None


def test_values_and_students_without_a_teacher_are_measured_too():
    y = X["a"].to_numpy() * 3
    reg = DistilledRegressor(LinearRegression(), **FAST).fit(X, y, test_size=0.25)
    assert set(reg.test_.quality["student"]) == {"rmse", "r2"}
    assert reg.test_.quality["teacher"]["rmse"] < 1e-9
    plain = DistilledClassifier(student="tree", alpha=0.0, n_synthetic=0)
    plain.fit(X, Y, test_size=0.25)
    assert list(plain.test_.quality) == ["student"]
    assert plain.test_.fidelity is None
    assert "student" in str(plain.test_)


def test_weights_groups_and_time_follow_the_rows():
    weight, group = np.where(Y == 1, 2.0, 1.0), np.arange(300) // 10
    clf = DistilledClassifier(LogisticRegression(), **FAST)
    clf.fit(X, Y, weight, groups=group.tolist(), test_size=0.2)
    seen = clf.transfer_set_.X[clf.transfer_set_.origin == 0][:, 0]
    is_test = ~X["a"].isin(seen).to_numpy()
    assert not set(group[is_test]) & set(group[~is_test])
    proba = clf.predict_proba(X[is_test])
    found = log_loss(Y[is_test], proba, sample_weight=weight[is_test])
    assert clf.test_.quality["student"]["log_loss"] == pytest.approx(found)
    with pytest.warns(UserWarning, match="rows are tested by no fold"):
        clf.fit(X, Y, time=pd.Series(np.arange(300)[::-1]), test_size=0.2)
    seen = clf.transfer_set_.X[clf.transfer_set_.origin == 0][:, 0]
    assert np.array_equal(seen, X["a"].to_numpy()[60:])


@pytest.mark.parametrize("size", [0.0, 1.0, 3, "a", 1e-9])
def test_test_size_is_a_share_that_leaves_rows_on_both_sides(size):
    with pytest.raises(InputError, match="test_size"):
        DistilledClassifier(LogisticRegression(), **FAST).fit(X, Y, test_size=size)


def test_a_class_that_fit_has_not_seen_cannot_be_measured():
    clf = DistilledClassifier(LogisticRegression(), **FAST).fit(X, Y)
    with pytest.raises(InputError, match="must hold classes of the model"):
        clf.measure(X.head(2), [0, 7])


@pytest.mark.parametrize(
    ("rows", "y", "weight", "message"),
    [
        (3, [1.0, np.nan, 2.0], None, "must have a target for each row"),
        (3, [1.0, 2.0], None, "y must be one value for each of 3 rows"),
        (2, [1.0, 2.0], [1.0], "sample_weight must be one value for each of 2 rows"),
    ],
)
def test_what_measure_refuses(rows, y, weight, message):
    reg = DistilledRegressor(LinearRegression(), **FAST).fit(X, X["a"])
    with pytest.raises(InputError, match=message):
        reg.measure(X.head(rows), y, weight)


def test_test_rows_of_no_weight_count_alike():
    clf = DistilledClassifier(LogisticRegression(), **FAST).fit(X, Y)
    alike = clf.measure(X.head(50), Y[:50]).test_
    assert clf.measure(X.head(50), Y[:50], np.zeros(50)).test_ == alike
