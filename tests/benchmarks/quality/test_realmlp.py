"""RealMLP's method reads what the worker writes; a small worker stands for the real one."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.quality import measure, split_dataset
from ensemble_kd.benchmarks.quality.methods import METHODS, Shared, _realmlp_worker
from ensemble_kd.benchmarks.quality.methods.realmlp import RealMLP
from ensemble_kd.datasets import load_dataset

# Says each class with the frequency it has in training, or the mean.
WORKER = """
import json, pathlib, sys
import numpy as np, pandas as pd
folder = pathlib.Path(sys.argv[1])
train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
task = json.loads((folder / "task.json").read_text())
assert task["seed"] == 0
y = train["__target__"]
model = {"role": "plain", "latency_us": 2e4, "rows_per_second": 1e3, "size_bytes": 10**6}
facts = {"fit_seconds": 7.0, "models": {"realmlp": model}}
share = y.value_counts(normalize=True)
answer = [y.mean()] if task["kind"] == "regression" else share.to_numpy()
if task["kind"] != "regression":
    facts["classes"] = [str(label) for label in share.index]
np.save(folder / "realmlp.npy", np.tile(answer, (len(test), 1)))
(folder / "facts.json").write_text(json.dumps(facts))
"""


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes"])
def test_realmlp_measures_what_the_worker_wrote_without_a_teacher(name, tmp_path, monkeypatch):
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setattr(RealMLP, "worker", tmp_path / "worker.py")
    monkeypatch.setenv("ENSEMBLE_KD_PEERS", sys.executable)

    def no_teacher():
        raise AssertionError("RealMLP has no teacher.")

    data = split_dataset(load_dataset(name), 0, 90)
    fitted = METHODS["realmlp"]().run(data, Shared(no_teacher, tmp_path / "students", None))
    numbers = measure(fitted, data, None)
    assert numbers["latency_us"] == 2e4
    assert "fidelity_rmse" not in numbers
    assert fitted.fit_seconds() == 7.0
    if data.kind == "binary":
        assert fitted.response(data.X_test)[0, 1] == pytest.approx(np.mean(data.y_train == 1))


def test_realmlp_is_left_out_without_its_environment(monkeypatch):
    monkeypatch.delenv("ENSEMBLE_KD_PEERS", raising=False)
    data = split_dataset(load_dataset("iris"), 0, 90)
    assert "ENSEMBLE_KD_PEERS" in METHODS["realmlp"]().skip(data)


def test_gaps_among_numbers_are_filled_by_the_training_rows():
    train = pd.DataFrame({"a": [1.0, np.nan, 4.0], "b": ["x", None, "y"], "c": [np.nan] * 3})
    test = pd.DataFrame({"a": [np.nan, 9.0], "b": ["y", "x"], "c": [np.nan, 1.0]})
    train, test = _realmlp_worker.filled(train, test)
    assert train["a"].tolist() == [1.0, 2.5, 4.0]
    assert test["a"].tolist() == [2.5, 9.0]
    assert test["c"].tolist() == [0.0, 1.0]
    assert train["b"].isna().tolist() == [False, True, False]
