"""Curves of an additive model: with the base they are the whole model."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.readable import Curve, curves, draw, rules
from ensemble_kd.rows import TransferSet
from ensemble_kd.runtime import build_runtime
from ensemble_kd.students import AdditiveStudent, SoftTreeStudent, Student, TreeStudent

PNG = b"\x89PNG"


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def fitted(request, make_transfer_set) -> tuple[Student, TransferSet]:
    rows = make_transfer_set(request.param)
    loss = SoftTargetLoss() if rows.task.has_classes else SquaredErrorLoss()
    return AdditiveStudent(n_bins=8, max_iter=40, random_state=0).fit_transfer(rows, loss), rows


def added(curve: Curve, values: np.ndarray) -> np.ndarray:
    """Return what a column adds, read off its curve."""
    if not curve.is_numeric:
        table = np.vstack([curve.values, curve.missing])
        return table[np.where(np.isnan(values), len(table) - 1, values).astype(int)]
    out = [np.interp(values, curve.at, column) for column in curve.values.T]
    return np.where(np.isnan(values)[:, None], curve.missing, np.column_stack(out))


def test_curves_and_their_base_add_up_to_the_model(fitted):
    student, rows = fitted
    model = student.to_model()
    X = rows.X[:200].copy()
    X[:20, 0] = np.nan
    told = curves(model)
    places = {name: j for j, name in enumerate(model.schema.names)}
    total = told.base + sum(added(curve, X[:, places[curve.name]]) for curve in told.curves)
    outputs = build_runtime(model).outputs(X)
    if len(model.classes) == 2:
        outputs = outputs[:, [1]] - outputs[:, [0]]
    np.testing.assert_allclose(total, outputs, rtol=1e-6, atol=1e-5)


def test_curves_stand_in_the_order_of_what_they_move(fitted):
    spans = [curve.span for curve in curves(fitted[0].to_model()).curves]
    assert spans == sorted(spans, reverse=True)


def test_curves_are_told_with_their_columns_and_outputs(fitted):
    model = fitted[0].to_model()
    text = str(curves(model))
    assert all(curve.name in text for curve in curves(model).curves)
    told = {2: "the log-odds of", 0: "the value"}.get(len(model.classes), "the logit of")
    assert text.startswith(told)
    assert "never seen" in text


@pytest.mark.parametrize(
    "student", [TreeStudent(), SoftTreeStudent(depth=1, n_updates=5)], ids=["tree", "soft tree"]
)
def test_curves_refuse_what_is_no_sum_of_them(student, make_transfer_set):
    model = student.fit_transfer(make_transfer_set("binary"), SoftTargetLoss()).to_model()
    with pytest.raises(InputError, match="additive"):
        curves(model)


def test_draw_writes_a_picture_of_curves(make_transfer_set, tmp_path):
    rows = make_transfer_set("multiclass", n_rows=100)
    student = AdditiveStudent(n_bins=4, max_iter=5).fit_transfer(rows, SoftTargetLoss())
    draw(student.to_model(), tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("measured", [True, False])
def test_draw_writes_a_picture_of_rules(measured, make_transfer_set, tmp_path):
    rows = make_transfer_set("multiclass", n_rows=200)
    student = TreeStudent(max_leaf_nodes=5, random_state=0).fit_transfer(rows, SoftTargetLoss())
    told = student.rules() if measured else rules(student.to_model())
    draw(student.to_model(), tmp_path / "rules.png", told=told)
    assert (tmp_path / "rules.png").read_bytes().startswith(PNG)
