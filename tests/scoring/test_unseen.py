"""Categories never seen are counted, and told once where they are more than was to be expected."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, MLPStudent, Scorer, TreeStudent, load
from ensemble_kd.scoring import UnseenCount

PLAIN = {"alpha": 0.0, "n_synthetic": 0}


def table_of(*cities) -> pd.DataFrame:
    return pd.DataFrame({"city": list(cities), "amount": np.arange(len(cities)) % 7})


@pytest.fixture(scope="module")
def fitted() -> DistilledClassifier:
    """Fitted on three cities; a tenth of the values is missing."""
    table = table_of(*[None, *["Oslo", "Rome", "Lima"] * 3] * 10)
    return DistilledClassifier(student=TreeStudent(), **PLAIN).fit(table, np.arange(100) % 2)


@pytest.fixture
def loaded(fitted, tmp_path) -> Scorer:
    fitted.save(tmp_path / "m.ekd")
    return load(tmp_path / "m.ekd")


def test_scorer_counts_values_that_are_there_and_those_never_seen(loaded):
    assert loaded.unseen_ == {"city": UnseenCount(0, 0, 0.0)}
    loaded.predict(table_of("Oslo", "Paris", None, "Rome"))
    loaded.predict_proba([{"city": "Paris", "amount": 1}])
    assert loaded.unseen_ == {"city": UnseenCount(4, 2, 0.0)}


def test_scorer_counts_no_row_that_is_given_alone(loaded):
    loaded.predict_one({"city": "Paris", "amount": 1})
    loaded.score_one({"city": "Paris", "amount": 1})
    assert loaded.unseen_["city"].n_values == 0


def test_scorer_says_once_that_a_share_has_risen(loaded):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded.predict(table_of(*["Oslo"] * 300, *["Paris"] * 60))
    # 110 of 410: above (0 + 0.1) * 410 + 2 * sqrt(410) = 81.5.
    with pytest.warns(
        UserWarning, match="column 'city': 27% of 410 values .* 0% were to be"
    ) as told:
        loaded.predict(table_of(*["Paris"] * 50))
        loaded.predict(table_of(*["Paris"] * 500))
    assert len(told) == 1
    assert told[0].filename == __file__


def test_scorer_says_nothing_of_few_values(loaded):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded.predict(table_of(*["Paris"] * 49))


def test_scorer_says_it_of_an_estimator_too(fitted):
    with pytest.warns(UserWarning, match="column 'city': 100% of 60 values"):
        pickle.loads(pickle.dumps(fitted)).predict(table_of(*["Paris"] * 60))


def test_scorer_expects_what_the_training_rows_let_it_expect(tmp_path):
    # Of 200 rows, 2 of each of 60 cities and 80 of cities that no other row has. The student tells
    # apart 48 of the former, so 24 + 80 = 104 values of 200 are to it as good as never seen.
    cities = [f"pair {i}" for i in range(60)] * 2 + [f"one {i}" for i in range(80)]
    table, y = table_of(*cities), np.arange(200) % 2
    student = MLPStudent(hidden=(4,), n_updates=5, max_categories=48)
    estimator = DistilledClassifier(student=student, min_frequency=2, **PLAIN).fit(table, y)
    estimator.save(tmp_path / "m.ekd")
    scorer = load(tmp_path / "m.ekd")
    assert scorer.unseen_["city"].expected_share == pytest.approx(0.52)
    for model in (scorer, estimator):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.predict(table)
    with pytest.warns(UserWarning, match="where 52% were to be expected"):
        scorer.predict(table_of(*["new"] * 300))


def test_scorer_warns_of_nothing_where_the_training_rows_are_not_known(fitted):
    scorer = Scorer(fitted.model_)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scorer.predict(table_of(*["Paris"] * 500))
    assert scorer.unseen_ == {"city": UnseenCount(500, 500, None)}


def test_scorer_expects_after_a_calibration_what_it_did_before(fitted):
    calibrated = pickle.loads(pickle.dumps(fitted))
    calibrated.calibrate(table_of(*["Oslo", "Rome"] * 30), np.arange(60) % 2)
    assert calibrated._scorer.unseen_["city"].expected_share == 0.0


@pytest.mark.parametrize(
    "told", [["city"], {"city": "much"}, {"city": -1}, {"other": 0.5}, 7, None]
)
def test_scorer_takes_a_file_that_says_something_else_of_its_training(fitted, tmp_path, told):
    from ensemble_kd.scoring import save

    save(fitted.model_, tmp_path / "m.ekd", training={"expected_unseen": told})
    scorer = load(tmp_path / "m.ekd")
    scorer.predict(table_of("Oslo"))
    assert scorer.unseen_["city"].expected_share in (None, 0.0)


def test_scorer_of_numbers_alone_counts_nothing():
    X = np.random.default_rng(0).normal(size=(60, 2))
    fitted = DistilledClassifier(student=TreeStudent(), **PLAIN).fit(X, np.arange(60) % 2)
    fitted.predict(X)
    assert fitted._scorer.unseen_ == {}
