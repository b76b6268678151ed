"""What holds of every task, whatever is predicted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.model import TASKS
from ensemble_kd.tasks import DEFAULT_TASK, BaseTask, task_named, task_with
from ensemble_kd.teachers import TeacherEnsemble

RNG = np.random.default_rng(0)
N_ROWS = 60
TARGETS = {
    "two classes": np.array(["no", "yes"])[np.arange(N_ROWS) % 2],
    "three classes": np.arange(N_ROWS) % 3 + 5,
    "values": RNG.normal(100.0, 10.0, size=N_ROWS),
    "labels": RNG.integers(2, size=(N_ROWS, 3)),
}
each_task = pytest.mark.parametrize("kind", TARGETS)


def read(kind: str) -> tuple[BaseTask, np.ndarray]:
    """Return the task of a kind of target, and what it reads."""
    named = {"values": "regression", "labels": "multilabel"}
    task = task_named(named.get(kind, "classification"))
    return task.read_target(TARGETS[kind])


def responses(task: BaseTask) -> np.ndarray:
    """Return what a model may answer to the rows."""
    outputs = RNG.normal(size=(N_ROWS, task.n_outputs))
    return task.respond(outputs)


# --- which task ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TASKS)
def test_task_named_has_that_name(name):
    assert task_named(name).name == name


def test_task_named_refuses_another_name():
    with pytest.raises(
        InputError,
        match="task must be 'classification', 'multilabel', 'regression' or 'outliers', got 'rank'",
    ):
        task_named("rank")


def test_default_task_is_one():
    assert DEFAULT_TASK in TASKS


@pytest.mark.parametrize("kind", ["two classes", "three classes", "values"])
def test_task_with_labels_is_the_task_that_read_them(kind):
    task, _ = read(kind)
    made = task_with(task.labels if task.has_classes else None)
    assert (made.name, made.classes, made.n_outputs) == (task.name, task.classes, task.n_outputs)


# --- the target ----------------------------------------------------------------------------------


@each_task
def test_read_target_is_undone_by_targets(kind):
    task, hard = read(kind)
    assert len(hard) == N_ROWS
    np.testing.assert_array_equal(task.targets(hard), TARGETS[kind])


@each_task
def test_read_target_leaves_the_task_that_read_it_as_it_was(kind):
    unread = task_named(read(kind)[0].name)
    unread.read_target(TARGETS[kind])
    assert unread.classes == ()


@each_task
def test_rows_have_a_target_but_for_those_made_without(kind):
    task, hard = read(kind)
    mixed = np.concatenate([hard, task.no_target(3)])
    np.testing.assert_array_equal(task.has_target(mixed), np.arange(N_ROWS + 3) < N_ROWS)


@each_task
def test_truth_is_what_costs_nothing_to_answer(kind):
    task, hard = read(kind)
    truth = task.truth(hard)
    assert truth.shape == (N_ROWS, task.n_outputs)
    np.testing.assert_allclose(task.row_losses(truth, truth), 0.0, atol=1e-12)


@each_task
def test_truth_is_zero_where_there_is_no_target(kind):
    task, _ = read(kind)
    np.testing.assert_array_equal(task.truth(task.no_target(4)), np.zeros((4, task.n_outputs)))


@each_task
def test_strata_are_small_whole_numbers(kind):
    strata = read(kind)[0].strata(read(kind)[1])
    assert strata.dtype.kind == "i"
    assert np.unique(strata).tolist() == list(range(strata.max() + 1))


@each_task
def test_check_weight_takes_equal_weights(kind):
    task, hard = read(kind)
    task.check_weight(np.ones(N_ROWS), hard)


@each_task
def test_splitter_tests_each_row_once_and_the_same_for_the_same_seed(kind):
    task, _ = read(kind)
    y = TARGETS[kind]
    cuts = [
        [test.tolist() for _, test in task.splitter(y, 4, seed).split(y, y)] for seed in (3, 3, 4)
    ]
    assert cuts[0] == cuts[1] != cuts[2]
    assert len(cuts[0]) == 4
    assert sorted(row for test in cuts[0] for row in test) == list(range(N_ROWS))


@each_task
def test_check_folds_takes_the_splitters_own(kind):
    task, _ = read(kind)
    y = TARGETS[kind]
    task.check_folds(y, [train for train, _ in task.splitter(y, 4, 0).split(y, y)])


# --- losses --------------------------------------------------------------------------------------


@each_task
def test_row_losses_are_least_at_the_truth(kind):
    task, hard = read(kind)
    assert (task.row_losses(responses(task), task.truth(hard)) > 0).all()


@each_task
def test_row_losses_against_a_response_are_least_at_it(kind):
    task, _ = read(kind)
    one, other = responses(task), responses(task)
    assert (task.row_losses(one, other) > task.row_losses(other, other)).all()


@each_task
def test_mean_loss_weighs_rows(kind):
    task, hard = read(kind)
    response, truth = responses(task), task.truth(hard)
    weight = np.where(np.arange(N_ROWS) < 10, 2.0, 0.0)
    expected = task.row_losses(response, truth)[:10].mean()
    assert task.mean_loss(response, truth, weight) == pytest.approx(expected)


@each_task
def test_divergence_is_the_loss_above_the_least_one(kind):
    task, _ = read(kind)
    response, other = responses(task), responses(task)
    above = task.row_losses(other, response) - task.row_losses(response, response)
    np.testing.assert_allclose(task.divergence(response, other), above)
    assert (task.divergence(response, other) > 0).all()


@each_task
def test_divergence_of_a_response_of_itself_is_zero(kind):
    task, _ = read(kind)
    response = responses(task)
    np.testing.assert_array_equal(task.divergence(response, response), 0.0)


@each_task
def test_score_of_a_greater_loss_is_greater(kind):
    task, _ = read(kind)
    assert task.score_of(0.0) == 0.0
    assert task.score_of(2.0) > task.score_of(1.0) > 0


@each_task
def test_losses_are_made_by_name_with_their_weight(kind):
    task, _ = read(kind)
    made = [task.loss(name, 0.25) for name in task.losses]
    assert [loss.alpha for loss in made] == [0.25] * len(made)
    assert len({type(loss) for loss in made}) == len(made)


@each_task
def test_plain_loss_is_the_first_of_them_without_the_teacher(kind):
    task, hard = read(kind)
    loss = task.plain_loss()
    assert loss.alpha == 0.0
    assert type(loss) is type(task.loss(task.losses[0], 0.5))
    outputs = task.outputs_of(responses(task))
    one, other = (loss(outputs, response, hard)[0] for response in (responses(task), 0 * outputs))
    np.testing.assert_array_equal(one, other)


# --- the response --------------------------------------------------------------------------------


@each_task
def test_outputs_of_a_response_give_it_back(kind):
    task, _ = read(kind)
    response = responses(task)
    np.testing.assert_allclose(task.respond(task.outputs_of(response)), response, atol=1e-12)


@each_task
def test_truth_is_decided_as_the_target(kind):
    task, hard = read(kind)
    np.testing.assert_array_equal(task.decide(task.truth(hard)), TARGETS[kind])


@each_task
def test_score_of_the_true_answers_is_one(kind):
    task, _ = read(kind)
    y = TARGETS[kind]
    assert task.score(y, y, None) == 1.0
    assert task.score(y, np.roll(y, 1), None) < 1.0


@each_task
def test_score_weighs_rows(kind):
    task, _ = read(kind)
    y = TARGETS[kind]
    half = np.arange(N_ROWS) < N_ROWS // 2
    answer = np.where(half if y.ndim == 1 else half[:, None], y, np.roll(y, 1, axis=0))
    assert task.score(y, answer, half.astype(float)) == 1.0


@each_task
def test_ask_gives_a_column_an_output(kind):
    task, _ = read(kind)
    tree = DecisionTreeClassifier if task.has_probabilities else DecisionTreeRegressor
    X = RNG.normal(size=(N_ROWS, 2))
    teacher = tree(max_depth=2).fit(X, TARGETS[kind])
    task.check_teacher(teacher)
    assert task.ask(teacher, X).shape == (N_ROWS, task.n_outputs)


@each_task
def test_check_teacher_refuses_the_other_kind(kind):
    task, _ = read(kind)
    other = DecisionTreeRegressor if task.has_probabilities else DecisionTreeClassifier
    with pytest.raises(NotDistillableError, match=f"got the .* {other.__name__}; use Distilled"):
        task.check_teacher(other())


@each_task
def test_describe_to_sklearn_says_what_the_estimator_is(kind):
    task, _ = read(kind)
    estimator = TeacherEnsemble(task=task.name)
    assert (is_classifier(estimator), is_regressor(estimator)) == (
        task.has_probabilities,
        not task.has_probabilities,
    )
