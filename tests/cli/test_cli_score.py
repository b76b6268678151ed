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
from ensemble_kd.cli import _sinks, score
from ensemble_kd.cli._chunks import read_chunks
from ensemble_kd.cli._tables import MISSING, _exact_numbers
from ensemble_kd.errors import InputError
from ensemble_kd.schema import Column, TableSchema

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
    assert 'pip install "ensemble_kd[bench]"' in result.err


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
    assert "--id must be a column" in run("score", room.classifier.model, room.csv, "--id", "x").err


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
        (tmp_path / "p.txt", "--out must end in"),
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


def test_out_may_be_a_link_or_a_device(run, room, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    os.symlink(tmp_path / "real.csv", tmp_path / "link.csv")
    argv = ["score", room.classifier.model, room.csv, "--out"]
    assert run(*argv, tmp_path / "link.csv").code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("prediction,")
    with _sinks.replacing("/dev/null", binary=False) as file:
        file.write("x")
    assert not os.path.isfile("/dev/null")


# --- typing of texts ------------------------------------------------------------------------------


def encode_text(path, schema, **kwargs):
    return np.vstack([schema.encode(chunk) for chunk in read_chunks(path, schema, [], 100)])


def one_column(table_file, column, *texts):
    schema = TableSchema((column,))
    path = table_file("c\n" + "".join(f'"{text}"\n' for text in texts))
    return encode_text(path, schema)[:, 0].tolist()


@pytest.mark.parametrize(
    ("categories", "texts", "codes"),
    [
        ((1, 2, 10), ["1", "2.0", "10", "3", "x"], [0, 1, 2, 3, 3]),
        ((0.5, 1.5), ["0.5", "1.50", "2"], [0, 1, 2]),
        ((False, True), ["false", "True", "1", "0"], [0, 1, 1, 0]),
        (("1", "01", "x"), ["1", "01", "x", "1.0"], [0, 1, 2, 3]),
        ((7, "x"), ["7", "x", "y"], [0, 1, 2]),
        ((2**60, 2**60 + 1), [str(2**60), str(2**60 + 1)], [0, 1]),
        (("NA", "None"), ["NA", "None"], [0, 1]),
    ],
)
def test_categories_are_found_by_their_text(table_file, categories, texts, codes):
    column = Column("c", "categorical", categories=categories)
    assert one_column(table_file, column, *texts) == codes


@pytest.mark.parametrize("kind", ["numeric", "boolean", "categorical"])
def test_missing_texts_are_missing_in_every_kind(table_file, kind):
    column = Column("c", kind, categories=("a",) if kind == "categorical" else ())
    assert np.isnan(one_column(table_file, column, *sorted(MISSING))).all()


def test_missing_texts_are_those_of_pandas():
    text = "c,d\n" + "".join(f"{text},1\n" for text in sorted(MISSING))
    assert pd.read_csv(io.StringIO(text))["c"].isna().all()


def test_numbers_and_booleans_are_read(table_file):
    numeric, boolean = Column("c", "numeric"), Column("c", "boolean")
    assert one_column(table_file, numeric, "1", " 2.5", "-1e3", "inf") == [1, 2.5, -1000, np.inf]
    texts = ["true", "FALSE", "1", "0", "1.0"]
    assert one_column(table_file, boolean, *texts) == [1, 0, 1, 0, 1]


def test_columns_without_names_are_taken_by_place(table_file):
    schema = TableSchema((Column("x0", "numeric"), Column("x1", "numeric")), named=False)
    assert encode_text(table_file("b,a\n1,2\n"), schema).tolist() == [[1, 2]]
    assert encode_text(table_file("z,x1,x0\n9,2,1\n"), schema).tolist() == [[1, 2]]
    with pytest.raises(InputError, match="'x0' and 1 more missing"):
        encode_text(table_file("a,b,c\n1,2,3\n"), schema)


def test_repeated_columns_and_empty_files_are_refused(table_file):
    schema = TableSchema((Column("a", "numeric"),))
    with pytest.raises(InputError, match="'a' more than once"):
        encode_text(table_file("a,a\n1,2\n"), schema)
    with pytest.raises(InputError, match="column names"):
        encode_text(table_file(""), schema)


def test_parquet_types_agree_with_the_frame(tmp_path):
    import decimal

    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "c": pd.Categorical(["x", None, "y"]),
            "d": [decimal.Decimal("1.5"), None, decimal.Decimal("2")],
            "n": [None, None, None],
        }
    )
    schema = TableSchema(
        (
            Column("i", "numeric"),
            Column("b", "boolean"),
            Column("c", "categorical", categories=("x", "y")),
            Column("d", "numeric"),
            Column("n", "numeric"),
        )
    )
    frame.to_parquet(tmp_path / "t.parquet")
    codes = encode_text(str(tmp_path / "t.parquet"), schema)
    nan = np.nan
    expected = [[1, 1, 0, 1.5, nan], [nan] * 5, [3, 0, 1, 2, nan]]
    np.testing.assert_array_equal(codes, expected)
