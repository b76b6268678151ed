"""PyOD's own detectors: taken by their methods, or refused where a row's answer is not its own."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ensemble_kd.teachers import detectors as ours
from ensemble_kd.teachers.detectors import BatchDependentError, DetectorEnsemble, as_detectors

pytest.importorskip("pyod")


def of_pyod(name: str, **parameters: Any) -> Any:
    """Return a detector of PyOD by the name of its class."""
    return getattr(importlib.import_module(f"pyod.models.{name.lower()}"), name)(**parameters)


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Rows of four numbers that lean to one side."""
    rng = np.random.default_rng(0)
    return np.exp(0.5 * rng.normal(size=(300, 4))) @ rng.normal(size=(4, 4))


@pytest.mark.parametrize("name", ["KNN", "LOF", "HBOS", "MCD", "IForest", "GMM", "PCA"])
def test_pyod_detector_is_taken_and_turned_over(name, numbers):
    teacher = as_detectors(of_pyod(name)).fit(numbers)
    far = numbers[:20] * 30
    assert np.median(teacher.score_samples(far)) < np.quantile(teacher.fit_scores_, 0.1)
    own = teacher.detectors_[0].decision_function(numbers)
    assert spearmanr(teacher.score_samples(numbers), own).statistic < -0.999


def test_pyod_detectors_stand_beside_others_in_pairs_pipelines_and_frozen(numbers):
    fitted = of_pyod("KNN")
    fitted.fit(numbers)
    given = [
        ("pipeline", make_pipeline(StandardScaler(), of_pyod("HBOS"))),
        ("frozen", FrozenEstimator(fitted)),
        ("ours", ours.ECOD()),
    ]
    teacher = DetectorEnsemble(given, scale="none").fit(numbers)
    scores = teacher.detector_scores(numbers)
    assert scores[:, 1].tolist() == (-fitted.decision_function(numbers)).tolist()
    assert (teacher.detector_scores(numbers * 30).mean(axis=0) < scores.mean(axis=0)).all()


def test_pyod_neighbours_are_scored_without_themselves(numbers):
    teacher = DetectorEnsemble(of_pyod("KNN"), scale="none").fit(numbers)
    own = -teacher.detectors_[0].decision_function(numbers)
    assert np.median(teacher.fit_scores_) < np.median(own)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ECOD", r"take ensemble_kd.teachers.detectors.ECOD\(\), whose distribution is frozen"),
        ("COPOD", r"take ensemble_kd.teachers.detectors.COPOD\(\), whose distribution is frozen"),
        ("LMDD", "leave it out"),
        ("SOS", "SOS gave no number for a single row"),
        ("COF", "COF failed on a single row"),
        pytest.param("SOD", "SOD failed on a single row", marks=pytest.mark.slow),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of theirs, on a single row
def test_pyod_detector_that_answers_no_row_by_itself_is_refused(name, told, numbers):
    with pytest.raises(BatchDependentError, match=told):
        as_detectors(of_pyod(name)).fit(numbers[:60])


@pytest.mark.parametrize("name", ["ECOD", "COPOD"])
def test_detector_of_the_same_name_ranks_rows_as_pyod_ranks_its_training_rows(name, numbers):
    theirs = of_pyod(name).fit(numbers)
    mine = getattr(ours, name)().fit(numbers)
    assert spearmanr(mine.fit_scores_, theirs.decision_scores_).statistic < -0.98
