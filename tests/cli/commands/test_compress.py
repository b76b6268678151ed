import json

import numpy as np
import pytest

from ensemble_kd import DistilledClassifier, DistilledRegressor, MLPStudent, load
from ensemble_kd.bundle import load_bundle


@pytest.fixture(scope="module")
def networks(room, tmp_path_factory):
    """A network for each task, trained plainly on the session's table."""
    folder = tmp_path_factory.mktemp("networks")
    X = room.frame[["age", "income", "city", "vip", "floor"]]
    plain = {"student": MLPStudent(hidden=(16, 8), n_updates=60), "alpha": 0, "n_synthetic": 0}
    DistilledClassifier(**plain).fit(X, room.frame["churned"]).save(folder / "classifier.ekd")
    DistilledRegressor(**plain).fit(X, room.frame["spend"]).save(folder / "regressor.ekd")
    return folder


def test_compress_without_rows_keeps_int8(run, room, networks, tmp_path):
    out = tmp_path / "small.ekd"
    result = run("compress", networks / "classifier.ekd", "--out", out)
    assert result.code == 0
    assert "without --rows, what a step costs is not measured" in result.err
    assert "Quantize(dtype='int8')" in result.out and "was " in result.out
    assert ", kept as float32, int8" in run("inspect", out).out
    assert ", kept as float32\n" in run("inspect", networks / "classifier.ekd").out
    assert out.stat().st_size < (networks / "classifier.ekd").stat().st_size
    X = room.frame[["age", "income", "city", "vip", "floor"]]
    before, after = (load(p).predict_proba(X) for p in (networks / "classifier.ekd", out))
    assert np.abs(before - after).max() < 0.05


def test_compress_with_rows_prints_the_cost(run, room, networks, tmp_path):
    out = tmp_path / "small.ekd"
    result = run(
        "compress", networks / "classifier.ekd", "--prune", "0.5", "--rank", "3",
        "--rows", room.parquet, "--target", "churned", "--out", out,
    )  # fmt: skip
    assert result.code == 0, result.err
    for words in ("PruneNeurons(keep=0.5)", "FactorizeWeights(rank=3)", "log-loss", "same class"):
        assert words in result.out
    assert "on 48 rows kept apart, against the labels and the answers as they were" in result.out
    bundle = load_bundle(out)
    assert len(bundle.manifest["training"]["compression"]) == 3
    assert "## Compression" in bundle.card
    assert bundle.manifest["name"] == "classifier"


def test_compress_json(run, room, networks, tmp_path):
    result = run(
        "compress", networks / "regressor.ekd", "--to", "float16",
        "--rows", room.csv, "--target", "spend", "--out", tmp_path / "small.ekd", "--json",
    )  # fmt: skip
    outcome = json.loads(result.out)
    assert [row["step"] for row in outcome["steps"]] == ["as it was", "Quantize(dtype='float16')"]
    assert outcome["steps"][0]["fidelity_rmse"] == 0
    assert outcome["steps"][1]["loss"] == pytest.approx(outcome["steps"][0]["loss"], rel=0.01)
    assert outcome["size_bytes"]["after"] == (tmp_path / "small.ekd").stat().st_size


def test_compress_without_target_measures_by_the_models_own_answers(run, room, networks, tmp_path):
    result = run(
        "compress", networks / "classifier.ekd", "--rows", room.csv, "--out", tmp_path / "s.ekd"
    )
    assert "against the answers as they were" in result.out and "log-loss" not in result.out


def test_compress_prunes_trees(run, room, tmp_path):
    out = tmp_path / "small.ekd"
    result = run(
        "compress", room.classifier.model, "--prune", "0.5", "--trees", "1",
        "--rows", room.parquet, "--out", out,
    )  # fmt: skip
    assert result.code == 0, result.err
    before, after = (load(p).model.body.feature for p in (room.classifier.model, out))
    assert (after < 0).sum() <= 0.6 * (before < 0).sum()


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("network", ["--prune", "0.5"], "--prune needs --rows"),
        ("network", ["--target", "churned"], "--target is a column of --rows"),
        ("network", ["--trees", "3"], "--trees is for trees"),
        ("tree", ["--rank", "3"], "--rank is for networks"),
        ("network", ["--to", "int4"], "invalid choice: 'int4'"),
        ("network", ["--prune", "1"], "less than 1, got '1'"),
        ("network", ["--rows", "{csv}", "--target", "churn"], "did you mean 'churned'"),
        ("network", ["--rows", "{csv}", "--target", "city"], "must hold classes of the model"),
        ("network", ["--rows", "absent.csv"], "absent.csv"),
    ],
)
def test_compress_refuses_what_does_not_fit(run, room, networks, tmp_path, model, options, message):
    path = networks / "classifier.ekd" if model == "network" else room.classifier.model
    options = [word.format(csv=room.csv) for word in options]
    result = run("compress", path, "--out", tmp_path / "small.ekd", *options)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "small.ekd").exists()


def test_compress_refuses_few_rows(run, networks, table_file, tmp_path):
    rows = table_file("age,income,city,vip,floor\n30,1,Rome,true,1\n")
    result = run(
        "compress", networks / "classifier.ekd", "--rows", rows, "--out", tmp_path / "s.ekd"
    )
    assert result.code == 2 and "at least 20 rows, got 1" in result.err


def test_compress_does_not_write_over_its_model(run, networks):
    result = run("compress", networks / "classifier.ekd", "--out", networks / "classifier.ekd")
    assert result.code == 2


def test_compress_refuses_what_is_no_model(run, table_file, tmp_path):
    assert run("compress", table_file("a,b\n"), "--out", tmp_path / "s.ekd").code == 3
