"""A student judged on held-out rows learns nothing of their targets, by whatever way."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import TeacherEnsemble
from ensemble_kd.flow import Settings, Stages, TransferSets, compare, default_recipe, teach
from ensemble_kd.losses import softmax
from ensemble_kd.rows import read_again, read_rows
from ensemble_kd.tasks import Classification
from ensemble_kd.teachers import cross_fitted_responses

X = np.random.default_rng(0).normal(size=(300, 3))
Y = {
    "regression": X[:, 0] + np.random.default_rng(1).normal(size=300),
    "classification": (X[:, 0] + np.random.default_rng(2).normal(size=300) > 0).astype(int),
}
TREES = {
    "regression": DecisionTreeRegressor(random_state=0),
    "classification": DecisionTreeClassifier(random_state=0),
}


@pytest.mark.parametrize("labels", ["out_of_fold", "in_sample"])
@pytest.mark.parametrize("kind", ["model", "ensemble", "single best member"])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_targets_of_held_out_rows_change_no_label_that_a_judged_student_learns(task, kind, labels):
    tree = TREES[task]
    teacher = tree
    if kind != "model":
        other = tree.__class__(max_depth=2, random_state=0)
        weights = "selection" if kind == "ensemble" else [0.99, 0.01]
        teacher = TeacherEnsemble([("a", tree), ("b", other)], task=task, weights=weights)
    rows = read_rows(X, Y[task], None, task, 5, 0)
    hard = rows.hard.copy()
    hard[rows.held_out] = rows.hard[rows.held_out][::-1]
    assert (hard != rows.hard).sum() > 5
    others = replace(rows, hard=hard)
    settings = Settings(teacher=teacher, labels=labels, synthesizer="munge")
    recipe = default_recipe(rows.task, settings, 200)

    def learned(real):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            teaching = teach(settings, real).without_held_out()
        found = TransferSets(real, None, Stages(), None, teaching).of(recipe, 200)
        return found.response[~found.held_out]

    np.testing.assert_array_equal(learned(rows), learned(others))


def members_around_the_truth(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return responses of a member that is right and of six that add noise to it, and the truth."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=n_rows)
    noisy = [0.9 * logits + 0.8 * rng.normal(size=n_rows) for _ in range(6)]
    second = 1 / (1 + np.exp(-np.array([logits, *noisy])))
    hard = (rng.random(n_rows) < second[0]).astype(int)
    return np.stack([1 - second, second], axis=-1), np.eye(2)[hard]


def test_gate_of_the_teacher_can_fail():
    # No mixture beats the member that is right, though on the rows that chose it one always does.
    task, weight = Classification(np.arange(2)), np.ones(400)
    wins = losses = 0
    for seed in range(20):
        responses, truth = members_around_the_truth(400, seed)
        ensemble, member, best = cross_fitted_responses(
            responses, truth, weight, task, weights=None, seed=seed
        )
        found = compare(
            "t", task.row_losses(ensemble, truth), "m", task.row_losses(member, truth), weight, 0
        )
        assert best == 0
        losses += found.rival_wins
        wins += found.probability >= 0.9
    assert losses >= 5
    assert wins <= 5  # one in ten by chance


def test_gate_of_the_teacher_takes_given_weights_as_they_are():
    responses, truth = members_around_the_truth(100, 0)
    weights = np.full(7, 1 / 7)
    ensemble, _, _ = cross_fitted_responses(
        responses, truth, np.ones(100), Classification(np.arange(2)), weights=weights, seed=0
    )
    np.testing.assert_allclose(ensemble, responses.mean(axis=0))


def test_gate_of_the_teacher_asks_sharpened_members():
    # Six members halve the right logits and add noise, one has noise of its own: their mean, each
    # sharpened, is near the truth, and without it far more timid than the one.
    rng = np.random.default_rng(0)
    logits = 3 * rng.normal(size=(600, 4))
    timid = [0.2 * (logits + rng.normal(size=logits.shape)) for _ in range(6)]
    responses = softmax(np.array([logits + 2.0 * rng.normal(size=logits.shape), *timid]))
    truth = np.eye(4)[[rng.choice(4, p=p) for p in softmax(logits)]]
    task, weight = Classification(np.arange(4)), np.ones(600)

    def loss(**how):
        ensemble, _, _ = cross_fitted_responses(responses, truth, weight, task, seed=0, **how)
        return task.mean_loss(ensemble, truth, weight)

    of_truth = task.mean_loss(softmax(logits), truth, weight)
    weights = np.full(7, 1 / 7)
    assert loss(weights=weights, is_sharpened=True) < 1.25 * of_truth
    assert loss(weights=weights) > 1.5 * of_truth
    assert loss(weights=None, is_sharpened=True) < loss(weights=None)


PARTS = np.arange(300) % 3


@pytest.mark.parametrize(
    "cv",
    [
        [(np.flatnonzero(k != PARTS), np.flatnonzero(k == PARTS)) for k in range(3)],
        PredefinedSplit(PARTS),
    ],
    ids=["list", "predefined"],
)
@pytest.mark.parametrize("several", [True, False])
def test_folds_spelled_out_are_as_many_parts_of_some_of_the_rows(cv, several):
    tree = TREES["classification"]
    teacher = [("a", tree), ("b", DecisionTreeClassifier(max_depth=2))] if several else tree
    rows = read_rows(X, Y["classification"], None, "classification", cv, 0)
    some = read_again(rows.take(np.arange(300) < 200))
    taught = teach(Settings(teacher=teacher, cv=cv), some)
    assert np.isfinite(taught.soft_real).all()
