import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.cli.commands import score
from ensemble_kd.table_files._frame import _exact_numbers

BLOCKED = (
    "torch",
    "sklearn",
    "scipy",
    "pandas",
    "pyarrow",
    "joblib",
    "tqdm",
    "lightgbm",
    "xgboost",
)


def read_csv(text):
    return pd.read_csv(io.StringIO(text), **_exact_numbers(pd.__version__))


# --- the same answer by every way -----------------------------------------------------------------


def test_score_csv_is_parquet_is_estimator(run, distill, room, tmp_path):
    model = tmp_path / "m.ekd"
    assert distill("--test-size", "0", out=model).code == 0
    from_csv = read_csv(run("score", model, room.csv).out)
    assert run("score", model, room.parquet, "--out", tmp_path / "p.parquet").code == 0
    from_parquet = pd.read_parquet(tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(from_csv, from_parquet, check_dtype=False, check_exact=True)

    frame = room.frame
    names = ["age", "income", "city", "vip", "floor"]
    teacher = joblib.load(room.classifier.teacher)
    estimator = DistilledClassifier(teacher, student="tree", n_synthetic=200, cv=2)
    estimator.fit(frame[names], frame["churned"])
    assert np.array_equal(
        from_csv[["proba_no", "proba_yes"]], estimator.predict_proba(frame[names])
    )
    assert from_csv["prediction"].tolist() == estimator.predict(frame[names]).tolist()


def test_score_values(run, room):
    result = run("score", room.regressor.model, room.csv)
    assert result.code == 0
    table = read_csv(result.out)
    assert list(table) == ["prediction"]
    expected = load(room.regressor.model).predict(room.frame)
    assert np.array_equal(table["prediction"], expected)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("chunk_rows", [1, 7, 240, 1000])
def test_score_is_the_same_in_chunks(run, room, kind, chunk_rows):
    whole = run("score", room.classifier.model, room.csv, "--labels")
    path = getattr(room, kind)
    parts = run("score", room.classifier.model, path, "--labels", "--chunk-rows", chunk_rows)
    assert parts.out == whole.out


def test_score_needs_numpy_and_safetensors_alone(room):
    script = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({BLOCKED!r}))\n"
        "from ensemble_kd.cli.main import main\n"
        f"assert main(['inspect', {room.classifier.model!r}]) == 0\n"
        f"sys.exit(main(['score', {room.classifier.model!r}, {room.csv!r}]))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") > len(room.frame)


def test_parquet_without_pyarrow_names_the_extra(run, room, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    result = run("score", room.classifier.model, room.parquet)
    assert result.code == 1
    assert 'pip install "ensemble_kd[tables]"' in result.err


# --- columns and formats of the answer ------------------------------------------------------------


def test_score_stdout_holds_predictions_alone(run, room):
    result = run("score", room.classifier.model, room.csv, "--id", "customer", "churned")
    table = read_csv(result.out)
    assert list(table) == ["customer", "churned", "prediction", "proba_no", "proba_yes"]
    assert table["customer"].tolist() == room.frame["customer"].tolist()
    assert result.err == "note: 240 rows scored.\n"
    assert run("score", room.classifier.model, room.csv, "--quiet").err == ""


@pytest.mark.parametrize(
    ("flag", "names"), [("--labels", ["prediction"]), ("--proba", ["proba_no", "proba_yes"])]
)
def test_score_gives_the_columns_asked_for(run, room, flag, names):
    assert list(read_csv(run("score", room.classifier.model, room.csv, flag).out)) == names


def test_score_writes_lines_of_json(run, room, tmp_path):
    argv = ["score", room.classifier.model, room.csv, "--id", "customer"]
    result = run(*argv, "--json")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert len(rows) == 240
    assert list(rows[0]) == ["customer", "prediction", "proba_no", "proba_yes"]
    assert rows[0]["proba_no"] + rows[0]["proba_yes"] == pytest.approx(1)
    assert run(*argv, "--out", tmp_path / "p.ndjson").code == 0
    assert (tmp_path / "p.ndjson").read_text() == result.out


def test_parquet_ids_keep_their_types(run, room, tmp_path):
    out = tmp_path / "p.parquet"
    ids = ["customer", "vip", "floor", "age"]
    argv = ["score", room.classifier.model, room.parquet, "--id", *ids, "--chunk-rows", "50"]
    assert run(*argv, "--out", out).code == 0
    table = pd.read_parquet(out)
    assert table["vip"].dtype == bool
    assert table["floor"].tolist() == room.frame["floor"].tolist()
    pd.testing.assert_series_equal(table["age"], room.frame["age"])
    assert run(*argv).out.splitlines()[0] == "customer,vip,floor,age,prediction,proba_no,proba_yes"
    assert json.loads(run(*argv, "--json").out.splitlines()[0])["age"] is None


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_score_of_no_rows_is_a_header(run, room, tmp_path, kind):
    path = tmp_path / f"none.{kind}"
    write = room.frame.head(0).to_csv if kind == "csv" else room.frame.head(0).to_parquet
    write(path, index=False)
    result = run("score", room.classifier.model, path)
    assert result.code == 0
    assert result.out == "prediction,proba_no,proba_yes\n"
    assert run("score", room.classifier.model, path, "--out", tmp_path / "p.parquet").code == 0
    assert list(pd.read_parquet(tmp_path / "p.parquet")) == ["prediction", "proba_no", "proba_yes"]


def test_score_reads_stdin_gzip_and_tabs(run, room, monkeypatch, tmp_path):
    expected = run("score", room.classifier.model, room.csv).out
    text = Path(room.csv).read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert run("score", room.classifier.model, "-").out == expected
    with gzip.open(tmp_path / "t.csv.gz", "wt", encoding="utf-8-sig") as file:
        file.write(text)
    assert run("score", room.classifier.model, tmp_path / "t.csv.gz").out == expected
    room.frame.to_csv(tmp_path / "t.tsv", sep="\t", index=False)
    assert run("score", room.classifier.model, tmp_path / "t.tsv").out == expected


# --- what is refused ------------------------------------------------------------------------------


def test_score_names_an_absent_column(run, room, tmp_path):
    for kind in ("csv", "parquet"):
        path = tmp_path / f"t.{kind}"
        frame = room.frame.rename(columns={"income": "incom"})
        (frame.to_csv if kind == "csv" else frame.to_parquet)(path, index=False)
        result = run("score", room.classifier.model, path)
        assert result.code == 2
        assert result.out == ""
        assert "'income' missing (did you mean 'incom'?)" in result.err
    assert (
        "an id must be a column" in run("score", room.classifier.model, room.csv, "--id", "x").err
    )


def test_score_refuses_files_that_are_no_model(run, room, tmp_path):
    (tmp_path / "no.ekd").write_text("nonsense")
    for name in ("no.ekd", "absent.ekd"):
        result = run("score", tmp_path / name, room.csv)
        assert result.code == 3
        assert result.out == ""


def test_score_refuses_tables_that_are_absent_or_foreign(run, room, tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    for name, words in [
        ("absent.csv", "there is no file"),
        ("bad.parquet", "cannot be read"),
        ("t.json", "must end in"),
    ]:
        result = run("score", room.classifier.model, tmp_path / name)
        assert result.code == 2
        assert words in result.err


HEADER = "age,income,city,vip,floor\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,Rome,true,1\n1,x,Rome,true,1\n", "row 2: column 'income' must be a number, got 'x'"),
        ("1,1_000,Rome,true,1\n", "must be a number, got '1_000'"),
        ("1,2,Rome,maybe,1\n", "row 1: column 'vip' must be true or false, got 'maybe'"),
        ("1,2,Rome,true\n", "row 1 must have 5 fields as the header has, got 4"),
        ("1,2,Rome,true,1,9\n", "row 1 must have 5 fields as the header has, got 6"),
        (b"1,2,\xff,true,1\n", "UTF-8"),
        ('1,2,"' + "x" * 200_000 + '",true,1\n', "cannot be read"),
    ],
)
def test_score_refuses_values_of_the_wrong_kind(run, room, table_file, tmp_path, text, words):
    text = text if isinstance(text, bytes) else text.encode()
    out = tmp_path / "p.csv"
    result = run("score", room.classifier.model, table_file(HEADER.encode() + text), "--out", out)
    assert result.code == 2
    assert words in result.err
    assert not out.exists()


def test_score_refuses_dates_for_numbers(run, room, tmp_path):
    frame = room.frame.assign(income=pd.Timestamp("2024-01-01"))
    frame.to_parquet(tmp_path / "t.parquet")
    result = run("score", room.classifier.model, tmp_path / "t.parquet")
    assert result.code == 2
    assert "'income'" in result.err
    frame = room.frame.assign(city=[["list"]] * 240)
    frame.to_parquet(tmp_path / "t.parquet")
    assert run("score", room.classifier.model, tmp_path / "t.parquet").code == 2


def test_score_refuses_options_that_do_not_fit(run, room, tmp_path):
    result = run("score", room.regressor.model, room.csv, "--proba")
    assert result.code == 2
    assert "--proba is for classifications" in result.err
    argv = ["score", room.classifier.model, room.csv, "--out"]
    for out, words in [
        (tmp_path / "p.txt", f"--out {tmp_path}/p.txt must end in"),
        (tmp_path / "absent" / "p.csv", "make sure that its directory"),
        (room.csv, "must not be a file that is read"),
    ]:
        result = run(*argv, out)
        assert result.code == 2
        assert words in result.err
    assert "--json" in run(*argv, tmp_path / "p.parquet", "--json").err
    (tmp_path / "d.csv").mkdir()
    assert "got the directory" in run(*argv, tmp_path / "d.csv").err


def test_id_must_not_be_a_column_of_the_answer(run, room, tmp_path):
    room.frame.assign(prediction=1).to_csv(tmp_path / "t.csv", index=False)
    result = run("score", room.classifier.model, tmp_path / "t.csv", "--id", "prediction")
    assert result.code == 2
    assert "rename it" in result.err


# --- the file is whole or absent ------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (RuntimeError(), 1)])
def test_interrupted_score_leaves_no_half_file(
    run, room, tmp_path, monkeypatch, suffix, there, error, code
):
    out = tmp_path / f"p.{suffix}"
    if there:
        out.write_text("old")
    calls = []
    whole = score.predictions

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            raise error
        return whole(*args)

    monkeypatch.setattr(score, "predictions", interrupted)
    argv = ["score", room.classifier.model, room.csv, "--chunk-rows", "50", "--out", out]
    assert run(*argv).code == code
    assert len(calls) == 3
    assert [path.name for path in tmp_path.iterdir()] == ([out.name] if there else [])
    if there:
        assert out.read_text() == "old"


def test_out_may_be_a_link(run, room, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    os.symlink(tmp_path / "real.csv", tmp_path / "link.csv")
    argv = ["score", room.classifier.model, room.csv, "--out"]
    assert run(*argv, tmp_path / "link.csv").code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("prediction,")
