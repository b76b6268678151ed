"""Forest leaves: dependent columns stay together, independent ones mix."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.transfer import ForestLeafSynthesizer, MarginalSynthesizer


def two_rings(n_rows: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, n_rows)
    radius = rng.choice([1.0, 3.0], n_rows)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def distance_from_the_rings(rows: np.ndarray) -> float:
    radius = np.hypot(rows[:, 0], rows[:, 1])
    return float(np.minimum(np.abs(radius - 1), np.abs(radius - 3)).mean())


def test_forest_leaves_keep_to_dependence_that_marginals_lose():
    X = two_rings(1500)
    leaves, marginals = (
        synthesizer.fit(X).sample(1500, 0)
        for synthesizer in (ForestLeafSynthesizer(p=1.0, s=1e9), MarginalSynthesizer())
    )
    assert distance_from_the_rings(leaves) < 0.5 * distance_from_the_rings(marginals)


def test_forest_leaves_exchange_no_category_that_depends_on_another():
    city = np.random.default_rng(0).choice(["Oslo", "Rome"], 400)
    frame = pd.DataFrame({"city": city, "country": np.where(city == "Oslo", "NO", "IT")})
    new = ForestLeafSynthesizer(p=1.0).fit(frame).sample(400, 0)
    assert (new["country"] == np.where(new["city"] == "Oslo", "NO", "IT")).mean() > 0.99


def test_forest_leaves_mix_columns_that_are_independent():
    X = np.random.default_rng(0).normal(size=(500, 2))
    new = ForestLeafSynthesizer(p=0.5, s=1e9).fit(X).sample(500, 0)
    known = {tuple(row) for row in X.round(9)}
    assert np.mean([tuple(row) not in known for row in new.round(9)]) > 0.3


def test_forest_leaves_with_p_zero_return_real_rows():
    X = np.random.default_rng(0).normal(size=(60, 3))
    new = ForestLeafSynthesizer(p=0.0).fit(X).sample(60, 0)
    np.testing.assert_array_equal(np.sort(new, axis=0), np.sort(X, axis=0))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"p": 1.5}, r"p must be in \[0, 1\], got 1.5"),
        ({"s": 0}, "s must be > 0, got 0"),
        ({"n_trees": 0}, "n_trees must be >= 1, got 0"),
        ({"min_leaf": 0}, "min_leaf must be >= 1, got 0"),
        ({"max_rows": 1}, "max_rows must be >= 2, got 1"),
    ],
)
def test_forest_leaves_refuse_a_parameter_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        ForestLeafSynthesizer(**parameters).fit(np.eye(5))
