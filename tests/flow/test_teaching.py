"""A student judged on held-out rows learns nothing of their targets, by whatever way."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import TeacherEnsemble
from ensemble_kd.flow import Settings, Stages, TransferSets, default_recipe, teach
from ensemble_kd.rows import read_rows

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
