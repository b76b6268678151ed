"""Whoever writes a file - a model, an export, predictions, a picture - does it in the same way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from sklearn.datasets import load_iris

from ensemble_kd import DistilledClassifier, TreeStudent
from ensemble_kd.errors import EnsembleKDError
from ensemble_kd.export import export_c, export_json, export_onnx
from ensemble_kd.files import WriteError
from ensemble_kd.scoring import save
from ensemble_kd.table_files import SinkFormat, open_sink
from ensemble_kd.tuning import draw_front


@pytest.fixture(scope="module")
def fitted() -> Any:
    return DistilledClassifier(None, student=TreeStudent(), alpha=0.0, n_synthetic=0).fit(
        *load_iris(return_X_y=True)
    )


def predictions(kind: SinkFormat, path: Path) -> None:
    with open_sink(str(path), kind) as sink:
        sink.write({"id": ["a", "b"]}, {})


def picture(path: Path) -> None:
    table = pd.DataFrame({"latency_p50_us": [1.0], "size_bytes": [9.0], "loss": [0.5]})
    search = SimpleNamespace(trials_=table, front_=table, max_latency_us=None, max_bytes=None)
    draw_front(search, path)


WRITERS = {
    "save of a model": lambda fitted, path: save(fitted.model_, path),
    "save of an estimator": lambda fitted, path: fitted.save(path),
    "onnx": lambda fitted, path: export_onnx(fitted.model_, path),
    "c": lambda fitted, path: export_c(fitted.model_, path),
    "json": lambda fitted, path: export_json(fitted.model_, path),
    "csv": lambda _, path: predictions("csv", path),
    "ndjson": lambda _, path: predictions("ndjson", path),
    "parquet": lambda _, path: predictions("parquet", path),
    "picture": lambda _, path: picture(path),
}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest, fitted: Any) -> Any:
    writer = WRITERS[request.param]
    return lambda path: writer(fitted, path)


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writer_follows_a_link_and_keeps_the_mode(write: Any, tmp_path: Path) -> None:
    target, link = tmp_path / "v1", tmp_path / "current"
    target.write_bytes(b"old")
    target.chmod(0o600)
    link.symlink_to("v1")
    write(link)
    assert link.is_symlink()
    assert target.read_bytes() not in (b"old", b"")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert contents(tmp_path) == ["current", "v1"]


def test_writer_writes_through_a_pipe_what_a_file_would_hold(write: Any, tmp_path: Path) -> None:
    (tmp_path / "as_file").mkdir()
    file, pipe, heard = tmp_path / "as_file" / "out", tmp_path / "out", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write(pipe)
    reader.join()
    write(file)
    assert heard[0][:4] == file.read_bytes()[:4]
    assert abs(len(heard[0]) - file.stat().st_size) <= 16  # of a time
    assert contents(tmp_path) == ["as_file", "out"]


def test_writer_refuses_a_file_that_was_made_read_only(write: Any, tmp_path: Path) -> None:
    target = tmp_path / "v1"
    target.write_bytes(b"old")
    target.chmod(0o400)
    with pytest.raises((EnsembleKDError, WriteError), match="it is read-only; make it writable"):
        write(target)
    assert target.read_bytes() == b"old"
    assert contents(tmp_path) == ["v1"]


def test_writer_leaves_nothing_where_it_cannot_write(write: Any, tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "v1", tmp_path):
        with pytest.raises((EnsembleKDError, OSError)):
            write(path)
    assert contents(tmp_path) == []


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_command_that_is_ended_leaves_nothing(
    fitted: Any, tmp_path: Path, kind: str, name: str, code: int
) -> None:
    """It has written some rows, and waits for more."""
    fitted.save(tmp_path / "m.ekd")
    (tmp_path / "out").mkdir()
    command = ["score", "m.ekd", "-", "--out", f"out/p.{kind}", "--chunk-rows", "10"]
    # Whoever runs the tests may have them outlive a terminal, which those they start inherit.
    heard = f"import signal; signal.signal(signal.{name}, signal.SIG_DFL); "
    heard = "" if name == "SIGINT" else heard
    script = "import sys; from ensemble_kd.cli.main import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.Popen(
        [sys.executable, "-c", heard + script, *command],
        cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdin is not None
    header = ",".join(fitted.model_.schema.names)
    run.stdin.write("\n".join([header, *["1,1,1,1"] * 20_000, ""]))
    run.stdin.flush()
    while not contents(tmp_path / "out"):
        assert run.poll() is None
    run.send_signal(getattr(__import__("signal"), name))
    told = run.communicate()[1]
    said = "interrupted." if name == "SIGINT" else f"ended by {name}."
    assert (run.returncode, told) == (code, f"error: {said}\n")
    assert contents(tmp_path / "out") == []


def test_command_that_is_to_outlive_its_terminal_does(fitted: Any, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from ensemble_kd.cli.main import main\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"  # as nohup does
        "import ensemble_kd.cli.commands.score as score\n"
        "real = score.predictions\n"
        "def hung_up(*given):\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    return real(*given)\n"
        "score.predictions = hung_up\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    fitted.save(tmp_path / "m.ekd")
    table = pd.DataFrame([[1.0] * 4], columns=list(fitted.model_.schema.names))
    table.to_csv(tmp_path / "t.csv", index=False)
    command = ["score", "m.ekd", "t.csv", "--out", "p.csv", "--quiet"]
    subprocess.run([sys.executable, "-c", script, *command], cwd=tmp_path, check=True)
    assert len(pd.read_csv(tmp_path / "p.csv")) == 1
