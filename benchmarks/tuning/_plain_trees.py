"""LightGBM and XGBoost of several sizes, trained plainly, each scored in its fastest way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray

from ensemble_kd.benchmarks.shared import LIGHTGBM_OBJECTIVES, XGBOOST_OBJECTIVES, lightgbm_fast
from ensemble_kd.metrics import measure_latency
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import RealRows
from ensemble_kd.scoring import Scorer
from ensemble_kd.students import GBDTStudent
from ensemble_kd.tasks import BaseTask
from ensemble_kd.tuning.trial import Judge, pack

# Trees and leaves of a tree.
SIZES = ((10, 8), (30, 8), (100, 8), (100, 31), (300, 31))
SECONDS = 0.5
THIS_CORE = "LightGBM, this core"


def plain_trees(
    rows: RealRows, certified: RealRows, judge: Judge, folder: Path
) -> list[dict[str, Any]]:
    """Return a line for each size and way: loss on unseen rows, microseconds, bytes.

    What this core scores is a model file, "file" in its line, that is yet to be timed.

    Parameters
    ----------
    rows : RealRows
        To train on, but for those held out, which stop the boosting.
    certified : RealRows
        Rows that judge.
    judge : Judge
        Of these.
    folder : Path
        Where the model files go.
    """
    found = []
    for n_trees, n_leaves in SIZES:
        size = {"size": f"{n_trees} x {n_leaves}"}
        for way, (response, latency, n_bytes) in _ways(rows, certified, n_trees, n_leaves):
            loss = judge.true_loss(response)
            found.append({"model": way, **size, "certified_loss": loss, "size_bytes": n_bytes,
                          "latency_p50_us": latency.p50_us})  # fmt: skip
        model = _in_this_core(rows, n_trees, n_leaves)
        path = folder / f"plain-{n_trees}-{n_leaves}.ekd"
        loss = judge.true_loss(Scorer(model).respond(certified.X))
        found.append({"model": THIS_CORE, **size, "certified_loss": loss,
                      "size_bytes": len(pack(model, path, [])), "file": path})  # fmt: skip
    return found


def _ways(
    rows: RealRows, certified: RealRows, n_trees: int, n_leaves: int
) -> Iterator[tuple[str, Any]]:
    train, test, task = rows.codes, certified.codes, rows.task
    kept, stop = ~rows.held_out, rows.held_out
    n_sums = task.n_outputs if task.n_outputs > 2 else 1
    parameters = {
        "objective": LIGHTGBM_OBJECTIVES[task.tree_link],
        "num_leaves": n_leaves, "learning_rate": min(0.3, 10 / n_trees), "verbosity": -1,
        "num_threads": 1, "seed": 0, "min_data_in_leaf": 10,
    }  # fmt: skip
    if n_sums > 1:
        parameters["num_class"] = n_sums
    categories = np.flatnonzero(rows.schema.is_discrete).tolist()
    data = lightgbm.Dataset(train[kept], rows.hard[kept], categorical_feature=categories)
    held = lightgbm.Dataset(train[stop], rows.hard[stop], reference=data)
    booster = lightgbm.train(
        parameters, data, n_trees, valid_sets=[held],
        callbacks=[lightgbm.early_stopping(20, verbose=False)],
    )  # fmt: skip
    calls = [np.ascontiguousarray(row) for row in test[:256]]
    call = _lightgbm_call(booster, train.shape[1], n_sums)
    yield (
        "LightGBM, C interface",
        (
            _response(task, booster.predict(test)),
            measure_latency(call, calls, seconds=SECONDS),
            len(booster.model_to_string()),
        ),
    )

    xgb = xgboost.train(
        {
            "objective": XGBOOST_OBJECTIVES[task.tree_link],
            "max_leaves": n_leaves, "grow_policy": "lossguide", "tree_method": "hist",
            "eta": min(0.3, 10 / n_trees), "nthread": 1, "seed": 0,
            **({"num_class": n_sums} if n_sums > 1 else {}),
        },
        xgboost.DMatrix(train[kept], rows.hard[kept]), n_trees,
        evals=[(xgboost.DMatrix(train[stop], rows.hard[stop]), "held")],
        early_stopping_rounds=20, verbose_eval=False,
    )  # fmt: skip
    best = (0, xgb.best_iteration + 1)
    single = [row[None].astype(np.float32) for row in test[:256]]
    yield (
        "XGBoost, inplace_predict",
        (
            _response(task, xgb.inplace_predict(test, iteration_range=best)),
            measure_latency(
                lambda row: xgb.inplace_predict(row, iteration_range=best), single, seconds=SECONDS
            ),
            len(xgb.save_raw("ubj")),
        ),
    )


def _in_this_core(rows: RealRows, n_trees: int, n_leaves: int) -> CompactModel:
    """Return LightGBM's trees as a model of this core."""
    student = GBDTStudent(
        n_estimators=n_trees if rows.task.n_outputs < 3 else -(-10 * n_trees // 3),
        num_leaves=n_leaves, learning_rate=min(0.3, 10 / n_trees), random_state=0,
    )  # fmt: skip
    student.fit_transfer(rows.as_transfer_set(rows.truth), rows.task.plain_loss())
    return student.to_model()


def _lightgbm_call(booster: Any, n_columns: int, n_sums: int) -> Callable[[Any], Any]:
    """Return the prepared call, or for several classes, which it has no room for, the usual one."""
    if n_sums == 1:
        return lightgbm_fast(booster, n_columns)
    return lambda row: booster.predict(row[None], num_threads=1)


def _response(task: BaseTask, answer: Any) -> NDArray[np.float64]:
    answer = np.asarray(answer, dtype=np.float64)
    if answer.ndim == 2:
        return answer
    return np.column_stack([1 - answer, answer]) if task.has_classes else answer[:, None]
