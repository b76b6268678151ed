"""Small fitted students of every kind, with the rows and the loss that they learned from."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from ensemble_kd.compress import in_codes_of
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.runtime import MLPRuntime, TreesRuntime, response
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent

STUDENTS = {
    "mlp": MLPStudent(hidden=(16, 8), n_updates=300, batch_size=64, random_state=0),
    "looking_mlp": MLPStudent(hidden=(16, 8), n_updates=200, beyond="numbers", random_state=0),
    "gbdt": GBDTStudent(n_estimators=15, num_leaves=8, random_state=0),
    "tree": TreeStudent(max_leaf_nodes=12, random_state=0),
}
NETWORKS = ["mlp binary", "mlp multiclass", "mlp regression"]
SUMS = ["gbdt binary", "gbdt multiclass", "gbdt regression"]
TREES = [*SUMS, "tree multiclass", "tree regression"]
EVERY = [*NETWORKS, *TREES]


def run(model: CompactModel, X: np.ndarray) -> np.ndarray:
    """Return a model's response to encoded rows, summed in float64."""
    runtime = MLPRuntime if isinstance(model.body, MLPRecord) else TreesRuntime
    return response(model, runtime(model.body).outputs(X))


@pytest.fixture(scope="session")
def fitted(make_transfer_set):
    """Return the function that gives a fitted student by "student task"."""
    kept = {}

    def get(name: str) -> SimpleNamespace:
        if name not in kept:
            student, task = name.split()
            rows = make_transfer_set(task)
            loss = SquaredErrorLoss(0.7) if task == "regression" else SoftTargetLoss(alpha=0.7)
            model = STUDENTS[student].fit_transfer(rows, loss).to_model()
            kept[name] = SimpleNamespace(
                model=model, rows=in_codes_of(model.schema, rows), loss=loss, own_rows=rows
            )
        return kept[name]

    return get
