"""`reasons` and `score --reasons`: who is told what, and what never."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.students import MLPStudent

TEXTS = """\
column,code,text,group
income,R1,"Income is unusual.",money
vip,,,money
city,R2,The city is unusual.,
"""


@pytest.fixture
def explained(run, room, tmp_path, table_file):
    path = tmp_path / "reasons.ekd"
    done = run(
        "reasons", room.classifier.model, "--rows", room.csv, "--texts",
        table_file(TEXTS, "texts.csv"), "--exclude", "age", "--out", path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "never named: age" in done.out
    return path


def test_score_has_as_many_reasons_as_were_asked(run, room, explained, tmp_path):
    done = run("score", explained, room.csv, "--reasons", "3")
    assert done.code == 0, done.err
    table = pd.read_csv(io.StringIO(done.out))
    assert list(table)[-3:] == ["reason_1", "reason_2", "reason_3"]
    plain = pd.read_csv(io.StringIO(run("score", explained, room.csv).out))
    pd.testing.assert_frame_equal(table[list(plain)], plain)
    wanted = [
        [reason.code or reason.name for reason in row]
        for row in load(explained).explain(room.frame[["age", "income", "city", "vip", "floor"]])
        .reasons(3)
    ]  # fmt: skip
    found = [[text for text in row if isinstance(text, str)] for row in table.iloc[:, -3:].values]
    assert found == wanted
    assert {text for row in found for text in row} <= {"R1", "R2", "floor"}
    out = tmp_path / "scores.parquet"
    assert run("score", explained, room.csv, "--reasons", "3", "--out", out).code == 0
    kept = pd.read_parquet(out)[list(table)[-3:]]
    assert kept.isna().to_numpy().tolist() == table.iloc[:, -3:].isna().to_numpy().tolist()


def test_score_writes_reasons_as_json(run, room, explained):
    done = run("score", explained, room.csv, "--reasons", "1", "--json")
    first = json.loads(done.out.splitlines()[0])
    assert first["reason_1"] in {"R1", "R2", "floor", None}


def test_inspect_tells_of_reasons(run, room, explained):
    facts = json.loads(run("inspect", explained, "--json").out)["reasons"]
    assert facts["explained"] == "yes"
    assert facts["excluded"] == ["age"]
    assert facts["groups"][0] == {
        "name": "money", "columns": ["income", "vip"], "code": "R1", "text": "Income is unusual.",
    }  # fmt: skip
    text = run("inspect", explained).out
    assert "what raises the log-odds of 'yes', from 24 made-up rows; 1 column(s) never" in text
    assert json.loads(run("inspect", room.classifier.model, "--json").out)["reasons"] is None


def test_reasons_of_values(run, room, tmp_path):
    path = tmp_path / "value.ekd"
    assert run("reasons", room.regressor.model, "--rows", room.parquet, "--out", path).code == 0
    done = run("score", path, room.csv, "--reasons", "4", "--id", "customer")
    assert "reason_4" in done.out.splitlines()[0]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("column,code\nage,R1\n", "--texts must have the columns column, code, text"),
        ("column,code,text\n,R1,x\n", "--texts must have a column in each line"),
        ("column,code,text\nage,R1,x,y\n", "--texts must have a column in each line"),
        ("column,code,text,group\nage,A,x,g\ncity,B,x,g\n", "got another for 'g'"),
        ("column,code,text\nnobody,R1,x\n", "texts must name columns that the model takes"),
    ],
)
def test_reasons_refuses_texts(run, room, tmp_path, table_file, texts, message):
    done = run(
        "reasons", room.classifier.model, "--rows", room.csv, "--texts", table_file(texts, "t.csv"),
        "--out", tmp_path / "m.ekd",
    )  # fmt: skip
    assert done.code == 2
    assert message in done.err


def test_score_asks_for_a_file_with_reasons(run, room):
    done = run("score", room.classifier.model, room.csv, "--reasons", "4")
    assert done.code == 2
    assert "--reasons needs a model file that has reasons" in done.err


def test_id_must_not_be_a_reason(run, explained, table_file):
    table = table_file("reason_1,age,income,city,vip,floor\n1,30,3,Rome,True,1\n")
    done = run("score", explained, table, "--reasons", "1", "--id", "reason_1")
    assert done.code == 2
    assert "must not be a column of the answer, got 'reason_1'" in done.err


def test_explained_must_be_a_class(run, room, tmp_path):
    done = run(
        "reasons", room.classifier.model, "--rows", room.csv, "--explained", "x", "--out",
        tmp_path / "m.ekd",
    )  # fmt: skip
    assert "--explained must be one of the classes ['no', 'yes'], got 'x'" in done.err


def test_compressed_model_keeps_its_reasons(run, room, explained, tmp_path):
    out = tmp_path / "small.ekd"
    assert run("compress", explained, "--out", out).code == 0
    kept, before = (load(path).model.reasons for path in (out, explained))
    assert (kept.groups, kept.excluded) == (before.groups, before.excluded)
    assert run("score", out, room.csv, "--reasons", "2").code == 0


@pytest.fixture
def network_file(tmp_path):
    """A file of a network over five columns, without reasons, and rows of them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 5)).round(3), columns=list("abcde"))
    y = (frame["a"] * frame["b"] > 0).astype(int)
    student = MLPStudent(hidden=(4,), n_updates=5, random_state=0)
    fitted = DistilledClassifier(
        teacher=[("tree", DecisionTreeClassifier(max_depth=2))], student=student, cv=2,
        n_synthetic=50, random_state=0,
    ).fit(frame, y)  # fmt: skip
    fitted.save(tmp_path / "plain.ekd")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "plain.ekd", tmp_path / "rows.csv"


def test_steps_are_kept_and_the_c_file_tells_reasons(run, network_file, tmp_path):
    plain, rows = network_file
    out = tmp_path / "told.ekd"
    assert run("reasons", plain, "--rows", rows, "--steps", "2", "--out", out).code == 0
    assert load(out).model.reasons.n_steps == 2
    assert run("export", out, "--to", "c", "--reasons").code == 0
    source = (tmp_path / "told.c").read_text()
    assert "int told_reasons(const float *contribution, int *reason);" in source
    refused = run("export", out, "--to", "json", "--reasons")
    assert refused.code != 0
    assert "--reasons is for --to c" in refused.err
    wrong = run("reasons", plain, "--rows", rows, "--steps", "0", "--out", out)
    assert "n_steps must be from 1 to 256" in wrong.err
