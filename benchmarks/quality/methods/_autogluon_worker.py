"""Run AutoGluon in an environment of its own: ``python -P _autogluon_worker.py FOLDER``.

FOLDER holds train.parquet, test.parquet and task.json; predictions and facts are written beside
them. This file imports nothing of the project, so that the environment needs AutoGluon alone.
"""

import json
import pathlib
import sys
import time

import numpy as np
import pandas as pd

TARGET = "__target__"
N_SINGLE_ROWS = 7


def main() -> None:
    """Fit, distil, and write what every model says of the test rows."""
    from autogluon.tabular import TabularPredictor

    folder = pathlib.Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    predictor = TabularPredictor(
        TARGET,
        problem_type=task["kind"],
        eval_metric="root_mean_squared_error" if task["kind"] == "regression" else "log_loss",
        path=str(folder / "models"),
        verbosity=0,
    )
    start = time.perf_counter()
    predictor.fit(train, time_limit=task["fit_seconds"], num_cpus=1, num_gpus=0)
    fitted = time.perf_counter() - start
    best = predictor.model_best
    students = predictor.distill(time_limit=task["distill_seconds"], verbosity=0)
    distilled = time.perf_counter() - start - fitted

    facts: dict[str, object] = {"fit_seconds": fitted, "distill_seconds": distilled, "models": {}}
    for name in predictor.model_names():
        answers = _answers(predictor, name, test)
        np.save(folder / f"{name}.npy", answers)
        facts["models"][name] = {
            "role": "student" if name in students else "teacher" if name == best else "plain",
            "latency_us": _latency_us(predictor, name, test),
            "rows_per_second": _rows_per_second(predictor, name, test),
            "size_bytes": _size(predictor, name),
        }
    if task["kind"] != "regression":
        facts["classes"] = [str(label) for label in predictor.class_labels]
    (folder / "facts.json").write_text(json.dumps(facts))


def _answers(predictor, name, rows):
    if predictor.problem_type == "regression":
        return predictor.predict(rows, model=name).to_numpy(dtype=float)[:, None]
    return predictor.predict_proba(rows, model=name).to_numpy(dtype=float)


def _latency_us(predictor, name, rows):
    taken = []
    for i in range(N_SINGLE_ROWS + 2):
        row = rows.iloc[i : i + 1]
        before = time.perf_counter()
        _answers(predictor, name, row)
        taken.append(time.perf_counter() - before)
    return float(np.median(taken[2:])) * 1e6


def _rows_per_second(predictor, name, rows):
    before = time.perf_counter()
    _answers(predictor, name, rows)
    return len(rows) / (time.perf_counter() - before)


def _size(predictor, name):
    """Return the bytes of the model and of those it is built on."""
    names = predictor._trainer.get_minimum_model_set(name)
    root = pathlib.Path(predictor.path) / "models"
    return sum(
        file.stat().st_size for n in names for file in (root / n).rglob("*") if file.is_file()
    )


if __name__ == "__main__":
    main()
