"""Independent marginals: real values in new combinations."""

from __future__ import annotations

import numpy as np

from ensemble_kd.transfer import MarginalSynthesizer

ROWS = np.random.default_rng(0).normal(size=(500, 1)).repeat(2, axis=1)


def test_marginals_hold_real_values_alone():
    new = MarginalSynthesizer().fit(ROWS).sample(1000, random_state=0)
    assert np.isin(new, ROWS).all()


def test_marginals_keep_the_distribution_of_a_column():
    rows = np.repeat([[0.0], [1.0]], [900, 100], axis=0)
    new = MarginalSynthesizer().fit(rows).sample(5000, random_state=0)
    assert abs(new.mean() - 0.1) < 0.02


def test_marginals_break_the_dependence_between_columns():
    new = MarginalSynthesizer().fit(ROWS).sample(2000, random_state=0)
    assert abs(np.corrcoef(new.T)[0, 1]) < 0.1
