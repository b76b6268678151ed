"""What labels rows is let go before the student is trained."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ensemble_kd.flow import TransferSets, distill
from ensemble_kd.students import TreeStudent
from ensemble_kd.teachers import TeacherEnsemble

FITTED: weakref.WeakSet = weakref.WeakSet()
ALIVE: list[int] = []
SETS: list[int] = []


class Tracked(LogisticRegression):
    """A member whose fits are counted while they live."""

    def fit(self, X, y, sample_weight=None):
        """Fit, and be counted."""
        FITTED.add(self)
        return super().fit(X, y, sample_weight)


def n_sets():
    """Return how many labelled tables are alive."""
    return sum(type(thing) is TransferSets for thing in gc.get_objects())


class Counting(TreeStudent):
    """A student that counts the teachers that are alive when it is trained."""

    def _fit(self, transfer_set, loss):
        gc.collect()
        ALIVE.append(len(FITTED))
        SETS.append(n_sets())
        super()._fit(transfer_set, loss)


@pytest.mark.parametrize("teacher", [Tracked(), TeacherEnsemble([("one", Tracked())])])
def test_the_teacher_alone_is_in_memory_while_the_student_is_trained(teacher):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] > 0).astype(int)
    FITTED.clear()
    ALIVE.clear()
    found = distill(X, y, teacher=teacher, student=Counting(), recipe="fast", n_synthetic=200)
    assert ALIVE == [1]
    assert found.teacher.predict(X).shape == (300,)


def test_the_teacher_alone_is_in_memory_while_the_student_is_trained_again():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] > 0).astype(int)
    FITTED.clear()
    ALIVE.clear()
    SETS.clear()
    gc.collect()
    before = n_sets()
    found = distill(X, y, teacher=Tracked(), student=Counting(), n_synthetic=200)
    assert found.refitted
    assert ALIVE[-2:] == [1, 1]
    assert SETS[-2:] == [before, before]
