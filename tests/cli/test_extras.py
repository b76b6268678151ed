"""What a command needs beside numpy is named by its extra, and before any work is done."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ensemble_kd.cli.main import COMMANDS, command_named

TRAIN = ["sklearn", "scipy", "joblib", "pandas", "torch", "lightgbm", "xgboost", "tqdm"]
ALL = [*TRAIN, "optuna", "matplotlib", "pyarrow", "onnx", "onnxruntime", "polars"]
NEEDING = (
    "distill", "tune", "evaluate", "compress", "calibrate", "bench", "threshold", "carry-over",
)  # fmt: skip
BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
from ensemble_kd.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def without(blocked: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process where some packages are not installed."""
    command = [sys.executable, "-W", "error", "-c", f"BLOCKED = {blocked!r}\n{BLOCKED}"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["distill", "TABLE", "--target", "churned", "--out", "OUT"], "train"),
        (["tune", "TABLE", "--target", "churned", "--out", "OUT"], "train,tune"),
        (["compress", "MODEL", "--out", "OUT"], "train"),
        (["compress", "MODEL", "--out", "OUT", "--rows", "TABLE"], "train"),
        (["calibrate", "MODEL", "--rows", "TABLE", "--target", "churned", "--out", "OUT"], "train"),
        (["evaluate", "MODEL", "TABLE", "--target", "churned"], "train"),
        (["bench", "--list"], "train,bench"),
        (["bench", "--datasets", "wine"], "train,bench"),
        (["export", "MODEL", "--to", "onnx", "--out", "OUT"], "onnx"),
        (["score", "MODEL", "PARQUET"], "tables"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value,
)
def test_a_command_that_needs_more_than_numpy_names_its_extra(room, tmp_path, arguments, extra):
    names = {
        "TABLE": room.csv, "MODEL": room.classifier.model, "PARQUET": room.parquet,
        "OUT": str(tmp_path / "out.ekd"),
    }  # fmt: skip
    done = without(ALL, *(names.get(word, word) for word in arguments))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(f'run: pip install "ensemble_kd[{extra}]"\n')
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("blocked", "arguments", "extra"),
    [
        ("optuna", ["tune", "TABLE", "--target", "churned"], "train,tune"),
        (
            "matplotlib",
            ["tune", "TABLE", "--target", "churned", "--picture", "p.png"],
            "train,tune",
        ),
        ("matplotlib", ["tune", "TABLE", "--target", "churned", "--plots", "plots"], "train,tune"),
        ("pyarrow", ["bench", "--datasets", "wine"], "train,bench"),
    ],
)
def test_a_command_asks_for_what_it_needs_in_the_end_before_it_begins(
    room, tmp_path, blocked, arguments, extra
):
    words = [room.csv if word == "TABLE" else word for word in arguments]
    done = without([blocked], *words, "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert blocked in done.stderr
    assert f'pip install "ensemble_kd[{extra}]"' in done.stderr
    assert "note:" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [["inspect", "MODEL"], ["score", "MODEL", "TABLE"], ["export", "MODEL", "--to", "c"]],
    ids=lambda words: words[0],
)
def test_a_command_that_needs_numpy_alone_works_with_it(room, tmp_path, arguments):
    names = {"TABLE": room.csv, "MODEL": room.classifier.model}
    words = [names.get(word, word) for word in arguments]
    out = ["--out", str(tmp_path / "m.c")] if words[0] == "export" else []
    done = without(ALL, *words, *out)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_needs(run, command):
    extra = getattr(command_named(command), "EXTRA", None)
    told = f'pip install "ensemble_kd[{extra}]"' in run(command, "--help").out
    assert told == (command in NEEDING)
