"""The ensemble of detectors: one score, low for abnormal rows, the same in every batch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from ensemble_kd.errors import InputError
from ensemble_kd.teachers.detectors import (
    ECOD,
    HBOS,
    DetectorEnsemble,
    KNNDetector,
    Maximum,
    NoScale,
    Weighted,
)
from ensemble_kd.teachers.detectors.members import NumberedRows

N_ROWS = 300


@pytest.fixture(scope="module")
def frame(make_frame) -> pd.DataFrame:
    """A mixed table of training rows, with a constant column."""
    return make_frame(N_ROWS).assign(constant=3)


@pytest.fixture(scope="module")
def teacher(frame) -> DetectorEnsemble:
    """The default ensemble, fitted on them."""
    return DetectorEnsemble().fit(frame)


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    """Rows of five numbers that go together."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5))


def flagged(teacher: DetectorEnsemble, rows: object, share: float = 0.05) -> float:
    """Return the share of rows that score below the training rows' lowest ones."""
    return float((teacher.score_samples(rows) < np.quantile(teacher.fit_scores_, share)).mean())


def test_ensemble_answers_a_row_as_in_a_batch_bit_for_bit(teacher, frame):
    alone = [float(teacher.score_samples(frame.iloc[[i]])[0]) for i in range(30)]
    assert teacher.score_samples(frame)[:30].tolist() == alone


def test_ensemble_answers_rows_in_any_order(teacher, frame):
    order = np.random.default_rng(0).permutation(N_ROWS)
    expected = teacher.score_samples(frame)[order]
    assert teacher.score_samples(frame.iloc[order]).tolist() == expected.tolist()


def test_detectors_look_for_near_rows_once_and_answer_as_alone(teacher, frame, monkeypatch):
    rows = frame.head(70)
    values = teacher.numbers_.transform(rows)
    alone = [
        scale.transform(detector.score_samples(NumberedRows(teacher.numbers_, values)))
        for scale, detector in zip(teacher.scales_, teacher.detectors_, strict=True)
    ]
    asked = []
    find = NumberedRows.near

    def counted(self, tree, key, n_near):
        before = len(self._near)
        found = find(self, tree, key, n_near)
        asked.append(len(self._near) - before)
        return found

    monkeypatch.setattr(NumberedRows, "near", counted)
    np.testing.assert_array_equal(teacher.detector_scores(rows), np.column_stack(alone))
    assert asked == [1, 0]  # nearest neighbours, then the local outlier factor


def test_ensemble_answers_many_rows_as_few(teacher, frame, monkeypatch):
    whole = teacher.detector_scores(frame)
    monkeypatch.setattr("ensemble_kd.teachers.detectors._ensemble.CHUNK", 64)
    np.testing.assert_array_equal(teacher.detector_scores(frame), whole)


def test_ensemble_is_the_same_with_the_same_seed_and_in_threads(teacher, frame):
    again = clone(teacher).set_params(n_jobs=2).fit(frame)
    assert again.fit_scores_.tolist() == teacher.fit_scores_.tolist()
    assert again.score_samples(frame).tolist() == teacher.score_samples(frame).tolist()


def test_ensemble_draws_other_rows_with_another_seed(numbers):
    one, other = (DetectorEnsemble(max_rows=50, random_state=s).fit(numbers) for s in (0, 1))
    assert (one.score_samples(numbers) != other.score_samples(numbers)).any()


def test_ensemble_combines_the_scores_of_its_detectors(teacher, frame):
    scores = teacher.detector_scores(frame)
    assert scores.shape == (N_ROWS, len(teacher.names_)) == (N_ROWS, len(teacher.detectors_))
    expected = np.sort(scores, axis=1)[:, :4].mean(axis=1)
    np.testing.assert_allclose(teacher.score_samples(frame), expected)


def test_ensemble_finds_categories_never_seen_abnormal(teacher, frame):
    assert flagged(teacher, frame.assign(name="nobody")) > 0.95


def test_ensemble_finds_gaps_abnormal_where_there_were_none(teacher, frame):
    assert flagged(teacher, frame.assign(ratio=np.nan)) > 0.95


def test_ensemble_finds_another_value_of_a_constant_column_abnormal(teacher, frame):
    assert flagged(teacher, frame.assign(constant=30)) > 0.95


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("j", range(5))
def test_ensemble_finds_rows_far_out_in_one_column_abnormal(numbers, j, side):
    teacher = DetectorEnsemble().fit(numbers)
    shares = []
    for ranges in (0, 2, 10):
        pushed = numbers.copy()
        if ranges:
            pushed[:, j] = np.median(numbers[:, j]) + side * ranges * np.ptp(numbers[:, j])
        shares.append(flagged(teacher, pushed))
    assert shares[0] < 0.1
    assert shares[1] > 0.98
    assert shares[2] == 1.0


def test_ensemble_predicts_by_its_offset(teacher, frame):
    scores = teacher.score_samples(frame)
    assert teacher.decision_function(frame).tolist() == (scores - teacher.offset_).tolist()
    assert (teacher.predict(frame) == np.where(scores < teacher.offset_, -1, 1)).all()
    assert (teacher.fit_scores_ < teacher.offset_).mean() == pytest.approx(0.1, abs=0.01)


def test_ensemble_scores_training_rows_as_new_ones_of_the_same_kind():
    rng = np.random.default_rng(0)
    seen, new = rng.normal(size=(2, 1500, 12))
    teacher = DetectorEnsemble([KNNDetector(), LocalOutlierFactor(novelty=True)]).fit(seen)
    # In-sample the rows themselves are their nearest ones, and look the more normal.
    new_scores = teacher.score_samples(new)
    assert ks_2samp(teacher.fit_scores_, new_scores).statistic < 0.05
    assert ks_2samp(teacher.score_samples(seen), new_scores).statistic > 0.08


def test_ensemble_takes_scale_and_combination_as_objects(numbers):
    detectors = [("ecod", ECOD()), ("hbos", HBOS())]
    teacher = DetectorEnsemble(detectors, scale=NoScale(), combination=Maximum()).fit(numbers)
    own = [detector.score_samples(numbers) for detector in teacher.detectors_]
    assert teacher.score_samples(numbers).tolist() == np.minimum(*own).tolist()


def test_ensemble_of_weights_on_one_detector_is_that_detector(numbers):
    detectors = [("ecod", ECOD()), ("hbos", HBOS())]
    teacher = DetectorEnsemble(detectors, scale="none", combination=Weighted([1, 0])).fit(numbers)
    assert (
        teacher.score_samples(numbers).tolist()
        == ECOD().fit(numbers).score_samples(numbers).tolist()
    )


@pytest.mark.parametrize("scale", ["asinh", "rank", "probit", "none"])
@pytest.mark.parametrize("combination", ["top_half", "mean", "maximum"])
def test_ensemble_takes_scale_and_combination_by_name(scale, combination, numbers):
    teacher = DetectorEnsemble([ECOD(), HBOS()], scale=scale, combination=combination)
    assert np.isfinite(teacher.fit(numbers).score_samples(numbers)).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scale": "log"}, "scale must be one of .*'asinh'.* or a Scale, got 'log'"),
        ({"combination": "sum"}, "combination must be one of .* or a Combination, got 'sum'"),
        ({"combination": Weighted([1])}, "weights must be 8 numbers"),
        ({"detectors": []}, "at least one, or None for the default ones"),
        ({"detectors": [("a", ECOD()), ("a", HBOS())]}, "must have names of their own"),
        ({"max_rows": 1}, "max_rows must be at least 2"),
    ],
)
def test_ensemble_refuses_parameters_that_break_a_rule(parameters, message, numbers):
    with pytest.raises(InputError, match=message):
        DetectorEnsemble(**parameters).fit(numbers)


def test_ensemble_learns_nothing_from_rows_of_weight_zero(numbers):
    weight = np.ones(len(numbers))
    weight[::4] = 0
    weighted = DetectorEnsemble([ECOD(), KNNDetector()]).fit(numbers, sample_weight=weight)
    without = DetectorEnsemble([ECOD(), KNNDetector()]).fit(numbers[weight > 0])
    assert weighted.score_samples(numbers).tolist() == without.score_samples(numbers).tolist()
    assert weighted.fit_scores_[weight > 0].tolist() == without.fit_scores_.tolist()
    expected = without.score_samples(numbers)[::4]
    assert weighted.fit_scores_[::4].tolist() == expected.tolist()


def test_ensemble_refuses_weights_that_do_not_fit(numbers):
    with pytest.raises(InputError, match="400 finite numbers, one a row and at least 0"):
        DetectorEnsemble().fit(numbers, sample_weight=[1.0])


def test_ensemble_leaves_what_it_was_given_as_it_is(numbers):
    given = [("forest", IsolationForest(n_estimators=10)), ("ecod", ECOD())]
    DetectorEnsemble(given).fit(numbers)
    assert not hasattr(given[0][1], "estimators_") and not hasattr(given[1][1], "sorted_")
