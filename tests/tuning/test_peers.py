"""Students that teach change the labels of synthetic rows, half-way, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd._real_rows import read_rows
from ensemble_kd._recipes import plain_recipe
from ensemble_kd._transfer_set import SYNTHETIC
from ensemble_kd.students import TreeStudent
from ensemble_kd.tuning._peers import blended


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_blended_moves_synthetic_labels_half_way_to_the_students_mean(
    kind, make_frame, make_target
):
    X = make_frame(200)
    task = "regression" if kind == "regression" else "classification"
    real = read_rows(X, make_target(X, kind), None, task, 2, 0)
    rows = real.as_transfer_set(real.truth)
    rows = rows.extend(rows.X[:50], np.roll(rows.response[:50], 1, axis=0), SYNTHETIC)
    peers = [
        TreeStudent(max_leaf_nodes=n, random_state=0).fit_transfer(rows, plain_recipe(task).loss)
        for n in (3, 9)
    ]
    found = blended(rows, [peer.to_model() for peer in peers])
    new = rows.origin == SYNTHETIC
    said = (peers[0].respond(rows.X) + peers[1].respond(rows.X)) / 2
    half_way = (rows.response[new] + said[new]) / 2
    np.testing.assert_allclose(found.response[new], half_way, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(found.response[~new], rows.response[~new])
    np.testing.assert_array_equal(blended(rows, []).response, rows.response)
