"""Students of every kind and task, odd rows, and a C compiler where there is one."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.students import (
    AdditiveStudent,
    GBDTStudent,
    MLPStudent,
    SoftTreeStudent,
    TreeStudent,
)

TASKS = ("binary", "multiclass", "regression")
# At rank 1 the weights of one network in some cancel, and 8 bits are a tenth of what is left: of
# four seeds the error was .18, .12, .002 and .001 of the answers' span, without a rank .01 of all.
STUDENTS = {
    "mlp": MLPStudent(hidden=(16, 8), n_updates=120, batch_size=64, random_state=2),
    "additive_mlp": MLPStudent(hidden=(8,), n_updates=150, max_categories=2, random_state=0),
    "looking_mlp": MLPStudent(hidden=(16, 8), n_updates=120, beyond="numbers", random_state=0),
    "gbdt": GBDTStudent(n_estimators=15, num_leaves=8, n_jobs=1, random_state=0),
    "tree": TreeStudent(max_leaf_nodes=12, random_state=0),
    "soft_tree": SoftTreeStudent(depth=2, n_updates=80, batch_size=64, random_state=0),
    "additive": AdditiveStudent(n_bins=12, max_iter=60, random_state=0),
}
# Trained for longer, so that its values spread as those of a real one do.
LONG = {
    "mlp": MLPStudent(hidden=(16, 8), n_updates=200, batch_size=64, random_state=0),
    "looking_mlp": MLPStudent(hidden=(16, 8), n_updates=200, beyond="numbers", random_state=0),
}
LONG = {f"long_{kind}": student for kind, student in LONG.items()}
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]


@pytest.fixture(scope="session")
def trained(make_transfer_set):
    """Return the function that gives the compact model of a student of a task."""

    @cache
    def _trained(kind, task):
        rows = make_transfer_set(task)
        loss = SoftTargetLoss(alpha=0.7) if rows.task.has_classes else SquaredErrorLoss(0.7)
        return clone((STUDENTS | LONG)[kind]).fit_transfer(rows, loss).to_model()

    return _trained


@pytest.fixture(scope="session")
def odd_frame(make_frame):
    """New rows, some of them with values that training did not hold."""
    frame = make_frame(60, seed=1)
    text = ["city", "size", "name", "thing"]
    frame[text] = frame[text].astype(object).where(frame[text].notna(), None)
    frame.loc[:5, text] = "never seen"
    frame.loc[6:9, text] = None
    frame.loc[10:11, "thing"] = pd.Series([1.0, True], index=[10, 11], dtype=object)
    frame["ratio"] = frame["ratio"].astype(float)
    for value, rows in [(np.nan, [14, 15]), (np.inf, [16, 17]), (-np.inf, [18]), (1e300, [19])]:
        frame.loc[rows, ["amount", "ratio"]] = value
    return frame


@pytest.fixture(scope="session")
def gcc():
    """Return the function that compiles files with all warnings as errors, and runs the program."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc on this machine")

    def _gcc(*files: Path, options=()):
        program = files[0].with_suffix(".out")
        command = [compiler, *FLAGS, *options, *map(str, files), "-o", str(program), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return subprocess.run([str(program)], capture_output=True, text=True)

    return _gcc
