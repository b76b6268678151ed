import json
import os
import shutil
import stat
import subprocess
import sys
import threading

import onnxruntime
import pytest


@pytest.fixture
def model(room, tmp_path):
    """A model file in a folder of its own."""
    return shutil.copy(room.classifier.model, tmp_path / "churn.ekd")


def test_export_onnx_lies_beside_the_model(run, model, tmp_path):
    result = run("export", model, "--to", "onnx")
    assert (result.code, result.err) == (0, "")
    assert f"{tmp_path / 'churn.onnx'}: " in result.out
    assert "largest difference to the model, under ONNX Runtime" in result.out
    session = onnxruntime.InferenceSession(tmp_path / "churn.onnx")
    assert [i.name for i in session.get_inputs()] == ["age", "income", "city", "vip", "floor"]
    assert session.get_modelmeta().graph_name == "churn"


def test_export_c_tells_what_the_program_needs(run, model, tmp_path):
    result = run("export", model, "--to", "c", "--dtype", "int8", "--inputs", "float32")
    assert result.code == 0
    for words in ("flash: ", "of numbers", "RAM: ", "largest difference", "-DENSEMBLE_KD_MAIN"):
        assert words in result.out
    source = (tmp_path / "churn.c").read_text()
    assert "void churn_predict(const struct churn_row *row, float *out);" in source
    assert "typedef float churn_real;" in source


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc on this machine")
def test_export_c_compiles_by_the_command_it_gives(run, model, tmp_path):
    out = run("export", model, "--to", "c").out
    command = out.splitlines()[-1].removeprefix("test:").strip().replace("cc ", "gcc ", 1)
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("OK: ")


def test_export_json_outcome(run, room, tmp_path):
    out = tmp_path / "spend.json"
    result = run("export", room.regressor.model, "--to", "json", "--out", out, "--json")
    facts = json.loads(result.out)
    assert facts["out"] == str(out)
    assert facts["size_bytes"] == out.stat().st_size
    assert facts["worst_difference"] == 0
    assert json.loads(out.read_text())["task"] == "regression"


def test_export_c_outcome_as_json(run, model):
    facts = json.loads(run("export", model, "--to", "c", "--json").out)
    assert facts["table_bytes"] > 0
    assert facts["text_bytes"] > 0
    assert facts["stack_bytes"] > 0
    assert facts["worst_difference"] == 0


def test_export_replaces_a_file_at_once(run, model, tmp_path):
    (tmp_path / "churn.c").write_text("old")
    assert run("export", model, "--to", "c", "--name", "m").code == 0
    assert "m_predict" in (tmp_path / "churn.c").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["churn.c", "churn.ekd"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "json", "--dtype", "int8"], "--dtype is for --to c, but this is --to json"),
        (["--to", "onnx", "--inputs", "float32"], "--inputs is for --to c"),
        (["--to", "c", "--missing", "?"], "--missing is for --to onnx"),
        (["--to", "json", "--name", "m"], "--name is for --to onnx or c"),
        (["--to", "c", "--name", "7up"], "name must be a letter"),
        (["--to", "onnx", "--missing", "Oslo"], "'Oslo' is one of column 'city'"),
        (["--to", "pickle"], "invalid choice: 'pickle'"),
        ([], "--to"),
    ],
)
def test_export_refuses_wrong_usage(run, model, options, message):
    result = run("export", model, *options)
    assert result.code == 2
    assert message in result.err
    assert result.out == ""


def test_export_does_not_write_over_the_model(run, model):
    result = run("export", model, "--to", "c", "--out", model)
    assert result.code == 2
    assert "--out must not be a file that is read" in result.err


@pytest.mark.parametrize("to", ["onnx", "c", "json"])
def test_export_goes_through_a_pipe(run, model, tmp_path, to):
    pipe, heard = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    facts = json.loads(run("export", model, "--to", to, "--out", pipe, "--json").out)
    reader.join()
    assert len(heard[0]) == facts["size_bytes"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_export_refuses_stdout_where_it_tells_what_it_did(model):
    command = [sys.executable, "-m", "ensemble_kd", "export", model, "--to", "json"]
    done = subprocess.run([*command, "--out", "/dev/stdout"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--out must not be stdout" in done.stderr
    done = subprocess.run([*command, "--out", "/dev/null"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--out must be a file or a pipe, got '/dev/null', a device" in done.stderr


@pytest.mark.parametrize("to", ["onnx", "c", "json"])
def test_export_leaves_nothing_where_comparing_fails(run, model, tmp_path, to, monkeypatch):
    def fail(*_):
        raise KeyError("value.q")

    monkeypatch.setattr("ensemble_kd.export._parity.probe_rows", fail)
    monkeypatch.setattr("ensemble_kd.export.c._source.probe_rows", fail)
    assert run("export", model, "--to", to).code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["churn.ekd"]


def test_export_refuses_a_folder_that_is_not_there(run, model, tmp_path):
    result = run("export", model, "--to", "c", "--out", tmp_path / "absent" / "m.c")
    assert result.code == 2
    assert "make sure that its directory exists" in result.err


def test_export_of_no_model_file_has_the_code_of_one(run, room, tmp_path):
    assert run("export", room.csv, "--to", "c", "--out", tmp_path / "m.c").code == 3


def test_export_names_the_extra_where_onnx_is_not_installed(run, model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    result = run("export", model, "--to", "onnx")
    assert result.code == 1
    assert "ensemble_kd[onnx]" in result.err


def test_export_says_when_nothing_was_compared(run, model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    result = run("export", model, "--to", "onnx")
    assert result.code == 0
    assert "onnxruntime is not installed" in result.err
