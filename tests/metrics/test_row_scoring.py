"""A score under many weightings says what the figure says of rows that are repeated as often."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from ensemble_kd.errors import InputError
from ensemble_kd.metrics import (
    RowScoring,
    average_precision,
    expected_cost,
    precision_at,
    recall_at_fpr,
)

RNG = np.random.default_rng(0)
LABELS = RNG.random(300) < 0.1
# Two decimals, so that many rows tie.
SCORES = np.round(np.clip(0.3 * LABELS + 0.7 * RNG.random(300), 0, 1), 2)
FIGURES = {
    "average_precision": lambda y, s: average_precision(y, s).value,
    "recall_at_fpr_0.05": lambda y, s: recall_at_fpr(y, s, 0.05).value,
    "precision_at_37": lambda y, s: precision_at(y, s, 37).value,
    # Rows are called from 1 / (1 + 4) on.
    "neg_expected_cost_1_4": lambda y, s: (
        -expected_cost(y, s >= 0.2, false_alarm=1.0, missed=4.0).value
    ),
}


def scored(name, labels, scores, weight):
    scoring = RowScoring(name)
    return scoring.value(float(scoring.shortfall(labels.astype(float), scores, weight[None])[0]))


@pytest.mark.parametrize("name", FIGURES)
def test_score_of_rows_that_count_alike_is_the_figure(name):
    assert scored(name, LABELS, SCORES, np.ones(300)) == pytest.approx(
        FIGURES[name](LABELS, SCORES)
    )


@pytest.mark.parametrize("name", FIGURES)
def test_row_of_weight_k_counts_like_k_rows(name):
    times = RNG.integers(0, 4, 300)
    expected = FIGURES[name](np.repeat(LABELS, times), np.repeat(SCORES, times))
    assert scored(name, LABELS, SCORES, times.astype(float)) == pytest.approx(expected)


def test_rows_that_are_positive_in_part_count_as_the_same_rows_of_either_kind():
    chance = RNG.random(300)
    both = np.repeat([True, False], 300), np.tile(SCORES, 2), np.append(chance, 1 - chance)
    scoring = RowScoring("average_precision")
    found = scoring.value(float(scoring.shortfall(chance, SCORES, np.ones((1, 300)))[0]))
    assert found == pytest.approx(average_precision_score(both[0], both[1], sample_weight=both[2]))


def test_weightings_are_scored_one_by_one():
    weight = RNG.random((7, 300))
    scoring = RowScoring("average_precision")
    at_once = scoring.shortfall(LABELS.astype(float), SCORES, weight)
    one = scoring.shortfall(LABELS.astype(float), SCORES, weight[3:4])
    assert one[0] == pytest.approx(at_once[3])


def test_rows_of_one_kind_have_no_rank():
    found = RowScoring("average_precision").shortfall(
        LABELS.astype(float), SCORES, np.vstack([~LABELS, LABELS]).astype(float)
    )
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    "name", ["accuracy", "precision_at_1.5", "neg_tail_calibration_error_0.01", 3, ""]
)
def test_scoring_refuses_what_ranks_nothing(name):
    with pytest.raises(
        InputError, match="scoring must be None or one of average_precision, recall"
    ):
        RowScoring(name)
