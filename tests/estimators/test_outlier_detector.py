"""`DistilledOutlierDetector`: detectors in one student, its offset, labels that teach nothing."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_outlier_detector
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import LocalOutlierFactor

from ensemble_kd import (
    DistilledOutlierDetector,
    InputError,
    MLPStudent,
    NotDistillableError,
    TreeStudent,
    load,
)
from ensemble_kd.metrics import RankFidelity
from ensemble_kd.rows import REAL, SYNTHETIC
from ensemble_kd.teachers.detectors import DetectorEnsemble

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
FOREST = IsolationForest(n_estimators=20, random_state=0)
TREE = TreeStudent(max_leaf_nodes=64)


def small(teacher=FOREST, **options):
    """Return a detector that is quickly fitted."""
    return DistilledOutlierDetector(teacher, **{"student": TREE, "n_synthetic": 500} | options)


@pytest.fixture(scope="module")
def fitted():
    return small(contamination=0.1).fit(X)


def test_detector_is_one_to_scikit_learn():
    assert is_outlier_detector(small())
    assert clone(small(contamination=0.03)).contamination == 0.03


def test_scores_are_low_for_what_the_teacher_finds_abnormal(fitted):
    fresh = RNG.normal(size=(500, 3))
    mine, its = fitted.score_samples(fresh), fitted.teacher_.score_samples(fresh)
    assert np.corrcoef(mine, its)[0, 1] > 0.7
    abnormal = its < np.quantile(its, 0.05)
    assert mine[abnormal].mean() < mine[~abnormal].mean() - mine.std()


def test_offset_splits_scores_as_scikit_learn_does(fitted):
    score = fitted.score_samples(X)
    np.testing.assert_array_equal(fitted.decision_function(X), score - fitted.offset_)
    np.testing.assert_array_equal(fitted.predict(X), np.where(score < fitted.offset_, -1, 1))
    np.testing.assert_array_equal(small(contamination=0.1).fit_predict(X), fitted.predict(X))


def test_real_rows_are_labelled_as_if_they_were_not_there():
    found = small(LocalOutlierFactor(n_neighbors=5, novelty=True)).fit(X)
    real = found.transfer_set_.take(found.transfer_set_.origin == REAL)
    np.testing.assert_array_equal(real.response[:, 0], found.teacher_.fit_scores_)
    in_sample = found.teacher_.score_samples(X)
    assert np.abs(in_sample - found.teacher_.fit_scores_).max() > 0.01
    made = found.transfer_set_.take(found.transfer_set_.origin == SYNTHETIC)
    assert len(made) == 500 and np.isnan(made.hard).all() and np.isnan(real.hard).all()


def test_a_fifth_of_the_rows_is_kept_apart(fitted):
    rows = fitted.transfer_set_
    assert rows.held_out.sum() == len(X) // 5
    assert fitted.fidelity_.n_rows == len(X) // 5 and fitted.fidelity_.held_out


def test_contamination_is_reached_on_fresh_rows():
    share, many = 0.1, np.random.default_rng(1).normal(size=(4000, 1))
    student = MLPStudent(hidden=(8,), n_updates=150)
    found = small(student=student, contamination=share, n_synthetic=2000).fit(many)
    n_apart, fresh = 800, np.random.default_rng(2).normal(size=(2000, 1))
    n_below = int((found.predict(fresh) == -1).sum())
    # Both the rows kept apart and the fresh ones are drawn.
    spread = np.sqrt(share * (1 - share) * (1 / n_apart + 1 / 2000))
    assert abs(n_below / 2000 - share) < 2.6 * spread
    exact = int((found._scorer.predict(many[found.transfer_set_.held_out[:4000]]) == -1).sum())
    assert abs(exact - share * n_apart) <= 1


def test_labels_are_never_looked_at(fitted):
    for y in (np.arange(len(X)) % 2, ["nonsense"] * 3):
        again = small(contamination=0.1).fit(X, y)
        np.testing.assert_array_equal(again.score_samples(X), fitted.score_samples(X))
        assert again.offset_ == fitted.offset_


def test_same_seed_gives_the_same_model():
    student = MLPStudent(hidden=(8,), n_updates=10)
    first, second, other = (
        small(None, student=student, n_synthetic=100, random_state=seed).fit(X[:150])
        for seed in (3, 3, 4)
    )
    for name in ("numeric_weight", "first_bias", "edges"):
        a, b = (getattr(found.model_.body, name) for found in (first, second))
        np.testing.assert_array_equal(a, b)
    assert first.offset_ == second.offset_
    assert other.offset_ != first.offset_


def test_one_row_is_scored_as_in_its_batch_bit_for_bit(fitted):
    for model in (fitted, fitted.teacher_):
        batch = model.score_samples(X[:40])

        alone = [model.score_samples(row)[0] for row in X[:40, None]]
        np.testing.assert_array_equal(batch, alone)


def test_saved_detector_scores_and_decides_alike(fitted, tmp_path):
    fitted.save(tmp_path / "m.ekd")
    scorer = load(tmp_path / "m.ekd")
    np.testing.assert_array_equal(scorer.score_samples(X), fitted.score_samples(X))
    np.testing.assert_array_equal(scorer.predict(X), fitted.predict(X))
    assert scorer.offset_ == fitted.offset_
    facts = scorer.bundle.manifest["training"]
    assert facts["fidelity"]["rank_correlation"] == fitted.fidelity_.rank_correlation
    assert "# Distilled outlier detector" in scorer.bundle.card
    assert f"score below {fitted.offset_:.6g}" in scorer.bundle.card
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


def test_fidelity_tells_of_ranks_and_there_is_no_gate(fitted):
    assert isinstance(fitted.fidelity_, RankFidelity)
    assert fitted.fidelity_.rank_correlation > 0.5
    assert 0 <= fitted.fidelity_.top_1_percent <= 1
    assert fitted.gate_ == [] and fitted.recipe_["recipe"].tolist() == ["default"]
    assert set(fitted.fit_times_) >= {"teacher", "labels", "student"}


def test_measure_takes_rows_without_labels_and_with_them(fitted):
    fresh = np.vstack([RNG.normal(size=(100, 3)), np.full((5, 3), 9.0)])
    label = np.arange(105) >= 100
    found = fitted.measure(fresh).test_
    assert found.quality == {"teacher": {}, "student": {}} and found.fidelity.n_rows == 105
    found = fitted.measure(fresh, label).test_
    assert found.quality["teacher"]["auc"] == 1.0
    assert found.above_student == {} and found.kept is None
    assert list(found.table.columns) == ["auc", "average_precision"]
    assert "rank correlation" in str(found)
    signed = fitted.evaluate(fresh, np.where(label, -1, 1))
    assert signed.quality == found.quality
    fitted.measure(X)  # as it was for others


def test_categories_missing_values_and_constant_columns_are_taken():
    frame = pd.DataFrame(X[:200], columns=["a", "b", "c"])
    frame["city"] = np.where(np.arange(200) % 3, "Oslo", "Rome")
    frame["one"] = 1.0
    frame.loc[::7, "b"] = np.nan
    found = small(None, n_synthetic=200).fit(frame)
    assert set(found.predict(frame)) <= {-1, 1}
    assert np.isfinite(found.score_samples(frame)).all()


@pytest.mark.parametrize(
    ("teacher", "names"),
    [
        (FOREST, ["isolationforest"]),
        ([FOREST, LocalOutlierFactor(novelty=True)], ["isolationforest", "localoutlierfactor"]),
        ([("a", FOREST), ("b", LocalOutlierFactor(novelty=True))], ["a", "b"]),
        (DetectorEnsemble([("c", FOREST)], scale="rank"), ["c"]),
    ],
)
def test_teacher_is_any_detector_or_several(teacher, names):
    found = small(teacher, n_synthetic=100).fit(X[:150])
    assert found.teacher_.names_ == names


def test_frozen_teacher_is_used_as_it_is_and_said_to_be_in_sample():
    forest = clone(FOREST).fit(X)
    with pytest.warns(UserWarning, match="the teacher IsolationForest is frozen, .* in-sample"):
        found = small(FrozenEstimator(forest)).fit(X)
    order = np.argsort(found.teacher_.score_samples(X))
    np.testing.assert_array_equal(order, np.argsort(forest.score_samples(X)))
    with pytest.raises(NotDistillableError, match="must be fitted first"):
        small(FrozenEstimator(clone(FOREST))).fit(X)


def test_teacher_of_another_kind_is_refused():
    with pytest.raises(NotDistillableError):
        small(RandomForestClassifier()).fit(X)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"contamination": 0.6}, r"contamination must be 'auto' or in \(0, 0.5\], got 0.6"),
        ({"recipe": "slow"}, "recipe must be"),
        ({"time_limit": 0}, "time_limit must be > 0"),
    ],
)
def test_options_out_of_range_are_refused(options, match):
    with pytest.raises(InputError, match=match):
        small(**options).fit(X)


def test_compression_comes_before_the_offset(tmp_path):
    student = MLPStudent(hidden=(8,), n_updates=20)
    found = small(student=student, compression="int8", contamination=0.2).fit(X)
    held_out = X[found.transfer_set_.held_out[: len(X)]]
    assert (found.predict(held_out) == -1).sum() == round(0.2 * len(held_out))
    assert found.compression_["step"].tolist()[1:] == ["Quantize(dtype='int8')"]
    assert found.compression_["loss"].isna().all()
    assert found.save(tmp_path / "m.ekd") > 0
    np.testing.assert_array_equal(load(tmp_path / "m.ekd").predict(X), found.predict(X))


def test_far_out_rows_and_categories_never_seen_stay_abnormal(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(600, 2)), columns=["a", "b"])
    frame["city"] = np.where(np.arange(600) % 3, "Oslo", "Rome")
    student = MLPStudent(hidden=(32,), n_updates=250)
    found = small(None, student=student, contamination=0.05, n_synthetic=3000).fit(frame)
    found.save(tmp_path / "m.ekd")
    scorer = load(tmp_path / "m.ekd")
    for column in ("a", "b"):
        width = np.ptp(frame[column])
        for times in (2, 10, 1e4):
            far = frame[:100].copy()
            far[column] = frame[column].max() + times * width
            assert (scorer.predict(far) == -1).mean() > 0.98
    unseen = frame[:100].assign(city="Bonn")
    is_flagged = found.teacher_.score_samples(unseen) < found.offset_
    assert is_flagged.mean() > 0.9
    assert (scorer.predict(unseen)[is_flagged] == -1).mean() > 0.95


def test_time_limit_ends_the_student_in_time():
    student = MLPStudent(hidden=(8,), n_updates=100_000, max_epochs=100_000)
    found = small(student=student, time_limit=2.0).fit(X)
    assert found.fit_times_["student"] < 4


def test_table_too_wide_is_refused_with_the_columns_to_choose():
    wide = np.random.default_rng(0).normal(size=(70, 201))
    with pytest.raises(InputError, match=r"at most 200 columns, .* got 201; choose columns"):
        small(IsolationForest(n_estimators=2, random_state=0), n_synthetic=10).fit(wide)
