"""Weights reach every part of a distillation: rows of no weight are no rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd.compress import Quantize, compress
from ensemble_kd.flow import distill
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.metrics import measure_fidelity
from ensemble_kd.rows import REAL, SYNTHETIC, read_rows
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent
from ensemble_kd.tasks import Classification, Regression

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 2))
Y = (X[:, 0] > 0).astype(int)
FAR = RNG.normal(size=(400, 2)) + 20
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def with_far_rows(y_far):
    """Return the rows, as many far from them that have no weight, and the weights."""
    return np.vstack([X, FAR]), np.append(Y, y_far), np.repeat([2.0, 0.0], 400)


def test_rows_of_no_weight_make_no_synthetic_rows_and_count_as_none():
    rows, y, weight = with_far_rows(1 - Y)
    result = distill(
        rows, y, sample_weight=weight, teacher=TREE, student=TreeStudent(), recipe="fast",
        n_synthetic=5.0, cv=2,
    )  # fmt: skip
    found = result.transfer_set
    made = found.X[found.origin == SYNTHETIC]
    assert not (made > 10).any()
    assert len(made) == 5 * (400 - found.held_out.sum())
    np.testing.assert_allclose(found.sample_weight[found.origin == SYNTHETIC], 1.0)
    real = found.sample_weight[found.origin == REAL]
    np.testing.assert_allclose(real, np.repeat([1.0, 0.0], 400))


@pytest.mark.parametrize("synthesizer", ["munge", "marginals", "forest_leaves"])
def test_rows_of_twice_the_weight_make_twice_the_synthetic_rows(synthesizer):
    rows, y = np.vstack([X, FAR]), np.append(Y, Y)
    result = distill(
        rows, y, sample_weight=np.repeat([0.1, 0.2], 400), teacher=TREE, student=TreeStudent(),
        recipe="fast", n_synthetic=6000, synthesizer=synthesizer, cv=2,
    )  # fmt: skip
    made = result.transfer_set.X[result.transfer_set.origin == SYNTHETIC]
    assert (made[:, 0] > 10).mean() == pytest.approx(2 / 3, abs=0.02)


@pytest.mark.parametrize(
    "student",
    [
        MLPStudent(hidden=(8,), n_updates=30, random_state=0),
        GBDTStudent(n_estimators=5, n_jobs=1, random_state=0),
        TreeStudent(random_state=0),
    ],
    ids=lambda student: type(student).__name__,
)
def test_student_learns_and_bins_as_if_rows_of_no_weight_were_not_there(student):
    rows = read_rows(*with_far_rows(1 - Y), Classification.name, 5, 0)
    whole = rows.as_transfer_set(rows.truth)
    loss = SoftTargetLoss(1.0, 0.0)
    one = student.fit_transfer(whole, loss).respond(X)
    other = student.fit_transfer(whole.take(whole.sample_weight > 0), loss).respond(X)
    np.testing.assert_array_equal(one, other)


def test_fidelity_of_a_weight_of_two_is_that_of_the_row_twice():
    rng = np.random.default_rng(1)
    weight = rng.integers(0, 4, 60)
    for task, responses in [
        (Classification(), rng.dirichlet(np.ones(3), (2, 60))),
        (Regression(), rng.normal(size=(2, 60, 1))),
    ]:
        teacher, student = responses
        found = measure_fidelity(teacher, student, task, held_out=True, weight=weight.astype(float))
        copies = (np.repeat(response, weight, axis=0) for response in responses)
        expected = measure_fidelity(*copies, task, held_out=True)
        assert found.n_rows == (weight > 0).sum()
        for name in ("rmse", "agreement", "divergence", "correlation"):
            wanted = getattr(expected, name)
            assert getattr(found, name) == (wanted if wanted is None else pytest.approx(wanted))


def test_fidelity_and_compression_report_weigh_the_held_out_rows():
    weight = np.where(X[:, 1] > 0, 50.0, 1.0)
    result = distill(
        X, X[:, 0] * X[:, 1], task=Regression.name, sample_weight=weight, compression=Quantize(),
        teacher=DecisionTreeRegressor(max_depth=4, random_state=0), recipe="fast", cv=2,
        student=TreeStudent(max_leaf_nodes=4), n_synthetic=500,
    )  # fmt: skip
    rows = read_rows(X, X[:, 0] * X[:, 1], weight, Regression.name, 2, 0)
    answer = result.student.respond(rows.codes[rows.held_out])
    label = result.transfer_set.response[: len(rows)][rows.held_out]
    squares = ((answer - label) ** 2)[:, 0]
    expected = np.sqrt(np.average(squares, weights=weight[rows.held_out]))
    assert expected != pytest.approx(np.sqrt(squares.mean()), rel=1e-3)
    assert result.compression[0]["fidelity_rmse"] == pytest.approx(expected, rel=1e-5)


def test_compression_is_that_without_rows_of_no_weight():
    rows = read_rows(*with_far_rows(1 - Y), Classification.name, 5, 0)
    whole = rows.as_transfer_set(rows.truth)
    student = MLPStudent(hidden=(8,), n_updates=30, random_state=0)
    model = student.fit_transfer(whole, SoftTargetLoss(1.0, 0.0)).to_model()
    known = whole.take(whole.sample_weight > 0)
    one, other = (compress(model, Quantize(), part) for part in (whole, known))
    assert one.report == other.report
    np.testing.assert_array_equal(one.model.body.numeric_weight, other.model.body.numeric_weight)
