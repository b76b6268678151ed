"""Rules of a tree: in the words of its columns, and true of the rows that they are told of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.readable import rules
from ensemble_kd.runtime import build_runtime
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import AdditiveStudent, GBDTStudent, TreeStudent

FRAME = pd.DataFrame(
    {
        "amount": [1.0, 2.0, 9.0, np.nan],
        "city": ["Oslo", "Rome", "Lima", "Bonn"],
        "flag": [True, False, True, False],
    }
)
CITIES = sorted(FRAME["city"])  # the order of their codes: Bonn, Lima, Oslo, Rome


def tree(
    feature: list[int], threshold: list[float], right: list[int], missing_left: list[int],
    rank: list[float],
) -> CompactModel:  # fmt: skip
    """Return a tree over the frame, each leaf of a value of its own."""
    schema = TableSchema.infer(FRAME)
    n = len(feature)
    value = np.where(np.array(feature) < 0, np.arange(n), 0).astype(np.float32)[:, None]
    body = TreesRecord(
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold),
        right=np.array(right, dtype=np.int32),
        missing_left=np.array(missing_left, dtype=np.uint8),
        value=value,
        roots=np.zeros(1, dtype=np.int32),
        tree_output=np.full(1, -1, dtype=np.int32),
        base=np.zeros(1),
        category_columns=np.array([1], dtype=np.int32),
        category_offsets=np.array([0, len(rank)], dtype=np.int32),
        category_rank=np.array(rank, dtype=float),
    )
    return CompactModel("regression", schema, body)


def told(model: CompactModel) -> dict[float, tuple[str, ...]]:
    """Return the conditions of each leaf by its value."""
    return {rule.response[0]: rule.conditions for rule in rules(model).rules}


def test_rules_join_the_tests_of_a_number_to_one_interval():
    model = tree(
        [0, 0, -1, -1, -1], [5.0, 1.5, 0, 0, 0], [4, 3, 0, 0, 0], [1, 0, 0, 0, 0], [0.0] * 5
    )
    assert told(model) == {
        2.0: ("amount <= 1.5",),
        3.0: ("1.5 < amount <= 5 or missing",),
        4.0: ("amount > 5",),
    }


def test_rules_name_the_categories_on_each_side():
    # Ranks of Bonn, Lima, Oslo, Rome and of one never seen.
    model = tree([1, -1, -1], [0.5, 0, 0], [2, 0, 0], [0, 0, 0], [0.0, 1.0, 0.0, 2.0, 3.0])
    assert told(model) == {
        1.0: ("city is 'Bonn' or 'Oslo'",),
        2.0: ("city is not 'Bonn' or 'Oslo'",),
    }


def test_rules_tell_a_boolean_by_its_value():
    model = tree([2, -1, -1], [0.5, 0, 0], [2, 0, 0], [0, 0, 0], [0.0] * 5)
    assert told(model) == {1.0: ("flag is false",), 2.0: ("flag is true",)}


def test_rules_tell_a_missing_value_alone():
    model = tree([0, -1, -1], [np.inf, 0, 0], [2, 0, 0], [0, 0, 0], [0.0] * 5)
    assert told(model) == {1.0: ("amount is known",), 2.0: ("amount is missing",)}


def test_rules_of_a_leaf_alone_hold_of_anything():
    model = tree([-1], [0], [0], [0], [0.0] * 5)
    assert str(rules(model)) == "if anything: 0"


@pytest.fixture(scope="module", params=["multiclass", "regression"])
def fitted(request, make_transfer_set):
    rows = make_transfer_set(request.param)
    loss = SoftTargetLoss() if rows.task.has_classes else SquaredErrorLoss()
    return TreeStudent(max_leaf_nodes=6, random_state=0).fit_transfer(rows, loss), rows


def test_rules_of_a_student_tell_shares_and_fidelity_on_held_out_rows(fitted):
    student, rows = fitted
    held_out = rows.take(rows.held_out)
    found = student.rules().rules
    assert len(found) == 6
    share = np.array([rule.share for rule in found])
    assert share.sum() == pytest.approx(1.0)
    fidelity = np.array([0.0 if rule.fidelity is None else rule.fidelity for rule in found])
    own = student.respond(held_out.X)
    if rows.task.has_classes:
        same = own.argmax(axis=1) == held_out.response.argmax(axis=1)
        assert share @ fidelity == pytest.approx(np.average(same, weights=held_out.sample_weight))
    else:
        apart = np.average((own - held_out.response)[:, 0] ** 2, weights=held_out.sample_weight)
        assert share @ fidelity**2 == pytest.approx(apart, rel=1e-4)


def test_rules_tell_each_leaf_once_with_its_own_answer(fitted):
    student, rows = fitted
    model = student.to_model()
    told = {tuple(np.round(rule.response, 4)) for rule in rules(model).rules}
    answers = build_runtime(model).outputs(rows.X)
    assert {tuple(np.round(row, 4)) for row in answers} <= told


def test_rules_measure_rows_that_are_given(fitted):
    student, rows = fitted
    raw = pd.DataFrame(rows.schema.decode_rows(rows.X), columns=rows.schema.names)
    found = rules(student.to_model(), raw, rows.response)
    assert sum(rule.share for rule in found.rules) == pytest.approx(1.0)
    with pytest.raises(InputError, match="response must be given with X"):
        rules(student.to_model(), raw)


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (GBDTStudent(n_estimators=3, n_jobs=1), "got 3 boosted ones"),
        (AdditiveStudent(max_iter=3), "got a network"),
    ],
)
def test_rules_refuse_what_is_no_tree(student, message, make_transfer_set):
    model = student.fit_transfer(make_transfer_set("binary"), SoftTargetLoss()).to_model()
    with pytest.raises(InputError, match=message):
        rules(model)
