"""Model files of several labels on the command line: scored, told, made smaller, or refused."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.scoring import save

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 3)), columns=["a", "b", "c"])
Y = pd.DataFrame({"dear": X["a"] > 0, "tall": X["b"] + X["c"] > 0}).astype(int)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    options = {"student": "tree", "n_synthetic": 200, "cv": 2, "recipe": "fast"}
    model = DistilledClassifier(GaussianNB(), **options).fit(X, Y)
    model.save(folder / "model.ekd")
    pd.concat([X, Y], axis=1).to_csv(folder / "rows.csv", index=False)
    return folder / "model.ekd", folder / "rows.csv"


def test_score_gives_a_prediction_and_a_probability_of_each_label(run, files, tmp_path):
    model, rows = files
    table = pd.read_csv(io.StringIO(run("score", model, rows).out))
    assert list(table) == ["prediction_dear", "prediction_tall", "proba_dear", "proba_tall"]
    scorer = load(model)
    np.testing.assert_allclose(table.iloc[:, 2:], scorer.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(table.iloc[:, :2], scorer.predict(X))
    assert run("score", model, rows, "--labels", "--out", tmp_path / "s.parquet").code == 0
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "s.parquet"), table.iloc[:, :2])
    assert list(pd.read_csv(io.StringIO(run("score", model, rows, "--proba").out))) == list(
        table.columns[2:]
    )


def test_labels_of_one_text_are_not_scored_into_one_column(run, files, tmp_path):
    model, rows = files
    same = replace(load(model).model, classes=(1, "1"))
    save(same, tmp_path / "same.ekd")
    result = run("score", tmp_path / "same.ekd", rows)
    assert result.code == 2
    assert "the classes 1 and '1' of the model would have one column" in result.err


def test_inspect_and_compress_tell_of_labels(run, files, tmp_path):
    model, rows = files
    assert "multilabel" in run("inspect", model).out
    smaller = run("compress", model, "--rows", rows, "--out", tmp_path / "small.ekd")
    assert "labels answered alike" in smaller.out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("evaluate", "ROWS", "--target", "dear"), "evaluate reads one target column, but this"),
        (("compress", "--rows", "ROWS", "--target", "dear", "--out", "o.ekd"), "--target is one"),
        (("calibrate", "--rows", "ROWS", "--target", "dear", "--out", "o.ekd"), "for classifica"),
        (("score", "ROWS", "--id", "prediction_dear"), "--id must not be a column of the answer"),
        (("inspect", "--rules"), "rules tell one value, got 2 labels"),
    ],
)
def test_what_is_of_one_target_is_refused(run, files, tmp_path, monkeypatch, command, told):
    monkeypatch.chdir(tmp_path)
    model, rows = files
    name, *rest = [rows if word == "ROWS" else word for word in command]
    result = run(name, model, *rest)
    assert result.code != 0
    assert told in result.err
