"""A transformer as a teacher: its numbers are what is learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ensemble_kd import NotDistillableError
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers.unsupervised import EmbeddingTeacher, as_finder

X = np.random.default_rng(0).normal(size=(60, 4)) * [4.0, 2.0, 1.0, 0.5]
SCALED = StandardScaler().fit_transform(X)
VALUES = task_named("regression")


class Encoder:
    """As a torch module behind `transform` would be."""

    def transform(self, rows):
        return np.tanh(np.asarray(rows)[:, :3])


@pytest.mark.parametrize(
    ("transformer", "wanted"),
    [
        (PCA(2, random_state=0), PCA(2, random_state=0).fit_transform(X)),
        (FrozenEstimator(PCA(3).fit(X)), PCA(3).fit_transform(X)),
        (make_pipeline(StandardScaler(), PCA(1)), PCA(1).fit_transform(SCALED)),
        (Encoder(), np.tanh(X[:, :3])),
        (lambda rows: rows[:, 0], X[:, :1]),
    ],
    ids=["estimator", "frozen", "pipeline", "object", "function"],
)  # fmt: skip
def test_teacher_answers_what_the_transformer_makes_of_a_row(transformer, wanted):
    teacher = EmbeddingTeacher(transformer).fit(X)
    np.testing.assert_allclose(teacher.predict(X), wanted, atol=1e-12)
    np.testing.assert_allclose(teacher.predict(X[7:8]), wanted[7:8], atol=1e-12)
    assert teacher.n_outputs_ == wanted.shape[1]


def test_categories_and_gaps_are_made_numbers_and_sparse_answers_full():
    frame = pd.DataFrame({"city": ["Oslo", "Rome", "Rome"] * 20, "age": [1.0, np.nan, 3.0] * 20})
    assert EmbeddingTeacher(PCA(2)).fit(frame).predict(frame).shape == (60, 2)
    encoder = make_pipeline(OneHotEncoder(handle_unknown="ignore"))
    assert EmbeddingTeacher(encoder).fit(frame).predict(frame).sum(axis=1).tolist() == [2.0] * 60


@pytest.mark.parametrize("given", [PCA(2), make_pipeline(StandardScaler(), PCA(2)), Encoder()])
def test_transformers_are_known_as_such(given):
    assert isinstance(as_finder(given, VALUES), EmbeddingTeacher)
    assert as_finder(given, task_named("outliers")) is None


@pytest.mark.parametrize("given", [None, "best", PCA, 3, LinearRegression(), lambda rows: rows])
def test_others_are_not(given):
    assert as_finder(given, VALUES) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (TSNE(), "must have a method transform for new rows, .*TSNE"),
        (FrozenEstimator(PCA()), "must be fitted first"),
    ],
)
def test_transformer_that_cannot_teach_is_refused(given, told):
    with pytest.raises(NotDistillableError, match=told):
        EmbeddingTeacher(given).fit(X)
