"""`DistilledOutlierDetector.fit`: weights, groups and time of rows; and the bytes of its file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from ensemble_kd import DistilledOutlierDetector, InputError, MLPStudent, TreeStudent
from ensemble_kd.teachers.detectors import IsolationForestDetector

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
FOREST = IsolationForest(n_estimators=20, random_state=0)


def small(teacher=FOREST, **options):
    """Return a detector that is quickly fitted."""
    tree = TreeStudent(max_leaf_nodes=64)
    return DistilledOutlierDetector(teacher, **{"student": tree, "n_synthetic": 200} | options)


def held_out(found):
    """Return which real rows were kept apart."""
    return found.transfer_set_.held_out[: len(X)]


def test_all_rows_of_a_group_are_kept_apart_or_none():
    group = RNG.permutation(np.arange(400) // 8)
    apart = held_out(small().fit(X, groups=[f"customer {g}" for g in group]))
    assert 0.15 < apart.mean() < 0.25
    assert set(pd.Series(apart).groupby(group).nunique()) == {1}
    alone = held_out(small().fit(X))
    assert 2 in set(pd.Series(alone).groupby(group).nunique())


def test_the_latest_rows_are_kept_apart():
    time = pd.Timestamp("2026-01-01") + pd.to_timedelta(RNG.permutation(400), unit="D")
    found = small(contamination=0.1).fit(X, time=time)
    apart = held_out(found)
    assert apart.sum() == 80
    assert time[apart].min() > time[~apart].max()
    score = found.score_samples(X[apart])
    next_one = score[score >= found.offset_].min()  # a tree scores many rows alike
    assert (score < found.offset_).sum() <= 8 < (score <= next_one).sum()


def test_groups_and_time_together_are_refused():
    with pytest.raises(InputError, match="give groups or time, not both"):
        small().fit(X, groups=np.arange(400) // 4, time=np.arange(400))
    with pytest.raises(InputError, match="sample_weight"):
        small().fit(X, sample_weight=np.ones(3))


@pytest.mark.parametrize("teacher", [FOREST, None])
def test_rows_of_no_weight_teach_nothing(teacher):
    far = X[:100] + 9.0
    rows, weight = np.vstack([X[:300], far]), np.repeat([1.0, 0.0], [300, 100])
    found = small(teacher, contamination=0.05).fit(rows, sample_weight=weight)
    assert not held_out(found)[300:].any()
    assert (found.predict(far) == -1).all()
    with_weight = small(teacher, contamination=0.05).fit(rows)
    assert (with_weight.predict(far) == -1).mean() < 0.5


def test_contamination_is_a_share_of_the_weight():
    weight = np.where(X[:, 0] > 1, 9.0, 1.0)
    found = small(contamination=0.2).fit(X, sample_weight=weight)
    apart = held_out(found)
    is_outlier = found.predict(X[apart]) == -1
    score, weight = found.score_samples(X[apart]), weight[apart]
    next_one = score[~is_outlier].min()  # a tree scores many rows alike
    half_a_row = 0.5 * (weight**2).sum() / weight.sum() ** 2
    shares = [weight[rows].sum() / weight.sum() for rows in (is_outlier, score <= next_one)]
    assert shares[0] < 0.2 + half_a_row <= shares[1]
    assert is_outlier.mean() < 0.15


@pytest.mark.parametrize(("n_columns", "most"), [(3, 40_000), (21, 180_000), (90, 180_000)])
def test_file_takes_no_more_bytes_than_asked_for(n_columns, most, tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).lognormal(0, 3, size=(300, n_columns)))
    frame = frame.add_prefix("a column with a long name, number ")
    frame["place"] = [f"a town called {'ABCDE'[i % 5] * 20}" for i in range(300)]
    student = MLPStudent(n_updates=1, **({} if most == 180_000 else {"max_bytes": most}))
    found = DistilledOutlierDetector(
        IsolationForestDetector(random_state=0), student=student, n_synthetic=100
    )
    n_bytes = found.fit(frame).save(tmp_path / "m.ekd")
    assert 0.7 * most < n_bytes <= most
