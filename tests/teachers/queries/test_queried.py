"""A teacher with a budget is asked for each row once, in batches, and never for more."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from ensemble_kd import DistilledClassifier
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.tasks import Classification
from ensemble_kd.teachers import QueriedTeacher, as_teacher, queried_in, teacher_response
from ensemble_kd.teachers.queries._queried import row_digests

X = np.random.default_rng(0).normal(size=(30, 2))


class Counted:
    def __init__(self):
        self.sizes, self.seen = [], []

    def __call__(self, rows):
        self.sizes.append(len(rows))
        self.seen += np.asarray(rows)[:, 0].tolist()
        return 1 / (1 + np.exp(-np.asarray(rows, dtype=float)[:, 0]))


def test_rows_are_asked_in_batches_and_answered_in_order():
    source = Counted()
    teacher = QueriedTeacher(source, budget=30, batch_size=8)
    np.testing.assert_allclose(teacher.predict_proba(X), 1 / (1 + np.exp(-X[:, 0])))
    assert source.sizes == [8, 8, 8, 6]
    assert (teacher.n_calls, teacher.n_asked, teacher.left) == (4, 30, 0)


def test_row_that_was_asked_before_costs_nothing():
    source = Counted()
    teacher = QueriedTeacher(source, budget=10)
    first = teacher.predict_proba(np.vstack([X[:10], X[:10]]))
    np.testing.assert_array_equal(teacher.predict_proba(X[:10]), first[10:])
    assert source.seen == X[:10, 0].tolist()


def test_budget_is_never_exceeded_and_a_question_beyond_it_is_not_asked_at_all():
    source = Counted()
    teacher = QueriedTeacher(source, budget=12)
    teacher.predict_proba(X[:10])
    with pytest.raises(InputError, match=r"budget of 12 queries leaves 2, but 3 rows are new"):
        teacher.predict_proba(X[8:13])
    assert sum(source.sizes) == teacher.n_asked == 10


def test_names_of_classes_come_through():
    def both(rows):
        return pd.DataFrame({"yes": rows[:, 0] > 0, "no": rows[:, 0] <= 0}).astype(float)

    task = Classification(np.array(["no", "yes"]))
    teacher = as_teacher(QueriedTeacher(both, budget=30, batch_size=7), task)
    assert isinstance(queried_in(teacher), QueriedTeacher)
    np.testing.assert_array_equal(teacher_response(teacher, X, task)[:, 1], X[:, 0] > 0)


def test_question_without_an_answer_counts_all_the_same():
    teacher = QueriedTeacher(lambda rows: rows[:3, 0], budget=30)
    with pytest.raises(NotDistillableError, match=r"<lambda> must answer each of 5 rows"):
        teacher.predict(X[:5])
    assert teacher.n_asked == 5


def test_digest_is_of_what_a_row_says():
    frame = pd.DataFrame({"a": [1, 2, 1], "b": ["x", None, "x"]})
    digests = row_digests(frame)
    assert digests[0] == digests[2] != digests[1]
    assert row_digests(frame.astype({"b": "category"})) == digests
    assert row_digests(frame[::-1]) == digests[::-1]
    assert len(set(row_digests(pd.DataFrame({"a": [1, "1", 1.5]})))) == 3


@pytest.mark.parametrize("bad", [{"budget": 0}, {"budget": 2.5}, {"budget": 5, "batch_size": 0}])
def test_budget_that_is_no_number_of_rows_is_refused(bad):
    with pytest.raises(InputError, match="must be a whole number >= 1"):
        QueriedTeacher(Counted(), **bad)


def test_clones_of_an_estimator_spend_one_budget():
    teacher = QueriedTeacher(Counted(), budget=30)
    assert clone(DistilledClassifier(teacher)).teacher is teacher


def test_pickled_teacher_goes_on_where_it_was():
    teacher = QueriedTeacher(LogisticRegression().fit(X, X[:, 0] > 0), budget=30)
    told = teacher.predict_proba(X[:20])
    again = pickle.loads(pickle.dumps(teacher))
    np.testing.assert_array_equal(again.predict_proba(X[:20]), told)
    assert again.left == 10
    with pytest.raises(InputError, match="leaves 10, but 30 rows are new"):
        again.predict_proba(X + 1)
