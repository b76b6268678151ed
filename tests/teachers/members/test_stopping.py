"""A tenth of the rows says when to stop, each group of them spread over both parts."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.teachers.members._stopping import stopping_split


@pytest.mark.parametrize("n_groups", [1, 2])
def test_stopping_split_takes_a_tenth_away(n_groups):
    train, stop = stopping_split(np.arange(200) % n_groups, seed=0)
    assert (len(train), len(stop)) == (180, 20)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, stop])), np.arange(200))


def test_stopping_split_leaves_rare_classes_in_training():
    target = np.concatenate([np.arange(200) % 2, [2, 2, 2]])
    train, _ = stopping_split(target, seed=0)
    assert (target[train] == 2).sum() == 3


def test_stopping_split_leaves_a_small_table_whole():
    train, stop = stopping_split(np.arange(99) % 2, seed=0)
    np.testing.assert_array_equal(train, stop)


def test_stopping_split_leaves_a_table_of_rare_classes_alone_whole():
    train, _ = stopping_split(np.arange(120) // 5, seed=0)
    np.testing.assert_array_equal(np.sort(train), np.arange(120))
