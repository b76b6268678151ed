"""No model labels a row that it was fitted on."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.errors import InputError
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask, Classification, Regression
from ensemble_kd.teachers import TeacherEnsemble, cross_fit, make_folds, teacher_response
from ensemble_kd.teachers.members import ExtraTreesMember

N_ROWS = 40
IDS = np.arange(float(N_ROWS))[:, None]
LABELS = np.arange(N_ROWS) % 2
VALUES = np.arange(N_ROWS) + 100.0
PAIR, AMOUNT = Classification(np.array([0, 1])), Regression()


class Memory(BaseEstimator):
    """Knows the rows it was fitted on by their ids, and nothing of any other."""

    def fit(self, X: Any, y: Any) -> Self:
        """Remember the rows."""
        self.classes_ = np.unique(y)
        self.seen_ = dict(zip(np.asarray(X)[:, 0], y, strict=True))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return certainty for a row it has seen, equal odds for any other."""
        seen = [self.seen_.get(row[0]) for row in np.asarray(X)]
        return np.array([self.classes_ == label if label is not None else [0.5, 0.5]
                         for label in seen], dtype=float)  # fmt: skip

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of a row it has seen, -1 for any other."""
        return np.array([self.seen_.get(row[0], -1.0) for row in np.asarray(X)])


def out_of_fold_response(
    teacher: Any, X: Any, y: np.ndarray, weight: Any = None, **options: Any
) -> np.ndarray:
    """Return the out-of-fold response of a single teacher."""
    return cross_fit([("teacher", teacher)], X, y, weight, **options).response[0]


def by_function(y: np.ndarray, task: BaseTask, cv: Any) -> np.ndarray:
    """Return the out-of-fold response of a memorising teacher."""
    folds = make_folds(y, cv, task, seed=0)
    return out_of_fold_response(Memory(), IDS, y, folds=folds, task=task)


def by_ensemble(y: np.ndarray, task: BaseTask, cv: Any) -> np.ndarray:
    """Return the out-of-fold response of an ensemble of memorising members."""
    teacher = TeacherEnsemble([("a", Memory()), ("b", Memory())], task=task.name, cv=cv)
    return teacher.fit(IDS, y).out_of_fold_response_


each_way = pytest.mark.parametrize("respond", [by_function, by_ensemble])
each_cv = pytest.mark.parametrize("cv", [2, 5, KFold(N_ROWS)], ids=["2", "5", "leave one out"])


@each_way
@each_cv
def test_out_of_fold_labels_come_from_models_that_had_not_seen_the_row(respond, cv):
    np.testing.assert_array_equal(respond(LABELS, PAIR, cv), np.full((N_ROWS, 2), 0.5))


@each_way
@each_cv
def test_out_of_fold_values_come_from_models_that_had_not_seen_the_row(respond, cv):
    np.testing.assert_array_equal(respond(VALUES, AMOUNT, cv), np.full((N_ROWS, 1), -1.0))


HELD_OUT = np.arange(N_ROWS) % 7 == 3


class Witness(BaseEstimator):
    """Answers every row with the values it was fitted on, bit by bit."""

    def fit(self, X: Any, y: Any) -> Self:
        """Remember the values."""
        self.seen_ = set(y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return a number that tells which values were seen."""
        return np.full(len(X), float(sum(1 << int(value - VALUES[0]) for value in self.seen_)))


def saw(answer: float) -> np.ndarray:
    """Return which rows the witness that gave an answer had seen."""
    return np.array([int(answer) >> i & 1 for i in range(N_ROWS)], dtype=bool)


@each_cv
def test_no_fold_sees_a_held_out_row_and_they_are_answered_by_a_fit_on_all_others(cv):
    folds = make_folds(VALUES, cv, AMOUNT, seed=0, held_out=HELD_OUT)
    found = cross_fit([("a", Witness())], IDS, VALUES, folds=folds, task=AMOUNT, held_out=HELD_OUT)
    for row, answer in enumerate(found.response[0, :, 0]):
        seen = saw(answer)
        assert not seen[HELD_OUT].any() and not seen[row]
        if HELD_OUT[row]:
            assert seen[~HELD_OUT].all()
    assert saw(found.unseen[0].predict(IDS[:1])[0]).tolist() == (~HELD_OUT).tolist()
    assert saw(found.fitted[0].predict(IDS[:1])[0]).all()


@each_cv
def test_folds_test_every_row_that_is_not_held_out_once(cv):
    folds = make_folds(LABELS, cv, PAIR, seed=0, held_out=HELD_OUT)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == np.flatnonzero(~HELD_OUT).tolist()


def test_ensemble_beside_has_seen_no_held_out_row_and_takes_the_same_weights():
    members = [("a", Memory()), ("b", Memory())]
    teacher = TeacherEnsemble(members, cv=4, weights=[3, 1])
    beside = teacher.fit_beside(IDS, LABELS, held_out=HELD_OUT)
    expected = np.where(HELD_OUT, 0.5, LABELS)
    np.testing.assert_array_equal(beside.predict_proba(IDS)[:, 1], expected)
    np.testing.assert_array_equal(teacher.predict_proba(IDS)[:, 1], LABELS)
    np.testing.assert_array_equal(beside.weights_, [0.75, 0.25])


def test_ensemble_without_held_out_rows_has_none_beside_it():
    assert TeacherEnsemble([("a", Memory())], cv=4).fit_beside(IDS, LABELS) is None


def test_out_of_fold_member_responses_come_from_models_that_had_not_seen_the_row():
    members = [("a", Memory()), ("b", Memory())]
    teacher = TeacherEnsemble(members, cv=4, weights="equal").fit(IDS, LABELS)
    np.testing.assert_array_equal(teacher.member_responses_, np.full((2, N_ROWS, 2), 0.5))


class Counted(LogisticRegression):
    """Counts its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Count, and fit."""
        self.fits.append(len(X))
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(("n_rows", "n_fits"), [(1000, 1), (900, 5)])
def test_member_without_a_weight_after_the_first_fold_is_fitted_no_more(
    monkeypatch, n_rows, n_fits
):
    monkeypatch.setattr(Counted, "fits", [])
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 2))
    y = (X[:, 0] > 0).astype(int)
    shuffled = Pipeline([("noise", FunctionTransformer(np.zeros_like)), ("model", Counted())])
    members = [("good", LogisticRegression()), ("useless", shuffled)]
    teacher = TeacherEnsemble(members, cv=5).fit(X, y)  # a first fold of 200 rows may judge
    assert [name for name, _ in teacher.members_] == ["good"]
    assert len(Counted.fits) == n_fits


def test_first_fold_of_no_weight_leaves_no_member_out():
    # The oldest rows are of no weight, and the first fold in an order of time has no others.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 2))
    y = (X[:, 0] > 0).astype(int)
    weight = np.repeat([0.0, 1.0], [650, 550])
    weight[:20] = 1.0
    members = [("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=2))]
    folds = [(np.arange(300), np.arange(300, 600)), (np.arange(900), np.arange(900, 1200))]
    teacher = TeacherEnsemble(members, cv=folds).fit(X, y, sample_weight=weight)
    assert teacher.weights_.sum() == pytest.approx(1.0)


def test_out_of_fold_ensemble_is_refitted_on_all_rows():
    teacher = TeacherEnsemble([("a", Memory())], cv=4).fit(IDS, LABELS)
    np.testing.assert_array_equal(teacher.predict_proba(IDS)[:, 1], LABELS)


def test_out_of_fold_response_leaves_the_teacher_unfitted():
    teacher = Memory()
    folds = make_folds(LABELS, 4, PAIR, seed=0)
    out_of_fold_response(teacher, IDS, LABELS, folds=folds, task=PAIR)
    assert vars(teacher) == {}


def test_out_of_fold_response_hands_each_fold_the_weights_of_its_rows():
    # Two values contradict each other everywhere; the weights say which one counts.
    y = np.tile([0.0, 10.0], N_ROWS // 2)
    weight = np.where(y == 10.0, 1e6, 1.0)
    folds = make_folds(y, 4, AMOUNT, seed=0)
    response = out_of_fold_response(
        LinearRegression(), np.zeros((N_ROWS, 1)), y, weight, folds=folds, task=AMOUNT
    )
    np.testing.assert_allclose(response, 10.0, atol=1e-4)


def test_out_of_fold_response_gives_the_rows_of_a_frame_as_a_frame():
    frame = pd.DataFrame({"id": IDS[:, 0]}, index=np.arange(N_ROWS) + 1000)

    class ByName(Memory):
        def predict(self, X: Any) -> np.ndarray:
            return X["id"].to_numpy()

    folds = make_folds(VALUES, 4, AMOUNT, seed=0)
    response = out_of_fold_response(ByName(), frame, VALUES, folds=folds, task=AMOUNT)
    np.testing.assert_array_equal(response, IDS)


def test_default_members_share_a_table_that_is_read_once_a_fit(monkeypatch, make_frame):
    frame, y = make_frame(N_ROWS), LABELS
    members = [(f"m{i}", ExtraTreesMember(random_state=i)) for i in range(2)]
    folds = make_folds(y, 2, PAIR, seed=0)
    alone = []
    for _, member in members:
        response = np.zeros((N_ROWS, 2))
        for train, test in folds:
            fitted = clone(member).fit(frame.iloc[train], y[train])
            response[test] = teacher_response(fitted, frame.iloc[test], PAIR)
        alone.append(response)
    read = []
    infer = TableSchema.infer
    monkeypatch.setattr(TableSchema, "infer", lambda X: read.append(len(X)) or infer(X))
    found = cross_fit([*members, ("dummy", DummyClassifier())], frame, y, folds=folds, task=PAIR)
    np.testing.assert_array_equal(found.response[:2], alone)
    assert read == [N_ROWS // 2, N_ROWS // 2, N_ROWS]


# --- rare classes --------------------------------------------------------------------------------


def labels_with_rare(n_rare: int) -> np.ndarray:
    """Return 30 labels of classes 0 and 2, then some of class 1."""
    return np.concatenate([np.tile([0, 2], 15), np.full(n_rare, 1)])


def rare_response(n_rare: int, teacher: Any) -> np.ndarray:
    """Return out-of-fold soft labels where class 1 is rare; a row's class is its feature."""
    y = labels_with_rare(n_rare)
    task = Classification(np.array([0, 1, 2]))
    folds = make_folds(y, 5, task, seed=0)
    return out_of_fold_response(teacher, y[:, None].astype(float), y, folds=folds, task=task)


def test_out_of_fold_labels_of_a_class_with_one_row_give_it_no_probability():
    response = rare_response(1, DecisionTreeClassifier())
    assert response[-1, 1] == 0.0


def test_out_of_fold_labels_of_a_class_with_two_rows_learn_each_from_the_other():
    response = rare_response(2, DecisionTreeClassifier())
    np.testing.assert_array_equal(response[-2:, 1], [1.0, 1.0])


@pytest.mark.parametrize("n_rare", [1, 2])
def test_out_of_fold_labels_keep_their_columns_where_a_fold_lacks_a_class(n_rare):
    response = rare_response(n_rare, DecisionTreeClassifier())
    y = labels_with_rare(n_rare)
    common = y != 1
    np.testing.assert_array_equal(response[common].argmax(axis=1), y[common])


def test_out_of_fold_labels_sum_to_one_where_a_fold_lacks_a_class():
    np.testing.assert_allclose(rare_response(1, GaussianNB(var_smoothing=1.0)).sum(axis=1), 1.0)


# --- folds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", [PAIR, AMOUNT], ids=lambda task: task.name)
def test_make_folds_tests_each_row_once(task):
    folds = make_folds(LABELS, 5, task, seed=0)
    tested = np.concatenate([test for _, test in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(N_ROWS))


def test_make_folds_spreads_classes_evenly():
    y = np.repeat([0, 1], [30, 10])
    shares = [y[test].mean() for _, test in make_folds(y, 5, PAIR, seed=0)]
    np.testing.assert_allclose(shares, 0.25)


def test_make_folds_is_the_same_for_the_same_seed():
    (_, one), *_ = make_folds(VALUES, 5, AMOUNT, seed=3)
    (_, two), *_ = make_folds(VALUES, 5, AMOUNT, seed=3)
    np.testing.assert_array_equal(one, two)


def test_make_folds_is_another_for_another_seed():
    (_, one), *_ = make_folds(VALUES, 5, AMOUNT, seed=3)
    (_, two), *_ = make_folds(VALUES, 5, AMOUNT, seed=4)
    assert not np.array_equal(one, two)


def test_make_folds_makes_fewer_folds_of_few_rows():
    assert len(make_folds(VALUES[:3], 5, AMOUNT, seed=0)) == 3


def test_make_folds_makes_fewer_folds_of_few_rows_of_a_class():
    assert len(make_folds(np.array([0, 0, 0, 1, 1]), 5, PAIR, seed=0)) == 3


def test_make_folds_takes_a_splitter():
    (_, first), *_ = make_folds(VALUES, KFold(4), AMOUNT, seed=0)
    np.testing.assert_array_equal(first, np.arange(10))


@pytest.mark.parametrize(
    ("y", "cv", "message"),
    [
        (LABELS, 1, "cv must be at least 2, got 1"),
        (LABELS, ShuffleSplit(3, test_size=0.5), "cv must test no row twice"),
        (LABELS, RepeatedKFold(n_splits=2, n_repeats=2), "cv must test no row twice"),
        (np.array([0, 0, 0, 1]), 2, "at least 2 rows of each of two classes, got 1 of class 1"),
        (np.array([0, 1]), 2, "at least 2 rows of each of two classes, got 1 of class 0"),
        (np.array([0, 1, 2]), 5, "at least 2 rows of each of two classes, got 1 of class 0"),
    ],
)
def test_make_folds_refuses_what_leaves_rows_without_honest_labels(y, cv, message):
    with pytest.raises(InputError, match=message):
        make_folds(y, cv, PAIR, seed=0)


def test_make_folds_refuses_a_single_row():
    with pytest.raises(InputError, match="at least 2 rows, got n_samples=1"):
        make_folds(VALUES[:1], 5, AMOUNT, seed=0)
