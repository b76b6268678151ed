"""A regression target may come in any unit, with any offset: the student is the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ensemble_kd.compress import FactorizeWeights, PruneNeurons, PruneTrees, TruncateTrees, compress
from ensemble_kd.losses import SquaredErrorLoss
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime
from ensemble_kd.runtime import respond as ask
from ensemble_kd.students import GBDTStudent, MLPStudent, Student, TreeStudent

NETWORK = MLPStudent(hidden=(16, 8), n_updates=200, batch_size=64, random_state=0)
BOOSTED = GBDTStudent(n_estimators=15, num_leaves=8, random_state=0)
TREE = TreeStudent(max_leaf_nodes=12, random_state=0)
STUDENTS = {"mlp": NETWORK, "gbdt": BOOSTED, "tree": TREE}
# In powers of 2, by which all numbers are multiplied without rounding.
UNITS = [2.0**-90, 2.0**-30, 2.0**40]
OFFSET, SPREAD = 1e9, 60.0
STEPS = [
    *((name, step) for name in STUDENTS for step in ("int8", "float16", "float32")),
    ("mlp", PruneNeurons(keep=0.5)),
    ("mlp", FactorizeWeights(rank=4)),
    ("gbdt", PruneTrees(keep=0.5)),
    ("tree", PruneTrees(keep=0.5)),
    ("gbdt", TruncateTrees()),
]


@pytest.fixture(scope="module")
def rows(make_transfer_set) -> TransferSet:
    """Values of a teacher around 0, and true ones."""
    found = make_transfer_set("regression")
    return in_unit(found, -100 / 20, 1 / 20)


def in_unit(rows: TransferSet, offset: float, unit: float) -> TransferSet:
    """Return rows with their values in another unit."""
    return dataclasses.replace(
        rows, response=offset + unit * rows.response, hard=offset + unit * rows.hard
    )


def train(name: str, rows: TransferSet, alpha: float = 0.7) -> Student:
    """Return a fitted student."""
    return STUDENTS[name].fit_transfer(rows, SquaredErrorLoss(alpha))


def answers(model: CompactModel, rows: TransferSet) -> np.ndarray:
    """Return what a model says of rows."""
    return ask(model, rows.X)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("alpha", [0.0, 0.7])
@pytest.mark.parametrize("name", STUDENTS)
def test_student_is_the_same_in_every_unit(rows, name, alpha, unit):
    expected = train(name, rows, alpha).respond(rows.X)
    found = train(name, in_unit(rows, 0.0, unit), alpha)
    np.testing.assert_array_equal(found.respond(rows.X), unit * expected)


@pytest.mark.runtimes
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", STUDENTS)
def test_student_is_the_same_model_in_every_unit(rows, name, unit):
    expected = build_runtime(train(name, rows).to_model()).outputs(rows.X)
    model = train(name, in_unit(rows, 0.0, unit)).to_model()
    found = build_runtime(model).outputs(rows.X)
    np.testing.assert_allclose(found, unit * expected, rtol=0, atol=1e-6 * unit * expected.std())


@pytest.mark.runtimes
@pytest.mark.parametrize("name", STUDENTS)
def test_student_is_the_same_model_beside_a_large_mean(rows, name):
    # Few steps of a network: many would make much of the last digits that the mean takes away.
    student = STUDENTS[name].with_effort(0.3)
    expected = student.fit_transfer(rows, SquaredErrorLoss(0.7)).respond(rows.X)
    model = student.fit_transfer(in_unit(rows, OFFSET, SPREAD), SquaredErrorLoss(0.7)).to_model()
    found = (build_runtime(model).outputs(rows.X) - OFFSET) / SPREAD
    # float64 itself is 1e-7 apart there.
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.02 * expected.std()


@pytest.mark.parametrize(("name", "step"), STEPS, ids=repr)
@pytest.mark.parametrize("unit", UNITS)
def test_compression_is_as_good_in_every_unit(rows, name, step, unit):
    losses = []
    for one in (1.0, unit):
        given = in_unit(rows, 0.0, one)
        loss = SquaredErrorLoss(0.7)
        model = train(name, given).to_model()
        small = compress(model, step, given, loss).model
        losses.append(np.mean((answers(small, given) / one - rows.response) ** 2))
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


@pytest.mark.parametrize("name", STUDENTS)
@pytest.mark.parametrize("value", [0.1, 0.0, -1e12])
def test_student_of_a_constant_says_just_that(rows, name, value):
    constant = in_unit(rows, value, 0.0)
    student = train(name, constant)
    np.testing.assert_array_equal(student.respond(rows.X), np.full((len(rows), 1), value))
    np.testing.assert_array_equal(answers(student.to_model(), rows), student.respond(rows.X))


@pytest.mark.parametrize("name", ["gbdt", "tree"])
def test_student_of_a_dull_teacher_learns_from_the_truth(rows, name):
    real = rows.take(rows.origin == REAL)
    dull = dataclasses.replace(real, response=np.zeros_like(real.response))
    answer = train(name, dull, alpha=0.5).respond(real.X)[:, 0]
    assert np.corrcoef(answer, real.hard)[0, 1] > 0.7


@pytest.mark.parametrize("name", ["mlp", "gbdt"])
def test_watch_sees_values_in_their_own_unit(rows, name):
    far = in_unit(rows, OFFSET, SPREAD)
    seen = []
    STUDENTS[name].fit_transfer(
        far, SquaredErrorLoss(), watch=lambda share, respond: seen.append(respond(far.X).mean())
    )
    assert len(seen) > 1
    np.testing.assert_allclose(seen, far.response.mean(), rtol=1e-6)
