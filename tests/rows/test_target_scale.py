"""Values are brought to mean 0 and spread 1, and back; probabilities stay."""

from __future__ import annotations

import dataclasses

import numpy as np

from ensemble_kd.rows import SYNTHETIC, TargetScale


def test_scale_is_mean_and_standard_deviation():
    scale = TargetScale.of(np.array([1.0, 3.0, 1.0, 3.0]))
    assert scale == TargetScale(2.0, 1.0)
    np.testing.assert_array_equal(scale.scale(np.array([3.0, np.nan])), [1.0, np.nan])
    np.testing.assert_array_equal(scale.put_back(np.array([1.0])), [3.0])


def test_scale_of_a_constant_is_that_number_however_it_is_rounded():
    values = np.full(1000, 0.1)
    scale = TargetScale.of(values)
    assert scale == TargetScale(0.1, 0.0)
    np.testing.assert_array_equal(scale.scale(values), np.zeros(1000))
    assert scale.put_back(7.0) == 0.1


def test_scale_of_rows_is_that_of_the_response_to_real_ones(make_transfer_set):
    rows = make_transfer_set("regression")
    far = np.where(rows.origin == SYNTHETIC, 1e6, 1.0)[:, None]
    scale = TargetScale.of_rows(dataclasses.replace(rows, response=rows.response * far))
    assert scale == TargetScale.of(rows.response[rows.origin != SYNTHETIC, 0])
    scaled = scale.scale_rows(rows)
    np.testing.assert_allclose(scale.put_back(scaled.response), rows.response)
    np.testing.assert_allclose(scale.put_back(scaled.hard), rows.hard)


def test_scale_of_rows_is_that_of_the_truth_where_the_teacher_says_the_same_of_all(
    make_transfer_set,
):
    rows = make_transfer_set("regression")
    dull = dataclasses.replace(rows, response=np.full_like(rows.response, 5.0))
    assert TargetScale.of_rows(dull) == TargetScale.of(rows.hard[~np.isnan(rows.hard)])


def test_scale_leaves_probabilities_alone(make_transfer_set):
    rows = make_transfer_set("binary")
    scale = TargetScale.of_rows(rows)
    assert scale == TargetScale(0.0, 1.0)
    assert scale.scale_rows(rows) is rows


def test_scale_of_several_outputs_is_that_of_each():
    values = np.array([[1.0, 50.0, 7.0], [3.0, 90.0, 7.0]])
    scale = TargetScale.of(values)
    np.testing.assert_array_equal(scale.mean, [2.0, 70.0, 7.0])
    np.testing.assert_array_equal(scale.spread, [1.0, 20.0, 0.0])
    np.testing.assert_array_equal(scale.scale(values), [[-1, -1, 0], [1, 1, 0]])
    np.testing.assert_array_equal(scale.put_back(scale.scale(values)), values)


def test_output_of_which_the_teacher_says_the_same_of_all_has_the_scale_of_its_truth(
    make_transfer_set,
):
    rows = make_transfer_set("regression")
    both = np.column_stack([rows.response[:, 0], np.full(len(rows), 3.0)])
    hard = np.column_stack([rows.hard, rows.hard])
    scale = TargetScale.of_rows(dataclasses.replace(rows, response=both, hard=hard))
    real = rows.origin != SYNTHETIC
    wanted = TargetScale.of(rows.hard[real & ~np.isnan(rows.hard)])
    assert (scale.mean[1], scale.spread[1]) == (wanted.mean, wanted.spread)
    assert scale.mean[0] == rows.response[real, 0].mean()
