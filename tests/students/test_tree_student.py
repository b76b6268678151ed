"""The `tree` student: leaves hold mean soft labels, and splits fall where scikit-learn's do."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import TreeStudent
from ensemble_kd.tasks import Regression


def regression_rows(x: np.ndarray, response: np.ndarray) -> TransferSet:
    """Return real rows of one column, without true values."""
    n_rows = len(x)
    return TransferSet(
        TableSchema.infer(x[:, None]),
        x[:, None],
        response[:, None],
        np.full(n_rows, np.nan),
        np.ones(n_rows),
        np.full(n_rows, REAL, dtype=np.int8),
        np.zeros(n_rows, dtype=bool),
        Regression(),
    )


@pytest.mark.runtimes
@pytest.mark.parametrize(("low", "high"), [(0.1, 0.2), (0.3, 0.7), (1.0, 1.1), (-0.2, -0.1)])
def test_tree_student_splits_like_scikit_learn_close_to_a_threshold(low, high):
    # scikit-learn compares values rounded to float32: 0.15 lies above (float32(0.1) + 0.2) / 2.
    rows = regression_rows(np.repeat([low, high], 20), np.repeat([0.0, 1.0], 20))
    student = TreeStudent(random_state=0).fit_transfer(rows, SquaredErrorLoss())
    middle = student.tree_.tree_.threshold[0]
    near = np.float32(middle).astype(np.float64) * (1 + np.arange(-40, 41) * 2.0**-27)
    X = np.concatenate([near, [(low + high) / 2, low, high, middle]])[:, None]
    expected = student.respond(X)
    np.testing.assert_array_equal(build_runtime(student.to_model()).outputs(X), expected)
    assert set(expected[:81, 0]) == {0.0, 1.0}


def test_tree_student_leaf_holds_the_weighted_mean_soft_label(make_transfer_set):
    rows = make_transfer_set("multiclass", n_rows=300)
    student = TreeStudent(max_leaf_nodes=2, random_state=0)
    answer = student.fit_transfer(rows, SoftTargetLoss()).respond(rows.X)
    train = ~rows.held_out
    leaf = (answer == answer[0]).all(axis=1) & train
    expected = np.average(rows.response[leaf], axis=0, weights=rows.sample_weight[leaf])
    np.testing.assert_allclose(answer[0], expected)


def test_tree_student_mixes_the_truth_in_by_alpha(make_transfer_set):
    rows = make_transfer_set("binary", n_rows=300)
    rows = dataclasses.replace(rows, hard=np.ones(300, dtype=np.int64))
    student = TreeStudent(max_leaf_nodes=2, random_state=0)
    answer = student.fit_transfer(rows, SoftTargetLoss(alpha=0.0)).respond(rows.X)
    np.testing.assert_allclose(answer, np.tile([0.0, 1.0], (300, 1)), atol=1e-12)


@pytest.mark.parametrize("max_leaf_nodes", [2, 7])
def test_tree_student_has_at_most_the_leaves_asked_for(max_leaf_nodes, make_transfer_set):
    rows = make_transfer_set("binary", n_rows=300)
    student = TreeStudent(max_leaf_nodes=max_leaf_nodes, random_state=0)
    body = student.fit_transfer(rows, SoftTargetLoss()).to_model().body
    assert (body.feature < 0).sum() == max_leaf_nodes


def test_tree_student_does_not_read_rows_without_weight(make_transfer_set):
    rows = make_transfer_set("binary", n_rows=300)
    weight = rows.sample_weight * (np.arange(300) < 200)
    ignored = dataclasses.replace(rows, sample_weight=weight)
    garbled = dataclasses.replace(
        ignored, response=np.where(weight[:, None] > 0, rows.response, [[0.9, 0.1]])
    )
    one, two = (
        TreeStudent(random_state=0).fit_transfer(given, SoftTargetLoss()).respond(rows.X)
        for given in (ignored, garbled)
    )
    np.testing.assert_array_equal(one, two)
