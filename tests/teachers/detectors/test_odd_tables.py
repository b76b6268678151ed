"""The default ensemble takes tables of any kind as they come, without a number that is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.rows import take_rows
from ensemble_kd.teachers.detectors import COPOD, DetectorEnsemble

RNG = np.random.default_rng(0)
N = 120
INFINITE = np.where(RNG.random(N) < 0.3, np.inf, RNG.normal(size=N))
CATEGORIES = {
    "few": RNG.choice(list("abc"), N),
    "own": [f"id{i}" for i in range(N)],
    "gaps": pd.Categorical(RNG.choice(["x", None], N)),
}
TABLES: dict[str, Any] = {
    "often infinite": np.column_stack([INFINITE, -INFINITE, RNG.normal(size=N)]),
    "huge": RNG.normal(size=(N, 3)) * 1e299,
    "tiny": RNG.normal(size=(N, 3)) * 1e-300,
    "of every size": np.exp(RNG.normal(size=(N, 3)) * 50),
    "one column four times": np.repeat(RNG.normal(size=(N, 1)), 4, axis=1),
    "of two rows": RNG.normal(size=(2, 3)),
    "of three rows": RNG.normal(size=(3, 3)),
    "wider than long": RNG.normal(size=(30, 100)),
    "one column": RNG.normal(size=(N, 1)),
    "half missing": np.column_stack([np.full(N, np.nan), RNG.normal(size=N)]),
    "all missing": np.full((N, 2), np.nan),
    "flags": pd.DataFrame({"rare": RNG.random(N) < 0.02, "often": RNG.random(N) < 0.5}),
    "categories": pd.DataFrame(CATEGORIES),
    "all the same": np.zeros((N, 3)),
    "mostly the same": (RNG.random((N, 4)) < 0.02).astype(float),
}


@pytest.mark.parametrize("name", TABLES)
def test_ensemble_answers_odd_tables_by_finite_numbers_of_each_row_alone(name):
    table = TABLES[name]
    teacher = DetectorEnsemble([*_default(), ("copod", COPOD())]).fit(table)
    scores = teacher.score_samples(table)
    assert np.isfinite(scores).all() and np.isfinite(teacher.fit_scores_).all()
    first = np.concatenate([teacher.score_samples(take_rows(table, [i])) for i in (0, 1)])
    assert first.tolist() == scores[:2].tolist()


def _default() -> list[tuple[str, Any]]:
    fitted = DetectorEnsemble().fit([[0.0], [1.0]])
    return list(zip(fitted.names_, fitted.detectors_, strict=True))
