"""Fewer trees and fewer leaves: what stays, what goes first, and what a new leaf says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.bundle._audit import audit_model
from ensemble_kd.compress import PruneTrees, TruncateTrees, prune_trees, truncate_trees
from ensemble_kd.compress.trees._nodes import subtree_ends, sums_at
from ensemble_kd.model import TreesRecord
from ensemble_kd.runtime import TreesRuntime

from ..conftest import SUMS, TREES, run


def n_leaves(model):
    return int((model.body.feature < 0).sum())


@pytest.mark.parametrize("name", TREES)
def test_leaves_reached_add_up_to_what_the_runtime_gives(fitted, name):
    case = fitted(name)
    body = case.model.body
    sums = sums_at(body, TreesRuntime(body).leaves(case.rows.X))
    np.testing.assert_allclose(sums, TreesRuntime(body).outputs(case.rows.X), rtol=1e-9)


def test_subtree_ends_worked_by_hand():
    body = TreesRecord(
        feature=np.array([0, 1, -1, -1, -1, -1], dtype=np.int32),
        threshold=np.zeros(6),
        right=np.array([4, 3, 0, 0, 0, 0], dtype=np.int32),
        missing_left=np.zeros(6, dtype=np.uint8),
        value=np.zeros((6, 1), dtype=np.float32),
        roots=np.array([0, 5], dtype=np.int32),
        tree_output=np.zeros(2, dtype=np.int32),
        base=np.zeros(1),
        category_columns=np.zeros(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.zeros(0),
    )
    assert subtree_ends(body).tolist() == [5, 4, 3, 4, 5, 6]


# --- truncation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES)
def test_truncation_at_all_trees_changes_nothing(fitted, name):
    model = fitted(name).model
    assert truncate_trees(model, len(model.body.roots)) is model


@pytest.mark.parametrize("name", SUMS)
def test_truncation_keeps_the_first_whole_rounds(fitted, name):
    case = fitted(name)
    body = case.model.body
    n_round = len(body.base)
    small = truncate_trees(case.model, n_round + 1).body
    assert len(small.roots) == 2 * n_round
    n_nodes = int(body.roots[2 * n_round])
    for field in ("feature", "threshold", "right", "missing_left", "value"):
        np.testing.assert_array_equal(getattr(small, field), getattr(body, field)[:n_nodes])


def test_truncation_by_rows_keeps_fewer_trees_at_hardly_more_loss(fitted):
    case = fitted("gbdt regression")
    body = case.model.body
    idle = replace(body, value=np.where(np.arange(len(body.value))[:, None] < body.roots[6],
                                        body.value, 0).astype(np.float32))  # fmt: skip
    model = replace(case.model, body=idle)
    assert len(TruncateTrees().apply(model, case.rows, case.loss).body.roots) <= 6


# --- pruning --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES)
def test_pruning_that_keeps_all_changes_nothing(fitted, name):
    case = fitted(name)
    assert prune_trees(case.model, 1.0, case.rows, case.loss) is case.model


@pytest.mark.parametrize("keep", [0.75, 0.4, 0.01])
@pytest.mark.parametrize("name", TREES)
def test_pruning_leaves_that_share_in_whole_trees(fitted, name, keep):
    case = fitted(name)
    small = prune_trees(case.model, keep, case.rows, case.loss)
    audit_model(small)
    n_trees = len(case.model.body.roots)
    assert len(small.body.roots) == n_trees
    wanted = max(n_trees, round(keep * n_leaves(case.model)))
    assert wanted <= n_leaves(small) <= wanted + max(2, 0.1 * n_leaves(case.model))


def test_pruning_takes_splits_that_do_nothing_first(fitted):
    case = fitted("tree regression")
    body = case.model.body
    ends = subtree_ends(body)
    split = next(n for n in np.flatnonzero(body.feature >= 0)[::-1] if ends[n] - n == 3)
    value = body.value.copy()
    value[split + 2] = value[split + 1]
    model = replace(case.model, body=replace(body, value=value))
    small = prune_trees(model, (n_leaves(model) - 1) / n_leaves(model), case.rows, case.loss)
    np.testing.assert_array_equal(small.body.threshold, np.delete(
        np.where(np.arange(len(ends)) == split, 0.0, body.threshold), [split + 1, split + 2]
    ))  # fmt: skip


def test_pruning_costs_less_than_truncation_to_as_many_leaves(fitted):
    case = fitted("gbdt regression")
    held_out = case.rows.take(case.rows.held_out)

    def loss(model):
        return case.loss(run(model, held_out.X), held_out.response, held_out.hard)[0].mean()

    pruned = PruneTrees(0.5).apply(case.model, case.rows, case.loss)
    truncated = truncate_trees(case.model, 8)
    assert n_leaves(pruned) <= n_leaves(truncated)
    assert loss(pruned) < loss(truncated)


def test_a_new_leaf_of_probabilities_is_a_mean_of_the_old_ones(fitted):
    case = fitted("tree multiclass")
    stump = prune_trees(case.model, 0.01, case.rows, case.loss)
    assert n_leaves(stump) == 1
    rows = case.rows.take(~case.rows.held_out)
    mean = np.average(run(case.model, rows.X), axis=0, weights=rows.sample_weight)
    np.testing.assert_allclose(stump.body.value[0], mean, rtol=1e-5)
