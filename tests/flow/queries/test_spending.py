"""A budget is spent on rows that teach, and what it bought is told."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd import DistilledClassifier, DistilledRegressor, InputError, distill
from ensemble_kd.flow.queries import draw_queries
from ensemble_kd.teachers import QueriedTeacher

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(600, 2))
LABELS = (X[:, 0] > 0.2).astype(int)
SMALL = {"student": "tree", "recipe": "fast", "n_synthetic": 0}
pytestmark = pytest.mark.filterwarnings(
    "ignore:the budget of .* queries leaves:UserWarning",
    "ignore:the teacher .* in-sample:UserWarning",
)


def steep(rows):
    """All that there is to know lies at .2."""
    return 1 / (1 + np.exp(-40 * (np.asarray(rows)[:, 0] - 0.2)))


@pytest.fixture(scope="module")
def bought():
    teacher = QueriedTeacher(steep, budget=200)
    with pytest.warns(UserWarning, match="leaves 400 of 600 rows without an answer"):
        return teacher, DistilledClassifier(teacher, **SMALL).fit(X, LABELS)


def test_budget_is_spent_and_not_exceeded(bought):
    teacher, clf = bought
    assert teacher.n_asked == 200
    spent = clf.queries_["queries"]
    n_judging = clf.transfer_set_.held_out.sum()
    np.testing.assert_allclose(spent, np.linspace(n_judging, 200, 5)[1:], atol=1)


def test_rows_that_judge_were_asked_for_and_teach_nothing(bought):
    teacher, clf = bought
    rows = clf.transfer_set_
    assert 0 < rows.held_out.sum() <= 0.2 * teacher.budget
    np.testing.assert_allclose(rows.response[rows.held_out, 1], steep(X[rows.held_out]))
    assert clf.fidelity_.n_rows == rows.held_out.sum()


def test_rows_without_an_answer_teach_their_targets_alone(bought):
    _, clf = bought
    is_truth = clf.transfer_set_.response[:, 1] == LABELS
    assert 400 <= is_truth.sum() < 600


def test_rows_are_asked_where_students_disagree(bought):
    _, clf = bought
    rows = clf.transfer_set_
    asked = (rows.response[:, 1] != LABELS) & ~rows.held_out
    near = np.abs(X[:, 0] - 0.2) < 0.1
    assert near[asked].mean() > 1.5 * near.mean()


def test_more_queries_bring_the_student_nearer(bought):
    _, clf = bought
    assert clf.queries_["rmse"].iloc[-1] < clf.queries_["rmse"].iloc[0]


def test_budget_for_every_row_teaches_the_very_student_that_the_callable_does():
    asked = DistilledClassifier(steep, **SMALL).fit(X, LABELS)
    teacher = QueriedTeacher(steep, budget=600, batch_size=50)
    budgeted = DistilledClassifier(teacher, **SMALL).fit(X, LABELS)
    np.testing.assert_array_equal(budgeted.predict_proba(X), asked.predict_proba(X))
    assert teacher.n_asked == 600


def test_second_fit_on_the_same_rows_asks_nothing_more():
    teacher = QueriedTeacher(steep, budget=600)
    first, second = (DistilledClassifier(teacher, **SMALL).fit(X, LABELS) for _ in range(2))
    assert teacher.n_asked == 600
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_answers_of_an_earlier_fit_are_used_when_nothing_is_left():
    teacher = QueriedTeacher(steep, budget=100)
    teacher.predict_proba(X[:100])
    rows = DistilledClassifier(teacher, **SMALL).fit(X, LABELS).transfer_set_
    np.testing.assert_allclose(rows.response[:100, 1], steep(X[:100]))
    assert not rows.held_out[100:].any()


def test_what_is_left_of_a_budget_labels_synthetic_rows():
    teacher = QueriedTeacher(steep, budget=900)
    clf = DistilledClassifier(teacher, **SMALL | {"n_synthetic": 5000}).fit(X, LABELS)
    rows = clf.transfer_set_
    assert teacher.n_asked <= 900
    made = rows.origin == 2
    assert made.sum() == 300
    np.testing.assert_allclose(rows.response[made, 1], steep(rows.X[made]))


def test_unlabelled_rows_share_the_budget():
    teacher = QueriedTeacher(steep, budget=300)
    clf = DistilledClassifier(teacher, **SMALL).fit(X[:200], LABELS[:200], X_unlabeled=X[200:])
    more = clf.transfer_set_.origin == 1
    assert 0 < more.sum() < 300
    assert teacher.n_asked == 300


def test_values_are_bought_too():
    y = X[:, 0] ** 2
    teacher = QueriedTeacher(lambda rows: np.asarray(rows)[:, 0] ** 2, budget=150)
    reg = DistilledRegressor(teacher, **SMALL).fit(X, y)
    assert teacher.n_asked == 150
    assert reg.score(X, y) > 0.8


def test_budget_of_too_few_queries_is_refused_before_any_is_asked():
    teacher = QueriedTeacher(steep, budget=5)
    with pytest.raises(InputError, match=r"must leave 20 queries .* got 5 left of 5"):
        DistilledClassifier(teacher, **SMALL).fit(X, LABELS)
    assert teacher.n_asked == 0


def test_what_queries_bought_is_drawn(bought, tmp_path):
    pytest.importorskip("matplotlib")
    draw_queries({"tree": bought[1].queries_}, tmp_path / "queries.png")
    assert (tmp_path / "queries.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("n_rows", [40, 200])
def test_rows_of_a_group_judge_or_teach(n_rows):
    group = np.arange(600) // 6
    teacher = QueriedTeacher(steep, budget=n_rows)
    rows = distill(X, LABELS, teacher=teacher, groups=group, **SMALL).transfer_set
    assert 0 < rows.held_out.sum() <= 0.2 * n_rows
    assert not set(group[rows.held_out]) & set(group[~rows.held_out])


def test_rows_that_judge_are_later_than_those_that_teach():
    time = np.arange(600)[::-1] // 3
    teacher = QueriedTeacher(steep, budget=100)
    rows = distill(X, LABELS, teacher=teacher, time=time, **SMALL).transfer_set
    assert 0 < rows.held_out.sum() <= 20
    assert time[rows.held_out].min() > time[~rows.held_out].max()


def test_a_budget_is_spent_when_the_time_is_over():
    teacher = QueriedTeacher(steep, budget=100)
    found = distill(X, LABELS, teacher=teacher, time_limit=1e-3, **SMALL)
    assert teacher.left == 0
    assert all(set(one) == {"queries"} for one in found.queries)


def test_rows_without_weight_are_not_paid_for():
    weight = (np.arange(600) % 2).astype(float)
    teacher = QueriedTeacher(steep, budget=600)
    distill(X, LABELS, teacher=teacher, sample_weight=weight, **SMALL)
    assert teacher.n_asked == 300
    assert not teacher.knows(X[weight == 0]).any()
