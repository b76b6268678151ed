"""A clustering as a teacher: what it says of its own rows, and of new ones."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import (
    DBSCAN,
    OPTICS,
    AgglomerativeClustering,
    KMeans,
    SpectralClustering,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import make_pipeline

from ensemble_kd import InputError, NotDistillableError
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers.unsupervised import ClusterTeacher, as_finder

RNG = np.random.default_rng(0)
# Two groups ten apart, of which 5 is the middle.
X = np.concatenate([RNG.normal(0, 0.5, 30), RNG.normal(10, 0.5, 30)])[:, None]
NEW = np.array([[-3.0], [4.0], [6.0], [13.0]])
GROUPS = [0, 0, 1, 1]


def same_partition(labels, groups) -> bool:
    pairs = {(int(a), int(b)) for a, b in zip(labels, groups, strict=True)}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@pytest.mark.parametrize(
    "clusterer",
    [
        KMeans(2, random_state=0),
        GaussianMixture(2, random_state=0),
        BayesianGaussianMixture(n_components=2, random_state=0),
        AgglomerativeClustering(2),
        SpectralClustering(2, random_state=0, affinity="rbf"),
        make_pipeline(SimpleImputer(), KMeans(2, random_state=0)),
        make_pipeline(SimpleImputer(), AgglomerativeClustering(2)),
        FrozenEstimator(KMeans(2, random_state=0).fit(X)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_new_row_is_of_the_group_that_it_lies_by(clusterer):
    teacher = ClusterTeacher(clusterer).fit(X)
    assert same_partition(teacher.labels_, np.repeat([0, 1], 30))
    assert same_partition(teacher.predict(NEW), GROUPS)
    proba = teacher.predict_proba(NEW)
    np.testing.assert_array_equal(teacher.classes_[proba.argmax(axis=1)], teacher.predict(NEW))
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)


def test_mixture_teaches_its_own_probabilities():
    mixture = GaussianMixture(2, random_state=0)
    teacher = ClusterTeacher(mixture).fit(X)
    np.testing.assert_array_equal(teacher.predict_proba(NEW), mixture.fit(X).predict_proba(NEW))


# Core samples at 1, 2 and at 10, 11, 12; noise at 6; the others lie on the border.
LINE = np.array([[0.0], [1.0], [2.0], [3.0], [6.0], [10.0], [11.0], [12.0], [9.0], [13.0]])


@pytest.mark.parametrize(
    ("row", "label"), [(2.9, 0), (3.1, -1), (6.0, -1), (8.9, -1), (9.1, 1), (0.1, 0), (-0.1, -1)]
)
def test_dbscan_gives_a_new_row_the_cluster_of_the_nearest_core_sample_within_eps(row, label):
    teacher = ClusterTeacher(DBSCAN(eps=1.0, min_samples=3)).fit(LINE)
    assert teacher.clusterer_.components_[:, 0].tolist() == [1.0, 2.0, 10.0, 11.0, 12.0]
    assert teacher.predict([[row]])[0] == label


def test_rows_of_the_fit_keep_the_labels_of_the_clustering():
    teacher = ClusterTeacher(DBSCAN(eps=1.0, min_samples=3)).fit(LINE)
    own = DBSCAN(eps=1.0, min_samples=3).fit_predict(LINE)
    np.testing.assert_array_equal(teacher.labels_, own)
    found = teacher.classes_[teacher.response_of_fit(LINE).argmax(axis=1)]
    np.testing.assert_array_equal(found, own)


def test_frozen_dbscan_answers_rows_that_it_has_not_seen():
    fitted = DBSCAN(eps=1.0, min_samples=3).fit(LINE)
    teacher = ClusterTeacher(FrozenEstimator(fitted)).fit([[1.5], [11.5], [50.0]])
    assert teacher.labels_.tolist() == [0, 1, -1]


def test_nearest_row_is_found_by_the_metric_of_the_clusterer():
    rows = np.array([[1.0, 0.0], [9.0, 0.1], [0.0, 1.0], [0.1, 9.0]])
    teacher = ClusterTeacher(AgglomerativeClustering(2, metric="cosine", linkage="average"))
    teacher.fit(rows)
    assert same_partition(teacher.labels_, [0, 0, 1, 1])
    # By distance the nearest row is the third; by angle it is of the first two.
    assert teacher.predict([[0.6, 0.5]])[0] == teacher.labels_[0]


def test_row_near_noise_is_noise():
    rows = np.concatenate([X, [[30.0], [50.0], [70.0]]])
    teacher = ClusterTeacher(OPTICS(min_samples=5, max_eps=3.0)).fit(rows)
    assert teacher.labels_[-3:].tolist() == [-1, -1, -1]
    assert teacher.predict([[49.0]])[0] == -1


def test_categories_and_gaps_are_made_numbers():
    frame = pd.DataFrame({"city": ["Oslo", "Rome"] * 20, "age": [3.0, np.nan] * 20})
    teacher = ClusterTeacher(KMeans(2, random_state=0)).fit(frame)
    assert same_partition(teacher.labels_, [0, 1] * 20)
    new = pd.DataFrame({"city": ["Rome", "Oslo"], "age": [np.nan, 3.0]})
    assert same_partition([*teacher.predict(new), *teacher.labels_[:2]], [1, 0, 0, 1])


def test_plain_numbers_are_taken_as_they_are():
    teacher = ClusterTeacher(KMeans(2, random_state=0)).fit(X)
    own = KMeans(2, random_state=0).fit(X)
    np.testing.assert_array_equal(teacher.clusterer_.cluster_centers_, own.cluster_centers_)


def test_weights_reach_the_clusterer():
    rows = np.concatenate([X, np.full((30, 1), 1000.0)])
    weight = np.repeat([1.0, 1.0, 0.0], 30)
    teacher = ClusterTeacher(KMeans(2, random_state=0)).fit(rows, sample_weight=weight)
    assert teacher.clusterer_.cluster_centers_.max() < 11


def test_clusterer_that_was_given_stays_unfitted():
    given = KMeans(2)
    ClusterTeacher(given).fit(X)
    assert not hasattr(given, "cluster_centers_")


def test_cluster_that_no_row_is_of_is_a_class():
    teacher = ClusterTeacher(FrozenEstimator(KMeans(2, random_state=0).fit(X))).fit(X[:30])
    assert teacher.classes_.tolist() == [0, 1]


@pytest.mark.parametrize("given", [KMeans(2), GaussianMixture(2), DBSCAN(), OPTICS()])
def test_clusterers_are_known_as_such(given):
    found = as_finder(given, task_named("classification"))
    assert isinstance(found, ClusterTeacher)
    assert found.clusterer is given


@pytest.mark.parametrize("given", [None, "best", KMeans, 3, SimpleImputer(), lambda rows: rows])
def test_others_are_not(given):
    assert as_finder(given, task_named("classification")) is None


class Silent(ClusterMixin, BaseEstimator):
    """Labels no rows."""

    def fit(self, X, y=None):
        return self


@pytest.mark.parametrize(
    ("clusterer", "kind", "told"),
    [
        (KMeans(1), InputError, "at least two clusters, found 1, 0"),
        (DBSCAN(eps=1e-9), InputError, "at least two clusters, found 1, -1"),
        (AgglomerativeClustering(2, metric="precomputed", linkage="average"), InputError, None),
        (FrozenEstimator(KMeans(2)), NotDistillableError, "must be fitted first"),
        (
            FrozenEstimator(AgglomerativeClustering().fit(X)),
            NotDistillableError,
            "give it unfitted",
        ),
        (
            FrozenEstimator(KMeans(2).fit(np.eye(3))),
            InputError,
            "KMeans could not answer the rows given to fit: X has 1 features",
        ),
        (LogisticRegression(), NotDistillableError, "got the classifier LogisticRegression"),
        (FrozenEstimator(Ridge()), NotDistillableError, "got the regressor Ridge, which requires"),
        (Silent(), NotDistillableError, "Silent must predict, or leave labels_"),
        (3, NotDistillableError, "must be a scikit-learn estimator, got int"),
    ],
)
def test_clustering_that_cannot_teach_is_refused(clusterer, kind, told):
    with pytest.raises(kind, match=told):
        ClusterTeacher(clusterer).fit(X)


@pytest.mark.parametrize("given", [DBSCAN(eps=1.5), AgglomerativeClustering(2)])
def test_rows_with_names_are_answered_without_a_warning(given):
    named = pd.DataFrame(X, columns=["a"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        teacher = ClusterTeacher(given).fit(named)
        np.testing.assert_array_equal(teacher.predict(named), teacher.labels_)


def test_distances_made_before_are_refused():
    square = np.abs(X - X.T)
    with pytest.raises(NotDistillableError, match="choose a metric"):
        ClusterTeacher(DBSCAN(eps=2.0, metric="precomputed")).fit(square)
