"""An outlier detector gives score, percentile and decision, the same with every runtime."""

from __future__ import annotations

import copy
import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from ensemble_kd import DistilledOutlierDetector, MLPStudent, Scorer, TreeStudent, load
from ensemble_kd.errors import InputError
from ensemble_kd.scoring import save

without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3)).round(2)
NAMES = ("x0", "x1", "x2")
ROWS = [dict(zip(NAMES, map(float, row), strict=True)) for row in X[:60]]
ROWS += [{"x0": 50.0, "x1": 0.0, "x2": -50.0}]
STUDENTS = {
    "mlp": MLPStudent(hidden=(8,), n_updates=20),
    "tree": TreeStudent(max_leaf_nodes=8),  # many rows score alike
}


@pytest.fixture(scope="module", params=STUDENTS)
def path(request, tmp_path_factory):
    teacher = IsolationForest(n_estimators=10, random_state=0)
    detector = DistilledOutlierDetector(
        teacher, student=STUDENTS[request.param], contamination=0.1, n_synthetic=200
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector.fit(X)
    path = tmp_path_factory.mktemp("m") / "m.ekd"
    detector.save(path)
    return path


def at_a_tie(scorer: Scorer) -> Scorer:
    """Return the model with an offset that is the score of a row."""
    return Scorer(replace(scorer.model, threshold=scorer.score_one(ROWS[7])))


def test_decision_is_minus_one_exactly_below_the_offset(path):
    for scorer in (load(path), at_a_tie(load(path))):
        score = scorer.score_samples(ROWS)
        np.testing.assert_array_equal(scorer.predict(ROWS), np.where(score < scorer.offset_, -1, 1))
        np.testing.assert_array_equal(
            scorer.predict(ROWS) == -1, scorer.decision_function(ROWS) < 0
        )
        assert scorer.predict(ROWS).dtype.kind == "i"
    assert scorer.predict([ROWS[7]])[0] == 1


def test_one_row_is_scored_as_in_its_batch_bit_for_bit(path):
    for scorer in (load(path), at_a_tie(load(path))):
        score, answer = scorer.score_samples(ROWS), scorer.predict(ROWS)
        for row, one, decided in zip(ROWS, score, answer, strict=True):
            assert scorer.score_one(row) == one == scorer.score_samples([row])[0]
            assert scorer.predict_one(row) == decided == scorer.predict([row])[0]


def test_numpy_scores_and_decides_as_the_core_does(path, monkeypatch):
    core = load(path)
    monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", "numpy")
    plain = load(path)
    assert (core.runtime, plain.runtime) == ("C", "numpy")
    np.testing.assert_allclose(
        plain.score_samples(ROWS), core.score_samples(ROWS), rtol=0, atol=1e-6
    )
    np.testing.assert_array_equal(plain.predict(ROWS), core.predict(ROWS))
    assert [plain.predict_one(row) for row in ROWS] == core.predict(ROWS).tolist()
    tied = at_a_tie(plain)  # by its own score, to the last bit
    assert tied.runtime == "numpy" and tied.predict_one(ROWS[7]) == 1
    np.testing.assert_array_equal(tied.predict(ROWS) == -1, tied.score_samples(ROWS) < tied.offset_)


def test_reader_without_numpy_gives_the_same_bits(path, tmp_path):
    scorer = load(path)
    for model, file in ((scorer, path), (at_a_tie(scorer), tmp_path / "tied.ekd")):
        if file != path:
            save(model.model, file)
        rows = without_numpy.load(file)
        assert rows.task == "outliers" and rows.classes == ()
        for row in ROWS:
            score = rows.score_one(row)
            assert score == model.score_one(row)
            assert rows.predict_one(row) == model.predict_one(row)
            assert rows.percentile(score) == pytest.approx(float(model.percentile(score)))


def test_no_held_out_row_is_called_otherwise_by_another_runtime(path):
    scorer = load(path)
    gap = np.abs(scorer.decision_function(X)).min()
    assert gap > 1e-6


def test_percentile_rises_with_the_score(path):
    scorer = load(path)
    score = np.sort(scorer.score_samples(ROWS))
    found = scorer.percentile(score)
    assert (np.diff(found) >= 0).all() and (found >= 0).all() and (found <= 100).all()


def test_copies_of_a_scorer_decide_alike(path):
    scorer = load(path)
    for made in (copy.deepcopy(scorer), pickle.loads(pickle.dumps(scorer))):
        np.testing.assert_array_equal(made.predict(ROWS), scorer.predict(ROWS))
        assert made.offset_ == scorer.offset_


def test_what_is_for_classes_is_refused(path):
    scorer = load(path)
    for method in ("predict_proba", "predict_log_proba"):
        with pytest.raises(AttributeError, match="is for classifiers"):
            getattr(scorer, method)(ROWS)
    assert not hasattr(scorer, "classes_")


def test_what_is_for_outliers_is_refused_of_other_models(tmp_path):
    scorer = load(Path(__file__).parents[1] / "golden" / "v1_mlp_regression.ekd")
    for name in ("score_samples", "decision_function", "percentile"):
        with pytest.raises(AttributeError, match="is for outliers; this model is a regression"):
            getattr(scorer, name)(np.zeros(1))
    with pytest.raises(AttributeError, match="is for outliers"):
        _ = scorer.offset_
    rows = without_numpy.load(Path(__file__).parents[1] / "golden" / "v1_mlp_regression.ekd")
    with pytest.raises(AttributeError, match="percentile is for outliers; this is a regression"):
        rows.percentile(0.0)


def test_wrong_rows_are_refused_as_ever(path):
    with pytest.raises(InputError, match="x1"):
        load(path).predict_one({"x0": 1.0, "x2": 1.0})
