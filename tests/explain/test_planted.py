"""Where the cause of an alarm is known, it is the first reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.explain import contributions, with_reasons
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent
from ensemble_kd.tasks import task_with

CAUSES = ["amount", "speed", "place", "hour"]
STUDENTS = {
    "mlp": MLPStudent(hidden=(48, 48), n_updates=500, random_state=0),
    "gbdt": GBDTStudent(n_estimators=60, n_jobs=1, random_state=0),
    "tree": TreeStudent(random_state=0),
}


def planted_rows(n_rows: int, share: float, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows, and which column made each one an alarm, -1 for none."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(3.0, 0.5, n_rows).clip(0, 80),
            "speed": rng.normal(size=n_rows).clip(-2.5, 2.5),
            "age": rng.integers(18, 80, n_rows),
            "place": rng.choice(["home", "town", "country"], n_rows),
            "hour": rng.integers(7, 23, n_rows),
            "noise": rng.normal(size=n_rows),
            "more": rng.random(n_rows),
            "flag": rng.random(n_rows) < 0.3,
        }
    )
    cause = np.where(rng.random(n_rows) < share, rng.integers(4, size=n_rows), -1)
    frame.loc[cause == 0, "amount"] = rng.uniform(300, 900, (cause == 0).sum())
    frame.loc[cause == 1, "speed"] = rng.uniform(5, 9, (cause == 1).sum())
    frame.loc[cause == 2, "place"] = "abroad"
    frame.loc[cause == 3, "hour"] = rng.integers(1, 5, (cause == 3).sum())
    return frame, cause


@pytest.mark.parametrize("student", STUDENTS.values(), ids=STUDENTS)
def test_planted_cause_is_the_first_reason(student):
    frame, cause = planted_rows(4000, 0.1, seed=0)
    schema = TableSchema.infer(frame)
    # Older customers a little likelier, so that there is something else to name.
    log_odds = np.where(cause >= 0, 3.0, -4.0) + 0.02 * (frame["age"].to_numpy() - 50)
    chance = 1 / (1 + np.exp(-log_odds))
    learned = TransferSet(
        schema,
        schema.encode(frame),
        np.column_stack([1 - chance, chance]),
        (chance > 0.5).astype(int),
        np.ones(len(frame)),
        np.full(len(frame), REAL, dtype=np.int8),
        np.arange(len(frame)) % 10 == 0,
        task_with([0, 1]),
    )
    model = with_reasons(
        student.fit_transfer(learned, SoftTargetLoss()).to_model(), frame[cause < 0]
    )
    rows, planted = planted_rows(2000, 0.5, seed=1)
    rows, planted = rows[planted >= 0], planted[planted >= 0]
    first = [row[0].name for row in contributions(model, rows).reasons(1)]
    found = np.array(first) == np.array(CAUSES)[planted]
    assert found.mean() >= 0.95
