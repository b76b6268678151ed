"""The command that measures reasons in C, on a few hundred rows and a small tree."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from ensemble_kd import DistilledClassifier
from ensemble_kd.benchmarks.scoring import reasons_in_c


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc on this machine")
def test_command_tells_times_sizes_and_what_is_off(tmp_path, capsys):
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X = X.iloc[:200, :4].rename(columns=lambda name: name.replace(" ", "_"))
    model = DistilledClassifier("fast", student="tree", cv=2, n_synthetic=200, random_state=0)
    model.fit(X, y[:200]).add_reasons(X)
    model.save(tmp_path / "model.ekd")
    pd.DataFrame(X).to_csv(tmp_path / "rows.csv", index=False)
    reasons_in_c.main([str(tmp_path / "model.ekd"), str(tmp_path / "rows.csv")])
    told = capsys.readouterr().out
    assert float(told.split("off by at most ")[1].split()[0]) < 5e-6
    assert "tables" in told and "Python: " in told
