"""What a fitted student, and the file made of it, tell of single rows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, DistilledRegressor, load
from ensemble_kd.bundle._archive import unpack
from ensemble_kd.errors import InputError
from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import read_rows
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent

N = 400
RNG = np.random.default_rng(0)
SALARY = np.round(RNG.lognormal(10, 0.5, N), 2)
SALARY[17] = 987_654.32
SSN = 100_000_000 + RNG.permutation(N) * 7919 + RNG.integers(0, 1000, N)
TABLE = pd.DataFrame(
    {
        "email": [f"user{i:05d}@example.org" for i in range(N)],
        "ssn": SSN,
        "salary": SALARY,
        "city": ["Oslo"] * 200 + ["Rome"] * 190 + ["Thule"] * 3 + ["Lima"] * 7,
        "plan": RNG.choice(["a", "b"], N),
    }
)
Y = np.where(np.median(SALARY) < SALARY, "A", "B")
STUDENTS = {
    "mlp": MLPStudent(hidden=(8,), n_updates=40),
    "gbdt": GBDTStudent(n_estimators=8),
    "tree": TreeStudent(),
}
pytestmark = pytest.mark.filterwarnings("ignore:column '(email|ssn)' holds")


def taught(student, k=5, table=TABLE, y=Y, task="classification"):
    rows = read_rows(table, y, None, task, 3, 0, min_frequency=k)
    loss = rows.task.plain_loss()
    transfer_set = rows.as_transfer_set(rows.truth)
    return STUDENTS[student].set_params(random_state=0).fit_transfer(transfer_set, loss), rows


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("estimator", [DistilledClassifier, DistilledRegressor])
def test_file_holds_no_value_that_few_rows_have(student, estimator, tmp_path):
    y = Y if estimator is DistilledClassifier else np.log(SALARY)
    fitted = estimator(student=STUDENTS[student], alpha=0, n_synthetic=0, random_state=0)
    fitted.fit(TABLE, y).save(tmp_path / "m.ekd")
    members = unpack((tmp_path / "m.ekd").read_bytes())
    plain = b"".join(bytes(members[name]) for name in members if name.endswith(".json"))
    assert b"example.org" not in plain
    assert b"Thule" not in plain
    assert b"Rome" in plain
    assert b"Lima" in plain
    assert not any(str(value).encode() in plain for value in SSN)
    # Of salaries the whole number, as others may begin with the digits of one.
    told = json.loads(bytes(members["schema.json"]))["columns"][2]
    rows = json.loads(bytes(members["selftest.json"]))["rows"]
    assert not {told["minimum"], told["maximum"], *(row[2] for row in rows)} & set(SALARY.tolist())
    assert told["maximum"] < np.sort(SALARY)[-4]
    body = load(tmp_path / "m.ekd").model.body
    numbers = body.threshold if isinstance(body, TreesRecord) else body.edges
    assert not np.isin(numbers, np.r_[SALARY, SSN]).any()


@pytest.mark.parametrize("student", STUDENTS)
def test_rare_categories_are_one_to_a_student_and_to_its_model(student):
    fitted, rows = taught(student)
    response = fitted.respond(rows.codes)
    from ensemble_kd.scoring import Scorer

    model = Scorer(fitted.to_model())
    # As the file is: to it "Thule" and a city that nobody has seen are the same.
    np.testing.assert_allclose(model.respond(TABLE), response, atol=2e-6)
    elsewhere = TABLE.assign(city=TABLE["city"].replace("Thule", "Atlantis"), email="x")
    np.testing.assert_array_equal(model.respond(elsewhere), model.respond(TABLE))


@pytest.mark.parametrize("student", ["gbdt", "tree"])
def test_thresholds_that_may_be_told_part_the_rows_as_before(student):
    told, rows = taught(student, table=TABLE[["ssn", "salary", "plan"]])
    told, found = told.to_model().body, told.respond(rows.codes)
    body = taught(student, k=1, table=TABLE[["ssn", "salary", "plan"]])[0].to_model().body
    np.testing.assert_array_equal(told.feature, body.feature)
    for j, values in enumerate((SSN, SALARY)):
        nodes = told.feature == j
        if not nodes.any():
            continue
        np.testing.assert_array_equal(
            values[:, None] <= told.threshold[nodes], values[:, None] <= body.threshold[nodes]
        )
        digits = [len(f"{t:.15g}".replace(".", "").strip("0")) for t in told.threshold[nodes]]
        assert np.median(digits) < np.median(
            [len(f"{t:.15g}".replace(".", "").strip("0")) for t in body.threshold[nodes]]
        )
    assert len(found) == N


@pytest.mark.parametrize("student", STUDENTS)
def test_everything_is_told_where_one_row_is_enough(student):
    fitted, _ = taught(student, k=1)
    column = fitted.to_model().schema.columns[2]
    assert (column.minimum, column.maximum) == (SALARY.min(), SALARY.max())


@pytest.mark.parametrize("k", [0, -1, 2.5, True, "all"])
def test_min_frequency_must_be_a_whole_number_from_1_on(k):
    with pytest.raises(InputError, match="min_frequency must be a whole number >= 1"):
        DistilledClassifier(min_frequency=k).fit(TABLE, Y)
