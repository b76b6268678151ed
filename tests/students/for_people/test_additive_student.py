"""The `additive` student: it recovers a sum of curves, and nothing that acts together."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.explain import contributions, with_reasons
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.model import MLPRecord
from ensemble_kd.readable import curves
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import AdditiveStudent
from ensemble_kd.tasks import Regression, task_with

KINDS = np.array(["a", "b", "c"])
WORTH = {"a": -1.0, "b": 0.0, "c": 1.5}


def frame_of(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "wave": rng.uniform(-3, 3, n_rows),
            "line": rng.uniform(0, 10, n_rows).round(2),
            "kind": rng.choice(KINDS, n_rows),
            "flag": rng.random(n_rows) < 0.5,
        }
    )


def sum_of_curves(frame: pd.DataFrame) -> np.ndarray:
    worth = frame["kind"].map(WORTH).to_numpy()
    return np.sin(frame["wave"]) * 2 + 0.3 * frame["line"] - 1.5 + worth + 0.5 * frame["flag"]


def labelled(
    frame: pd.DataFrame, teacher: Callable[[pd.DataFrame], np.ndarray], task
) -> TransferSet:
    """Return rows with the response that a number a row stands for."""
    schema, score = TableSchema.infer(frame), np.asarray(teacher(frame), dtype=float)
    second = 1 / (1 + np.exp(-score))
    answer = np.column_stack([1 - second, second]) if task.has_classes else score[:, None]
    n_rows = len(frame)
    return TransferSet(
        schema, schema.encode(frame), answer, task.no_target(n_rows), np.ones(n_rows),
        np.full(n_rows, REAL, dtype=np.int8), np.zeros(n_rows, dtype=bool), task,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["classes", "values"])
def recovered(request):
    """A student of a sum of curves, and rows that it has not seen."""
    task = task_with([0, 1]) if request.param == "classes" else Regression()
    rows = labelled(frame_of(2000, 0), sum_of_curves, task)
    loss = SoftTargetLoss() if task.has_classes else SquaredErrorLoss()
    student = AdditiveStudent(random_state=0).fit_transfer(rows, loss)
    return student, labelled(frame_of(1000, 1), sum_of_curves, task)


def test_additive_student_recovers_a_sum_of_curves(recovered):
    student, new = recovered
    # The curves bend by at most 2 a unit; within an interval of about .2 they leave a chord by
    # 2 * .2^2 / 8 = .01.
    assert np.abs(student.respond(new.X) - new.response).mean() < 0.01


def test_additive_student_has_the_curve_of_each_column(recovered):
    student, _ = recovered
    found = {curve.name: curve for curve in curves(student.to_model()).curves}
    wave = found["wave"]
    expected = 2 * np.sin(np.array(wave.at))
    gap = wave.values[:, 0] - expected
    assert np.abs(gap - gap.mean()).max() < 0.15
    np.testing.assert_allclose(np.diff(found["kind"].values[:3, 0]), [1.0, 1.5], atol=0.1)


def test_additive_student_cannot_tell_what_acts_together():
    frame = frame_of(1000, 0)
    rows = labelled(frame, lambda f: 4.0 * np.sign(f["wave"]) * (f["flag"] - 0.5), Regression())
    student = AdditiveStudent(random_state=0).fit_transfer(rows, SquaredErrorLoss())
    # The best sum of curves is the mean, 0, but for chance.
    assert np.mean(student.respond(rows.X) ** 2) < 0.1 * np.mean(rows.response**2)


def test_additive_student_has_exact_shapley_values(recovered):
    student, _ = recovered
    frame = frame_of(50, 2)
    model = with_reasons(student.to_model(), frame)
    told = contributions(model, frame)
    values = {curve.name: curve for curve in curves(model).curves}
    assert model.reasons is not None
    background = pd.DataFrame(
        model.schema.decode_rows(model.reasons.background), columns=frame.columns
    )

    def worth(rows: pd.DataFrame) -> np.ndarray:
        out = []
        for name in frame.columns:
            curve = values[name]
            if curve.is_numeric:
                out.append(np.interp(rows[name].astype(float), curve.at, curve.values[:, 0]))
            else:
                place = dict(zip(map(str, curve.at), curve.values[:, 0], strict=True))
                keys = rows[name].astype(str).replace({"True": "true", "False": "false"})
                out.append(keys.map(place).to_numpy(dtype=float))
        return np.column_stack(out)

    expected = worth(frame) - worth(background).mean(axis=0)
    np.testing.assert_allclose(told.values, expected, atol=1e-5)


def test_additive_student_is_straight_where_smoothness_is_all():
    rows = labelled(frame_of(500, 0), sum_of_curves, Regression())
    student = AdditiveStudent(smoothness=1e7, max_iter=2000).fit_transfer(rows, SquaredErrorLoss())
    for curve in curves(student.to_model()).curves:
        if curve.is_numeric:
            assert np.abs(np.diff(curve.values[:, 0], n=2)).max() < 1e-3


def test_additive_student_adds_the_mean_for_what_it_never_saw(recovered):
    student, new = recovered
    model = student.to_model()
    row = np.array([[np.nan, np.nan, model.schema.n_codes[2] - 1, np.nan]])
    centre = student.respond(row)
    if new.task.has_classes:
        log_odds = np.log(centre[0, 1] / centre[0, 0])
        expected = sum_of_curves(frame_of(2000, 0)).mean()
        assert log_odds == pytest.approx(expected, abs=0.05)
    else:
        assert centre[0, 0] == pytest.approx(sum_of_curves(frame_of(2000, 0)).mean(), abs=0.01)


def test_additive_student_is_a_network_without_hidden_layers(recovered):
    body = recovered[0].to_model().body
    assert isinstance(body, MLPRecord)
    assert body.layers == ()


def test_additive_student_answers_although_its_time_is_over(make_transfer_set):
    rows = make_transfer_set("multiclass", n_rows=200)
    student = AdditiveStudent()
    student.fit_transfer(rows, SoftTargetLoss(), deadline=time.monotonic() - 1)
    assert student.n_iter_ == 1
    model = student.to_model()
    answer = response(model, build_runtime(model).outputs(rows.X[:20]))
    np.testing.assert_allclose(answer.sum(axis=1), 1.0)


def test_additive_student_takes_fewer_bytes_where_it_is_told_to(make_transfer_set):
    rows = make_transfer_set("binary", n_rows=300)
    sizes = []
    for n_bytes in (100_000, 1500):
        student = (
            AdditiveStudent(max_iter=5).within(n_bytes, 2).fit_transfer(rows, SoftTargetLoss())
        )
        sizes.append(student.to_model().body.numeric_weight.size)
    assert sizes[1] < 0.5 * sizes[0]


@pytest.mark.parametrize("parameters", [{"n_bins": 0}, {"smoothness": 0.0}, {"max_iter": 0}])
def test_additive_student_refuses_what_is_out_of_range(parameters, make_transfer_set):
    with pytest.raises(InputError, match=next(iter(parameters))):
        AdditiveStudent(**parameters).fit_transfer(make_transfer_set("binary"), SoftTargetLoss())
