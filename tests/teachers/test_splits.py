"""A teacher's splits are those of its trees, whatever library grew them."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import TeacherEnsemble
from ensemble_kd.schema import TableSchema
from ensemble_kd.teachers import teacher_splits
from ensemble_kd.teachers.members import ExtraTreesMember, LightGBMMember, XGBoostMember

RNG = np.random.default_rng(0)
# Only column 1 tells anything, and what it tells changes at 0.25.
X = RNG.uniform(size=(600, 3))
Y = (X[:, 1] > 0.25).astype(int)
SCHEMA = TableSchema.infer(X)
STEP = DecisionTreeClassifier(max_depth=1)

TREES = {
    "tree": STEP,
    "forest": RandomForestClassifier(10, max_depth=2, max_features=None, random_state=0),
    "gradient boosting": GradientBoostingClassifier(n_estimators=5, max_depth=1),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=5, max_depth=1),
    "xgboost": xgboost.XGBClassifier(n_estimators=3, max_depth=1, n_jobs=1),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=3, num_leaves=2, n_jobs=1, verbosity=-1),
    "xgboost member": XGBoostMember(max_depth=1, column_share=1.0, n_rounds=3),
    "lightgbm member": LightGBMMember(num_leaves=2, feature_fraction=1.0, n_rounds=3),
    "voting": VotingClassifier([("a", STEP), ("b", LogisticRegression())], voting="soft"),
    "calibrated": CalibratedClassifierCV(STEP, cv=2),
    "frozen": FrozenEstimator(DecisionTreeClassifier(max_depth=1).fit(X, Y)),
    "ensemble": TeacherEnsemble([("a", STEP), ("b", LogisticRegression())], cv=2),
}


@pytest.mark.parametrize("name", TREES)
def test_teacher_splits_are_where_the_trees_split(name):
    splits = teacher_splits(TREES[name].fit(X, Y), SCHEMA)
    weight = [part[:, 1].sum() for part in splits]
    assert np.argmax(weight) == 1
    typical = np.average(splits[1][:, 0], weights=splits[1][:, 1])
    assert typical == pytest.approx(0.25, abs=0.1)


@pytest.mark.parametrize(
    "teacher", [ExtraTreesMember(), LightGBMMember()], ids=["at random", "on noise too"]
)
def test_teacher_splits_lie_among_the_values(teacher):
    for column, splits in zip(X.T, teacher_splits(teacher.fit(X, Y), SCHEMA), strict=True):
        assert len(splits) > 0
        assert column.min() <= splits[:, 0].min() <= splits[:, 0].max() <= column.max()
        assert (splits[:, 1] > 0).all()


@pytest.mark.parametrize(
    "teacher",
    [
        LogisticRegression(),
        make_pipeline(StandardScaler(), DecisionTreeClassifier()),
        BaggingClassifier(DecisionTreeClassifier(), 3, max_features=2),
    ],
    ids=["no trees", "behind a transformer", "on a part of the columns"],
)
def test_teacher_splits_pass_over_what_does_not_split_the_columns(teacher):
    splits = teacher_splits(teacher.fit(X, Y), SCHEMA)
    assert [part.shape for part in splits] == [(0, 2)] * 3


def test_teacher_splits_weigh_a_member_by_its_weight():
    members = [("a", DecisionTreeClassifier(max_depth=1)), ("b", DecisionTreeClassifier())]
    teacher = TeacherEnsemble(members, weights=[0.25, 0.75], cv=2).fit(X, Y)
    splits = teacher_splits(teacher, SCHEMA)[1]
    # Both split all rows at 0.25, and nothing after it.
    np.testing.assert_allclose(splits[:, 1], [0.25, 0.75])


def _mixed() -> Any:
    city = RNG.choice(["Oslo", "Rome", "Lima"], 600)
    return pd.DataFrame({"x": X[:, 1], "city": pd.Categorical(city)}), (X[:, 1] > 0.25) & (
        city != "Rome"
    )


@pytest.mark.parametrize("member", [LightGBMMember(), XGBoostMember()], ids=["lgb", "xgb"])
def test_teacher_splits_of_a_number_leave_categories_alone(member):
    frame, y = _mixed()
    splits = teacher_splits(member.fit(frame, y), TableSchema.infer(frame))
    assert splits[0][:, 0].min() >= 0.0
    assert splits[0][:, 0].max() <= 1.0


def test_teacher_splits_pass_over_a_model_that_puts_categories_first():
    frame, y = _mixed()
    model = HistGradientBoostingClassifier(max_iter=3).fit(frame, y)
    assert all(len(part) == 0 for part in teacher_splits(model, TableSchema.infer(frame)))


def test_teacher_splits_take_a_column_for_what_it_is_called():
    frame = pd.DataFrame(X, columns=["threshold", "split_feature", "internal_count"])
    model = lightgbm.LGBMClassifier(n_estimators=3, verbosity=-1).fit(frame, Y)
    assert len(teacher_splits(model, TableSchema.infer(frame))[1]) > 0
