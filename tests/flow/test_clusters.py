"""A student of a clustering, a density or an embedding, without a target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from ensemble_kd import (
    DistilledClassifier,
    DistilledOutlierDetector,
    DistilledRegressor,
    InputError,
    MLPStudent,
    load,
)
from ensemble_kd.teachers.unsupervised import ClusterTeacher, EmbeddingTeacher

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0], [20.0, 20.0]])


def blobs(n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """Return rows around four centres, each some ten deviations from every border."""
    return CENTRES[rng.integers(0, 4, n_rows)] + rng.normal(size=(n_rows, 2))


X, NEW = blobs(400, RNG), blobs(300, np.random.default_rng(1))
SMALL = {"student": "tree", "n_synthetic": 500, "recipe": "fast"}


@pytest.mark.parametrize(
    "clusterer",
    [KMeans(4), GaussianMixture(4), DBSCAN(eps=3.0), AgglomerativeClustering(4)],
    ids=lambda one: type(one).__name__,
)
def test_student_of_groups_far_apart_agrees_on_every_new_row(clusterer):
    student = DistilledClassifier(clusterer, **SMALL).fit(X)
    assert len(student.classes_) >= 4
    np.testing.assert_array_equal(student.predict(NEW), student.teacher_.predict(NEW))


def test_student_of_a_mixture_keeps_its_probabilities():
    # Of two components of one width at -2 and 2 the second's probability is that of a logit 4x.
    rows = np.concatenate([RNG.normal(-2, 1, 500), RNG.normal(2, 1, 500)])[:, None]
    student = MLPStudent(hidden=(16,), n_updates=300)
    model = DistilledClassifier(
        GaussianMixture(2, random_state=0), student=student, n_synthetic=3000, recipe="fast"
    ).fit(rows)
    at = np.linspace(-3, 3, 61)[:, None]
    found, asked = model.predict_proba(at), model.teacher_.predict_proba(at)
    assert np.abs(found - asked).mean() < 0.02
    second = model.teacher_.clusterer_.means_[:, 0].argmax()
    assert np.abs(found[:, second] - 1 / (1 + np.exp(-4 * at[:, 0]))).mean() < 0.05


def test_clusterer_by_itself_is_the_teacher_of_its_clusters():
    by_itself = DistilledClassifier(KMeans(4), **SMALL).fit(X)
    wrapped = DistilledClassifier(ClusterTeacher(KMeans(4)), **SMALL).fit(X)
    np.testing.assert_array_equal(by_itself.predict_proba(NEW), wrapped.predict_proba(NEW))
    assert isinstance(by_itself.teacher_, ClusterTeacher)


def test_same_seed_gives_the_same_student_of_a_mixture_without_a_seed():
    one, other = (
        DistilledClassifier(GaussianMixture(3, init_params="random"), **SMALL).fit(X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.predict_proba(NEW), other.predict_proba(NEW))


def test_clustering_is_fitted_once_and_its_rows_have_no_target():
    fits = []

    class Counted(KMeans):
        def fit(self, X, y=None, sample_weight=None):
            fits.append(len(X))
            return super().fit(X, y, sample_weight)

    model = DistilledClassifier(Counted(4), **SMALL | {"recipe": "auto"}).fit(X)
    assert fits == [len(X)]
    assert (model.transfer_set_.hard == -1).all()
    assert model.gate_ == []
    assert model.fidelity_.agreement == 1.0


def test_file_knows_the_clusters(tmp_path):
    model = DistilledClassifier(DBSCAN(eps=3.0), **SMALL).fit(X)
    model.save(tmp_path / "clusters.ekd")
    scorer = load(tmp_path / "clusters.ekd")
    np.testing.assert_array_equal(scorer.classes_, model.classes_)
    np.testing.assert_array_equal(scorer.predict(NEW), model.predict(NEW))


def test_student_takes_categories_gaps_weights_and_groups():
    frame = pd.DataFrame({"x": X[:, 0], "side": np.where(X[:, 1] > 10, "up", "down")})
    frame.loc[::9, "x"] = np.nan
    weight = np.linspace(0.5, 1.5, len(frame))
    model = DistilledClassifier(KMeans(2), **SMALL)
    model.fit(frame, sample_weight=weight, groups=np.arange(len(frame)) // 4)
    assert (model.predict(frame) == model.teacher_.labels_).mean() > 0.97


def test_more_than_twenty_clusters_are_classes_all_the_same():
    model = DistilledClassifier(KMeans(25), **SMALL).fit(X)
    assert model.classes_.tolist() == list(range(25))


def test_measure_compares_with_the_clustering():
    model = DistilledClassifier(KMeans(4), **SMALL).fit(X).measure(NEW)
    assert model.test_.fidelity.agreement == 1.0


def test_unlabelled_rows_are_labelled_by_the_clustering():
    model = DistilledClassifier(KMeans(4), **SMALL).fit(X, X_unlabeled=NEW)
    rows = model.transfer_set_
    found = rows.response[rows.origin == 1].argmax(axis=1)
    np.testing.assert_array_equal(found, model.teacher_.predict(NEW))


@pytest.mark.parametrize(
    ("estimator", "y", "told"),
    [
        (DistilledClassifier(ClusterTeacher(KMeans(2))), X[:, 0] > 10, "y must be None with"),
        (DistilledClassifier(KMeans(2), alpha=0), None, "alpha must be > 0"),
        (DistilledRegressor(KMeans(2)), None, "requires y"),
        (DistilledRegressor(EmbeddingTeacher(PCA(2))), X[:, 0], "y must be None with Embedding"),
        (DistilledClassifier(PCA(2)), None, "requires y"),
        (DistilledClassifier(), None, "requires y"),
    ],
)
def test_clusters_beside_a_target_and_a_target_that_is_missing_are_refused(estimator, y, told):
    with pytest.raises(InputError, match=told):
        estimator.fit(X, y)


def test_density_teaches_a_detector():
    density = KernelDensity(bandwidth=2.0)
    student = MLPStudent(hidden=(16,), n_updates=300)
    model = DistilledOutlierDetector(density, student=student, n_synthetic=3000).fit(X)
    at = np.array([[0.0, 0.0], [20.0, 20.0], [10.0, 10.0], [60.0, -40.0]])
    found = model.score_samples(at)
    assert min(found[:2]) > max(found[2:])
    assert model.predict(at).tolist() == [1, 1, -1, -1]


def test_student_of_an_embedding_follows_it_on_new_rows(tmp_path):
    # Which blob a row is of tells 99 % of its variance, 100 between the blobs and 1 inside of them.
    student = MLPStudent(hidden=(16,), n_updates=1500)
    model = DistilledRegressor(PCA(2), student=student, n_synthetic=3000, recipe="fast").fit(X)
    wanted = PCA(2).fit(X).transform(NEW)
    answer = model.predict(NEW)
    assert answer.shape == wanted.shape
    assert min(r2_score(wanted, answer, multioutput="raw_values")) > 0.99
    assert np.array_equal(model.transfer_set_.hard[: len(X)], PCA(2).fit(X).transform(X))
    model.save(tmp_path / "embedding.ekd")
    np.testing.assert_array_equal(load(tmp_path / "embedding.ekd").predict(NEW), answer)


def test_embedding_of_one_number_is_one_output():
    model = DistilledRegressor(EmbeddingTeacher(lambda rows: rows[:, 0]), **SMALL).fit(X)
    assert model.predict(NEW).shape == (len(NEW),)
    assert model.score(NEW, NEW[:, 0]) > 0.9
