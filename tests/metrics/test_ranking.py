"""How alike two scores rank rows, by values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from ensemble_kd.metrics import RankFidelity, measure_fidelity, rank_correlation, top_overlap
from ensemble_kd.tasks import task_named

RNG = np.random.default_rng(0)


def test_rank_correlation_is_spearmans_with_ties():
    first, second = RNG.integers(20, size=(2, 200)).astype(float)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert rank_correlation(first, np.exp(first)) == pytest.approx(1.0)
    assert rank_correlation(first, np.zeros(200)) is None


def test_top_overlap_counts_the_lowest_rows():
    teacher = np.arange(100.0)
    student = teacher.copy()
    student[[4, 50]] = student[[50, 4]]
    assert top_overlap(teacher, student, 0.05) == pytest.approx(0.8)
    assert top_overlap(teacher, teacher, 0.01) == 1.0
    assert top_overlap(teacher, -teacher, 0.05) == 0.0


def test_top_overlap_lets_ties_of_the_teacher_count():
    teacher = np.array([0.0, 0.0, 0.0, 1.0, 2.0])
    assert top_overlap(teacher, np.array([9.0, 8.0, -1.0, 5.0, 6.0]), 0.2) == 1.0


def test_top_overlap_has_a_row_at_least():
    assert top_overlap(np.arange(3.0), np.arange(3.0), 0.01) == 1.0


def test_fidelity_of_outliers_tells_of_ranks_and_skips_rows_of_no_weight():
    teacher = RNG.normal(size=(400, 1))
    student = teacher + 0.01 * RNG.normal(size=(400, 1))
    weight = np.ones(400)
    student[:5], weight[:5] = 99.0, 0.0
    found = measure_fidelity(teacher, student, task_named("outliers"), held_out=True, weight=weight)
    assert isinstance(found, RankFidelity)
    assert found.n_rows == 395 and found.agreement is None and found.divergence is None
    assert found.rank_correlation == pytest.approx(rank_correlation(teacher[5:, 0], student[5:, 0]))
    assert "rank correlation 0.99" in found.ranks
