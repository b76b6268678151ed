"""The library logs its steps and their times at INFO, and nothing is heard of it unasked."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.log import logger, note_once
from ensemble_kd.students import TreeStudent

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=240), "b": RNG.normal(size=240)})
Y = (X["a"] + 0.3 * X["b"] > 0).to_numpy()


def fitted(**settings):
    clf = DistilledClassifier(
        LogisticRegression(), student=TreeStudent(), n_synthetic=100, cv=2, **settings
    )
    return clf.fit(X, Y)


@pytest.fixture
def said(caplog):
    """What is logged at INFO and above."""
    caplog.set_level(logging.INFO, "ensemble_kd")
    return caplog


def test_log_tells_the_steps_of_a_fit_with_their_times(said):
    fitted(compression=["float16"])
    assert all(record.levelno == logging.INFO for record in said.records)
    assert {record.name.split(".")[0] for record in said.records} == {"ensemble_kd"}
    told = "\n".join(said.messages)
    assert "240 rows, 2 columns, " in told
    for stage in ("teacher", "labels", "synthesis", "student"):
        assert f"stage {stage} begins" in told
        assert re.search(rf"stage {stage} took \d+\.\d\d s", told)
    assert re.search(r"member teacher fitted, 1 of \d+, after \d+\.\d\d s", told)
    assert re.search(r"recipe \S+: \d+ rows to learn from", told)
    assert "Quantize(dtype='float16'): " in told


def test_log_tells_labels_of_many_parts_once(said):
    clf = DistilledClassifier(
        LogisticRegression(), student=TreeStudent(), n_synthetic=20_000, cv=2, time_limit=60.0
    )
    clf.fit(X, Y)
    begun = [message for message in said.messages if message == "stage labels begins"]
    assert len(begun) <= 3  # of real rows, in the race, of the rows to learn from


def test_log_tells_of_a_load(said, tmp_path):
    fitted().save(tmp_path / "small.ekd")
    said.clear()
    scorer = load(tmp_path / "small.ekd")
    (message,) = said.messages
    assert re.fullmatch(
        rf"loaded 'small', \d+ bytes, scored by {scorer.runtime}, in \d\.\d\d\d s", message
    )


def test_log_is_silent_unless_somebody_listens(capsys):
    fitted()
    assert capsys.readouterr() == ("", "")


def test_loggers_are_those_of_rooms():
    assert logger("ensemble_kd.flow._clock").name == "ensemble_kd.flow"
    kinds = [type(handler) for handler in logging.getLogger("ensemble_kd").handlers]
    assert kinds.count(logging.NullHandler) == 1


def test_importing_the_package_imports_no_logging():
    code = (
        "import sys; had = 'logging' in sys.modules\n"
        "import ensemble_kd, ensemble_kd.errors\n"
        "print(had or 'logging' not in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


# --- a note that is told once ---------------------------------------------------------------------

WITHOUT_CORE = """
import sys
sys.modules["ensemble_kd._core"] = None
{before}
from ensemble_kd import load
for _ in range(2):
    assert load(sys.argv[1]).runtime == "numpy"
"""


def without_core(path, before="", **environment):
    """Load a file twice, warnings being errors, where there is no core; return stderr."""
    command = [sys.executable, "-W", "error", "-c", WITHOUT_CORE.format(before=before), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment or None)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A model file."""
    path = tmp_path_factory.mktemp("log") / "model.ekd"
    fitted().save(path)
    return path


def test_load_notes_once_that_there_is_no_core(path):
    told = without_core(path)
    assert told.startswith("note: ensemble_kd is installed without its core in C (")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("import logging; logging.basicConfig()", "WARNING:ensemble_kd:ensemble_kd is installed"),
        ("import logging; logging.getLogger('ensemble_kd').setLevel('ERROR')", ""),
        ("import os; os.environ['ENSEMBLE_KD_RUNTIME'] = 'numpy'", ""),
        ("sys.stderr = None", ""),
    ],
)
def test_load_notes_it_in_the_log_where_there_is_one_and_not_where_it_was_chosen(
    path, before, told
):
    found = without_core(path, before)
    assert found.startswith(told)
    assert found.count("\n") == bool(told)


def test_note_is_no_warning(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    text = "a note of this test."
    for _ in range(2):
        note_once(text)
    assert capsys.readouterr().err == f"note: {text}\n"
