"""How near a trained network's contributions come to its Shapley values; docs/reasons.md tells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from ensemble_kd.explain import contributions, with_reasons
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import MLPStudent
from ensemble_kd.tasks import task_with

from .oracle import exact

N_ROWS = 60


def log_odds(kind: str, X: np.ndarray) -> np.ndarray:
    """Return what a teacher might say of eight columns."""
    a, b, c, d, e = X.T[:5]
    if kind == "curves":
        return 2 * a + 2 * np.sin(2 * b) + 2 * np.maximum(c, 0) - 1.5
    if kind == "pairs":
        return 3 * a * b + 2 * c * (d > 0) + e - 1
    return -4 + 6 * ((a > 1.2) & (b > 0)) + 5 * (c > 1.5) + 3 * (d < -1.5) + 0.5 * e


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "most_off"), [("curves", 0.02), ("pairs", 0.05), ("rare", 0.08)])
def test_trained_network_is_near_its_shapley_values(kind, most_off):
    X = np.random.default_rng(0).normal(size=(6000, 8))
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    chance = 1 / (1 + np.exp(-log_odds(kind, X)))
    rng = np.random.default_rng(5)
    schema = TableSchema.infer(frame)
    learned = TransferSet(
        schema,
        schema.encode(frame),
        np.column_stack([1 - chance, chance]),
        (rng.random(len(X)) < chance).astype(int),
        np.ones(len(X)),
        np.full(len(X), REAL, dtype=np.int8),
        np.arange(len(X)) % 10 == 0,
        task_with([0, 1]),
    )
    student = MLPStudent(n_updates=800, random_state=0).fit_transfer(learned, SoftTargetLoss())
    model = with_reasons(student.to_model(), frame)
    rows = rng.choice(len(X), N_ROWS)
    found = contributions(model, frame.iloc[rows]).values
    wanted = exact(model, X[rows], model.reasons.background, 1)
    off = np.abs(found - wanted).sum() / np.abs(wanted).sum()
    ranks = np.mean([spearmanr(a, b).statistic for a, b in zip(found, wanted, strict=True)])
    first = np.mean(found.argmax(axis=1) == wanted.argmax(axis=1))
    print(f"{kind}: rank {ranks:.3f}, first {first:.2f}, off {off:.3f}")
    assert off < most_off
    assert ranks > 0.93
    assert first > 0.8
