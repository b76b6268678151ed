"""`DistillationSearch` with a target of several values: as of one, in whatever units they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from ensemble_kd import DistillationSearch, DistilledRegressor, load
from ensemble_kd.metrics import Latency
from ensemble_kd.tuning import SearchSpace

pytestmark = pytest.mark.filterwarnings("ignore:the best student within:UserWarning")
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(240, 2)), columns=["a", "b"])
Y = np.column_stack([X["a"], 2 * X["a"] - X["b"], X["a"] + X["b"]])
# Powers of two, by which nothing is rounded.
UNITS = np.array([2.0**10, 1.0, 2.0**-6])
SPACE = SearchSpace(students=("tree",), synthesizers=("munge 0.5", "none"))
MOST_BYTES = 30_000


class Meter:
    """Says that every student takes the same time."""

    def __call__(self, path, rows, budget):
        return Latency(1.0, (1.0, 1.0), 2.0, (2.0, 2.0), 64)


def search(y):
    # Its answers to one value know nothing of the others.
    inner = DistilledRegressor(LinearRegression(), n_synthetic=100, cv=2)
    found = DistillationSearch(
        inner, space=SPACE, n_trials=2, max_bytes=MOST_BYTES, meter=Meter(), random_state=0
    )
    return found.fit(X, y)


@pytest.fixture(scope="module")
def found():
    return search(Y)


def test_each_value_is_learned_within_the_budget(found):
    answer = found.predict(X)
    assert answer.shape == Y.shape
    unexplained = np.mean((answer - Y) ** 2, axis=0) / Y.var(axis=0)
    assert (unexplained < 0.5).all()
    assert found.certificate_.size_bytes <= MOST_BYTES
    assert len(found.trials_) >= 1


def test_file_answers_as_the_search_does(found, tmp_path):
    path = tmp_path / "several.ekd"
    assert found.save(path) <= MOST_BYTES
    np.testing.assert_allclose(load(path).predict(X), found.predict(X), rtol=1e-5, atol=1e-5)


def test_units_of_the_values_choose_no_other_student(found):
    other = search(Y * UNITS)
    assert other.best_params_ == found.best_params_
    np.testing.assert_allclose(other.predict(X), found.predict(X) * UNITS, rtol=1e-4, atol=1e-4)
