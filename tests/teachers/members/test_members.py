"""The default members read a raw mixed table, and answer whatever it may hold later."""

from __future__ import annotations

import copy
import pickle
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from ensemble_kd.errors import InputError, MissingDependencyError
from ensemble_kd.rows import EncodedTable
from ensemble_kd.tasks import Classification
from ensemble_kd.teachers import TeacherEnsemble, check_distillable, compiled
from ensemble_kd.teachers._asked import checked_members
from ensemble_kd.teachers.members import (
    PRESETS,
    BoostedMember,
    CatBoostMember,
    ExtraTreesMember,
    LightGBMMember,
    NetworkMember,
    SplineMember,
    TableMember,
    XGBoostMember,
    _presets,
)
from ensemble_kd.teachers.members._stopping import stopping_split

DEFAULT_KINDS = [SplineMember, ExtraTreesMember, XGBoostMember, LightGBMMember, NetworkMember]
KINDS = [*DEFAULT_KINDS, *([CatBoostMember] if find_spec("catboost") else [])]
BOOSTED = [kind for kind in KINDS if issubclass(kind, BoostedMember)]
TASKS = ["binary", "multiclass", "regression"]
NAMES = np.array(["bad", "fair", "good"])


@pytest.fixture(scope="module")
def frame(make_frame) -> pd.DataFrame:
    """A mixed table of training rows."""
    return make_frame(150)


@pytest.fixture(scope="module", params=TASKS)
def target(request, frame, make_target) -> np.ndarray:
    """Labels that are strings, or values."""
    y = make_target(frame, request.param)
    return y if request.param == "regression" else NAMES[y]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def member(request, frame, target) -> TableMember:
    """A member fitted on them."""
    task = "regression" if target.dtype.kind == "f" else "classification"
    return request.param(task).fit(frame, target)


def respond(member: TableMember, table: Any) -> np.ndarray:
    """Return probabilities or values, as columns."""
    if member.task == "classification":
        return np.asarray(member.predict_proba(table))
    return np.asarray(member.predict(table))[:, None]


def odd_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows that are missing, infinite, of unseen categories, and one of nothing at all."""
    odd = frame.head(4).copy()
    odd.loc[0, "amount"] = np.inf
    odd.loc[1, "city"] = "never"
    odd["thing"] = odd["thing"].astype(object)
    odd.loc[1, "thing"] = "unheard of"
    odd["count"] = odd["count"].astype(float)
    odd["flag"] = odd["flag"].astype(object)
    odd.loc[2, :] = None
    odd.loc[3, "count"] = -1e300
    return odd


def test_member_answers_one_column_a_class_or_one_value(member, frame, target):
    n_outputs = len(np.unique(target)) if member.task == "classification" else 1
    assert respond(member, frame).shape == (len(frame), n_outputs)


def test_member_answers_probabilities_that_sum_to_one(member, frame):
    if member.task == "classification":
        answer = respond(member, frame)
        assert (answer >= 0).all()
        np.testing.assert_allclose(answer.sum(axis=1), 1.0, atol=1e-5)


def test_member_learns_its_rows(member, frame, target):
    if member.task == "classification":
        assert np.mean(member.predict(frame) == target) > 0.7
    else:
        assert np.corrcoef(member.predict(frame), target)[0, 1] > 0.7


def test_member_takes_rows_that_were_read_before(member, frame, target):
    table = EncodedTable.read(frame)
    fitted = clone(member).fit(table, target)
    new = odd_frame(frame)
    encoded = table.of(new)
    np.testing.assert_array_equal(fitted.predict(encoded), member.predict(new))
    np.testing.assert_array_equal(fitted.predict(table[3:7]), member.predict(frame.iloc[3:7]))


def test_member_answers_rows_unlike_any_that_it_has_seen(member, frame):
    assert np.isfinite(respond(member, odd_frame(frame))).all()


def test_member_scores_a_row_without_regard_to_its_batch(member, frame):
    together = respond(member, frame.head(20))
    alone = np.vstack([respond(member, frame.iloc[[i]]) for i in range(20)])
    np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)


def test_copies_of_a_fitted_member_answer_as_it_does(member, frame):
    for copied in (copy.deepcopy(member), pickle.loads(pickle.dumps(member))):
        np.testing.assert_array_equal(respond(copied, frame), respond(member, frame))


def test_member_is_one_that_can_teach(member):
    check_distillable(member, member.task_)


@pytest.mark.parametrize("kind", KINDS)
def test_member_is_the_same_for_the_same_seed(kind, frame, make_target):
    y = make_target(frame)
    one, two = (respond(kind(random_state=7).fit(frame, y), frame) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("kind", KINDS)
def test_member_leaves_the_table_unchanged(kind, frame, make_target):
    before = copy.deepcopy(frame)
    kind().fit(frame, make_target(frame))
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("kind", KINDS)
def test_member_weighs_rows(kind, frame, make_target):
    # The same rows with either label: the weights say which one counts.
    y = make_target(frame)
    both = pd.concat([frame, frame], ignore_index=True)
    weight = np.repeat([1.0, 1e-3], len(frame))
    fitted = kind().fit(both, np.concatenate([y, 1 - y]), sample_weight=weight)
    assert np.mean(fitted.predict(frame) == y) > 0.7


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_member_answers_the_mean_of_a_table_that_tells_nothing(kind, task):
    table = pd.DataFrame({"constant": np.ones(120), "missing": np.full(120, np.nan)})
    y = np.repeat([0, 1], [90, 30])
    answer = respond(kind(task).fit(table, y), table)
    assert np.ptp(answer, axis=0).max() < 1e-6
    assert abs(answer[0, -1] - 0.25) < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_member_learns_a_class_of_one_row(kind, frame):
    y = np.arange(len(frame)) % 2
    y[0] = 2
    assert kind().fit(frame, y).predict_proba(frame).shape == (len(frame), 3)


def test_default_ensemble_holds_every_kind_of_member_and_none_twice():
    teacher = TeacherEnsemble()
    task = Classification(np.arange(2))
    members = [member for _, member in checked_members(teacher.members, task, seed=0)]
    assert {type(member) for member in members} == set(DEFAULT_KINDS)
    settings = [(type(member), *member.get_params().items()) for member in members]
    assert len(set(settings)) == len(members)
    assert clone(teacher).members is None


@pytest.mark.parametrize("kind", BOOSTED)
def test_boosted_member_learns_from_the_rows_that_stopped_it_too(kind):
    _, stop = stopping_split(np.zeros(300, dtype=int), seed=0)
    x = -1 - np.random.default_rng(0).random(300)
    target = np.zeros(300)
    x[stop], target[stop] = 10.0, 100.0  # No other row tells what lies there.
    low, high = kind("regression").fit(x[:, None], target).predict([[-1.5], [10.0]])
    assert high > low + 1


@pytest.mark.parametrize("unit", [2.0**-12, 2.0**12])
def test_member_does_not_depend_on_the_unit_of_the_weights(member, frame, target, unit):
    weight = np.random.default_rng(0).integers(1, 4, len(frame)).astype(float)
    one, other = (clone(member).fit(frame, target, w) for w in (weight, unit * weight))
    np.testing.assert_allclose(respond(one, frame), respond(other, frame), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("unit", [2.0**-90, 2.0**-30, 2.0**40])
def test_member_is_the_same_in_every_unit_of_the_target(kind, unit, frame, make_target):
    y = make_target(frame, "regression")
    expected = kind("regression").fit(frame, y).predict(frame)
    found = kind("regression").fit(frame, unit * y)
    np.testing.assert_array_equal(found.predict(frame), unit * expected)
    np.testing.assert_allclose(compiled(found).predict(frame), found.predict(frame), rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_member_sees_what_varies_beside_a_large_mean(kind, frame, make_target):
    y = make_target(frame, "regression")
    near, far = (kind("regression").fit(frame, target).predict(frame) for target in (y, y + 1e9))
    assert np.sqrt(np.mean((far - 1e9 - near) ** 2)) < 0.1 * y.std()


# --- presets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("task", "n_outputs"), [("classification", 2), ("regression", 1)])
def test_members_of_a_preset_are_of_the_task_and_the_seed_and_none_twice(preset, task, n_outputs):
    members = PRESETS[preset](task, 7, n_outputs)
    settings = [(type(member), *member.get_params().items()) for _, member in members]
    assert len({name for name, _ in members}) == len(set(settings)) == len(members)
    assert {member.task for _, member in members} == {task}
    assert {member.random_state for _, member in members} <= {7, 8}


def test_fast_has_fewer_members_than_default_and_best_has_more_or_larger_ones():
    fast, default, best = (dict(PRESETS[p]("classification", 0, 2)) for p in PRESETS)
    assert len(fast) < len(default) <= len(best)
    shape = 10_000, 15, 2

    def cost(members):
        return sum(member.expected_seconds(*shape) for member in members.values())

    assert cost(fast) < cost(default) / 3 and cost(best) > cost(default)


@pytest.mark.parametrize("is_there", [True, False])
def test_catboost_is_in_the_best_preset_alone_where_it_is_installed(monkeypatch, is_there):
    monkeypatch.setattr(_presets, "find_spec", lambda name: is_there or None)
    found = {preset: dict(PRESETS[preset]("regression", 0, 1)) for preset in PRESETS}
    assert [preset for preset in found if "catboost" in found[preset]] == ["best"] * is_there


def test_member_of_a_library_that_is_not_there_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "catboost", None)
    with pytest.raises(MissingDependencyError, match=r"ensemble_kd\[catboost\]"):
        CatBoostMember().fit(np.arange(50.0)[:, None], np.arange(50) % 2)


def test_ensemble_takes_a_preset_by_its_name():
    X = np.random.default_rng(0).normal(size=(120, 2))
    teacher = TeacherEnsemble("fast", cv=2).fit(X, (X[:, 0] > 0).astype(int))
    names = dict(PRESETS["fast"]("classification", 0, 2))
    assert {name for name, _ in teacher.members_} <= set(names)
    assert clone(teacher).members == "fast"
    with pytest.raises(InputError, match="one of 'fast', 'default', 'best', got 'quick'"):
        TeacherEnsemble("quick").fit(X, X[:, 0] > 0)
