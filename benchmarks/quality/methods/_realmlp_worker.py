"""Run RealMLP in an environment of its own: ``python -P _realmlp_worker.py FOLDER``.

FOLDER holds train.parquet, test.parquet and task.json; predictions and facts are written beside
them. This file imports nothing of the project, so that the environment needs pytabkit alone.
"""

import json
import pathlib
import pickle
import sys
import time

import numpy as np
import pandas as pd

TARGET = "__target__"
N_SINGLE_ROWS = 50


def main() -> None:
    """Fit, and write what the network says of the test rows."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    folder = pathlib.Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    y = train.pop(TARGET).to_numpy()
    train, test = filled(train, test)
    settings = {"device": "cpu", "random_state": task["seed"], "n_threads": 1, "n_refit": 1}
    if task["kind"] == "regression":
        model = RealMLP_TD_Regressor(**settings)
    else:
        model = RealMLP_TD_Classifier(**settings, val_metric_name="cross_entropy", use_ls=False)
    categorical = [name for name in train if not pd.api.types.is_numeric_dtype(train[name])]
    start = time.perf_counter()
    model.fit(train, y, cat_col_names=categorical)
    fitted = time.perf_counter()
    answers = respond(model, test)
    answered = time.perf_counter()
    np.save(folder / "realmlp.npy", answers)
    facts = {"role": "plain", "latency_us": latency_us(model, test)}
    facts["rows_per_second"] = len(test) / (answered - fitted)
    facts["size_bytes"] = len(pickle.dumps(model))
    told = {"fit_seconds": fitted - start, "models": {"realmlp": facts}}
    if task["kind"] != "regression":
        told["classes"] = [str(label) for label in model.classes_]
    (folder / "facts.json").write_text(json.dumps(told))


def filled(train, test):
    """Return both tables with the training rows' median (0 without any) in gaps among numbers."""
    numbers = [name for name in train if pd.api.types.is_numeric_dtype(train[name])]
    fill = train[numbers].median().fillna(0.0)
    told = dict.fromkeys(numbers, "float64")
    return tuple(part.astype(told).fillna(fill) for part in (train, test))


def respond(model, rows):
    """Return values or probabilities."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows), dtype=float)
    return np.asarray(model.predict(rows), dtype=float).reshape(-1, 1)


def latency_us(model, rows):
    """Return the median microseconds that a frame of one row takes."""
    taken = []
    for i in range(min(N_SINGLE_ROWS, len(rows))):
        before = time.perf_counter()
        respond(model, rows.iloc[i : i + 1])
        taken.append(time.perf_counter() - before)
    return float(np.median(taken)) * 1e6


if __name__ == "__main__":
    main()
