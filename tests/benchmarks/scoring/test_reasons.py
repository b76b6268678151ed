"""The commands about reasons, small: a student of a made-up teacher on a set that is at hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lightgbm")

from ensemble_kd.benchmarks.scoring import reasons


@pytest.fixture(scope="module")
def case():
    return reasons.taught("breast_cancer", n_updates=20, most_rows=400)


def test_contributions_of_made_up_rows_sum_to_the_served_score(case):
    assert reasons.largest_difference(case.model, case.codes, 300) < 1e-6


def test_a_table_agrees_with_itself_and_not_with_its_opposite(case):
    table = np.random.default_rng(0).normal(size=(20, 6))
    assert reasons.told(table, table).startswith("rank 1.000, first 1.00, of four shared 1.00")
    assert reasons.told(table, -table).startswith("rank -1.000, first 0.00")
