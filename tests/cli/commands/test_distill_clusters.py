"""`distill --clusters`: a student of clusters from a table without a target."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pytest
from sklearn.cluster import DBSCAN, KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline

from ensemble_kd import DistilledClassifier, load
from ensemble_kd.teachers.detectors import TableNumbers

LEFT_OUT = ["customer", "churned", "spend"]
SMALL = ["--student", "tree", "--n-synthetic", "200"]


@pytest.fixture
def cluster(run, room, tmp_path):
    """Run `distill --clusters` on the session's table."""

    def _cluster(*argv):
        path = tmp_path / "model.ekd"
        return run("distill", room.parquet, "--drop", *LEFT_OUT, *SMALL, "--out", path, *argv)

    return _cluster


@pytest.mark.filterwarnings("ignore:the table has")
def test_clusters_are_those_of_kmeans_on_scaled_columns(cluster, room, tmp_path):
    assert cluster("--clusters", "3", "--test-size", "0").code == 0
    X = room.frame.drop(columns=LEFT_OUT)
    teacher = make_pipeline(TableNumbers(), KMeans(3, random_state=0))
    same = DistilledClassifier(teacher, student="tree", n_synthetic=200, random_state=0).fit(X)
    model = load(tmp_path / "model.ekd")
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.predict(X), same.predict(X))


def test_outcome_tells_clusters_and_how_well_they_are_kept(cluster):
    outcome = json.loads(cluster("--clusters", "2", "--json", "--quiet").out)
    assert outcome["classes"] == [0, 1]
    assert outcome["target"] is None
    assert outcome["quality"] is None or not any(outcome["quality"].values())
    assert outcome["fidelity_on"] == "test"
    assert outcome["fidelity"]["agreement"] > 0.8


def test_clusterer_of_a_file_is_fitted_here(cluster, tmp_path):
    scaled = make_pipeline(TableNumbers(), GaussianMixture(2, random_state=0))
    joblib.dump(scaled, tmp_path / "mixture.joblib")
    result = cluster("--clusters", tmp_path / "mixture.joblib")
    assert result.code == 0
    assert "only open files you trust" in result.err
    joblib.dump(make_pipeline(TableNumbers(), DBSCAN(eps=1e-9)), tmp_path / "noise.joblib")
    noise = cluster("--clusters", tmp_path / "noise.joblib")
    assert noise.code == 2
    assert "must find at least two clusters" in noise.err


def test_students_that_keep_too_few_clusters_are_told_by_the_exit_code(cluster, tmp_path):
    result = cluster("--clusters", "8", "--min-agreement", "1")
    assert result.code == 4
    assert (tmp_path / "model.ekd").is_file()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--clusters", "1"], "must be a joblib file or a whole number >= 2, got '1'"),
        (["--clusters", "few"], "must be a joblib file or a whole number >= 2, got 'few'"),
        (["--clusters", "9999"], "--clusters must be at most the "),
        (["--clusters", "3", "--target", "vip"], "give --clusters or --target, not both"),
        (["--clusters", "3", "--teacher", "fast"], "give --clusters or --teacher, not both"),
        (["--clusters", "3", "--scores-col", "vip"], "give --clusters or --scores-col, not both"),
        (["--clusters", "3", "--alpha", "0"], "give --clusters or --alpha, not both"),
        (["--clusters", "3", "--task", "regression"], "makes a classification, got --task regr"),
        (["--clusters", "3", "--label", "vip"], "--label is for --task outliers"),
        ([], "--task outliers needs none, nor does --clusters"),
    ],
)
def test_what_does_not_go_with_clusters_is_refused(cluster, argv, message):
    result = cluster(*argv)
    assert result.code == 2
    assert message in result.err


def test_file_without_a_clusterer_is_refused(cluster, tmp_path):
    joblib.dump(LogisticRegression(), tmp_path / "wrong.joblib")
    result = cluster("--clusters", tmp_path / "wrong.joblib")
    assert result.code == 2
    assert "requires y" in result.err
    assert "must come from a clusterer or a mixture, got the classifier LogisticReg" in result.err
    joblib.dump({}, tmp_path / "wrong.joblib")
    assert "--clusters" in cluster("--clusters", tmp_path / "wrong.joblib").err.splitlines()[-1]
    (tmp_path / "wrong.joblib").write_text("no joblib file")
    assert "--clusters" in cluster("--clusters", tmp_path / "wrong.joblib").err.splitlines()[-1]


def test_frozen_clusterer_gets_the_columns_that_it_knows_in_its_order(cluster, room, tmp_path):
    fitted = KMeans(3, random_state=0).fit(room.frame[["vip", "income"]])
    joblib.dump(FrozenEstimator(fitted), tmp_path / "frozen.joblib")
    result = cluster("--clusters", tmp_path / "frozen.joblib")
    assert result.code == 0, result.err
    assert "the teacher does not know" in result.err
    assert load(tmp_path / "model.ekd").schema.names == ["vip", "income"]
