"""Rows for the test are drawn fairly."""

import numpy as np

from ensemble_kd.rows import draw_test_rows
from ensemble_kd.tasks import Classification, Regression


def drawn(labels, share, seed):
    X = np.arange(float(len(labels)))[:, None]
    return draw_test_rows(X, *Classification().read_target(labels), share, seed)


def test_test_rows_are_a_share_of_each_class_and_spare_rare_ones():
    labels = np.array(["a"] * 80 + ["b"] * 20 + ["c"])
    chosen = drawn(labels, 0.25, 0)
    assert [int(chosen[labels == label].sum()) for label in "abc"] == [20, 5, 0]
    assert np.array_equal(chosen, drawn(labels, 0.25, 0))
    assert not np.array_equal(chosen, drawn(labels, 0.25, 1))
    assert not drawn(labels, 0.0, 0).any()
    assert draw_test_rows(np.eye(10), Regression(), np.arange(10.0), 0.3, 0).sum() == 3
