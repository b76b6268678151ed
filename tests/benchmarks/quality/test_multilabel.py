"""One student for several labels beside one for each, on a few made-up rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.naive_bayes import GaussianNB

from ensemble_kd.benchmarks.quality import multilabel


def test_script_sets_one_student_beside_one_for_each_label(monkeypatch):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(260, 3)), columns=["a", "b", "c"])
    Y = pd.DataFrame({"u": X["a"] > 0, "v": X["b"] > X["c"]}).astype(int)
    monkeypatch.setattr(multilabel, "labelled_table", lambda: (X, Y))
    monkeypatch.setattr(multilabel, "N_TIMED", 20)
    rows = multilabel.run(0, 200, "tree", GaussianNB())
    assert [row["method"] for row in rows] == ["teacher", "one student", "2 students"]
    assert all(0 < row["log_loss"] < np.log(2) for row in rows)
    assert rows[1]["bytes"] < rows[2]["bytes"]
    assert "| one student |" in multilabel.report(rows)
