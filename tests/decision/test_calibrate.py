"""A calibrator makes probabilities right on rows it has not seen, and keeps the order of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd import InputError, Scorer, load
from ensemble_kd.bundle import save_bundle
from ensemble_kd.decision import calibrate
from ensemble_kd.decision._calibrate import MOST_GROUPS, fit_curve, fit_line
from ensemble_kd.model import CompactModel, LogitScaling, MLPRecord, ProbabilityCurve, TreesRecord
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.scoring import make_selftest

SCHEMA = TableSchema((Column("x", "numeric"),))


def i32(*values):
    return np.array(values, dtype=np.int32)


def network(weight, bias):
    """A network whose logits are x times a weight, plus a bias, x being in [-10, 10]."""
    weight, bias = np.array([weight], np.float32), np.array(bias, np.float32)
    return CompactModel(
        "classification",
        SCHEMA,
        MLPRecord(
            numeric_columns=i32(0),
            edge_offsets=i32(0, 2),
            edges=np.array([-10.0, 10.0]),
            numeric_weight=20 * weight,
            missing_weight=np.zeros_like(weight),
            category_columns=i32(),
            category_offsets=i32(0),
            category_weight=np.empty((0, len(bias)), np.float32),
            first_bias=bias - 10 * weight[0],
            layers=(),
        ),
        tuple("abcdef"[: len(bias)]),
    )


def labels(model, X, seed=0):
    """Draw true classes with the model's own probabilities."""
    draws = np.random.default_rng(1000 + seed).random(len(X))[:, None]
    index = (Scorer(model).predict_proba(X).cumsum(axis=1) < draws).sum(axis=1)
    return np.array(model.classes)[np.minimum(index, len(model.classes) - 1)]


def rows(n_rows, seed=0):
    return np.random.default_rng(seed).uniform(-3, 3, (n_rows, 1))


TRUTH = network([0.0, 1.0], [0.0, -1.0])
WRONG = {
    "too sure": network([0.0, 2.5], [0.0, 0.0]),
    "too shy": network([0.0, 0.2], [0.0, -1.5]),
}
THREE = network([0.0, 1.0, -1.0], [0.0, 0.0, -0.5])


def sigmoid_trees(n_steps=60):
    """Boosted trees whose log-odds rise by steps along x, twice as fast as the truth."""
    cuts = np.linspace(-3, 3, n_steps)
    node = np.tile([0, -1, -1], n_steps)
    return CompactModel(
        "classification",
        SCHEMA,
        TreesRecord(
            feature=node.astype(np.int32),
            threshold=np.where(node == 0, np.repeat(cuts, 3), 0.0),
            right=np.where(node == 0, np.arange(3 * n_steps) + 2, 0).astype(np.int32),
            missing_left=np.zeros(3 * n_steps, np.uint8),
            value=np.tile([[0.0], [-6 / n_steps], [6 / n_steps]], (n_steps, 1)).astype(np.float32),
            roots=i32(*range(0, 3 * n_steps, 3)),
            tree_output=np.zeros(n_steps, np.int32),
            base=np.zeros(1),
            category_columns=i32(),
            category_offsets=i32(0),
            category_rank=np.empty(0),
            link="sigmoid",
        ),
        ("a", "b"),
    )


def log_loss(model, X, y):
    proba = Scorer(model).predict_proba(X)
    return -np.log(proba[np.arange(len(y)), np.searchsorted(model.classes, y)]).mean()


@pytest.mark.parametrize("name", WRONG)
def test_platt_finds_the_line_that_undoes_a_wrong_one(name):
    X = rows(20_000)
    model = calibrate(WRONG[name], X, labels(TRUTH, X))
    assert isinstance(model.calibrator, LogitScaling)
    np.testing.assert_allclose(
        Scorer(model).predict_proba(rows(200, 1)),
        Scorer(TRUTH).predict_proba(rows(200, 1)),
        atol=0.02,
    )


@pytest.mark.parametrize("method", ["platt", "isotonic"])
@pytest.mark.parametrize("model", [*WRONG.values(), sigmoid_trees()], ids=[*WRONG, "trees"])
def test_calibration_lowers_the_log_loss_on_new_rows(model, method):
    X, X_new = rows(4000), rows(4000, 1)
    y, y_new = labels(TRUTH, X), labels(TRUTH, X_new, 1)
    better = calibrate(model, X, y, method=method)
    assert log_loss(better, X_new, y_new) < log_loss(model, X_new, y_new) - 0.01
    assert log_loss(better, X_new, y_new) < log_loss(TRUTH, X_new, y_new) + 0.01


@pytest.mark.parametrize("method", ["auto", "platt", "temperature"])
def test_calibration_of_three_classes_undoes_a_temperature(method):
    X = rows(10_000)
    sharp = network([0.0, 3.0, -3.0], [0.0, 0.0, -1.5])
    model = calibrate(sharp, X, labels(THREE, X), method=method)
    assert model.calibrator.scale == pytest.approx(1 / 3, rel=0.06)
    if method != "platt":
        np.testing.assert_array_equal(model.calibrator.bias, np.zeros(3))
        np.testing.assert_array_equal(Scorer(model).predict(X), Scorer(sharp).predict(X))


@pytest.mark.parametrize("method", ["platt", "temperature", "isotonic"])
def test_calibration_keeps_the_order_of_rows(method):
    X = np.sort(rows(3000), axis=0)
    y = labels(TRUTH, X)
    second = Scorer(calibrate(WRONG["too sure"], X, y, method=method)).predict_proba(X)[:, 1]
    assert (np.diff(second) > 0).all()


def test_calibration_of_rows_that_a_line_parts_stays_finite():
    X = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    model = calibrate(TRUTH, X, np.array(["a", "a", "b", "b"]))
    assert 0 < model.calibrator.scale < 100
    assert np.isfinite(model.calibrator.bias).all()


def test_calibration_starts_from_the_plain_model_and_drops_its_threshold():
    X = rows(500)
    y = labels(TRUTH, X)
    once = calibrate(WRONG["too shy"], X, y)
    again = calibrate(replace(once, threshold=0.2), X, y)
    assert again.threshold is None
    assert again.calibrator.scale == once.calibrator.scale
    assert WRONG["too shy"].calibrator is None


# A prior counts as one row or two of mean weight: of 300 rows a little more than of 400. A piece of
# the curve has three rows or more beside one that is half right: (1/4 - 1/5) / 2.
@pytest.mark.parametrize(("method", "atol"), [("platt", 2e-3), ("isotonic", 0.025)])
def test_calibration_takes_a_weight_for_as_many_rows(method, atol):
    X = rows(300)
    y = labels(TRUTH, X)
    twice = np.arange(300) < 100
    weighted = calibrate(WRONG["too sure"], X, y, method=method, sample_weight=1.0 + twice)
    X2, y2 = np.vstack([X, X[twice]]), np.append(y, y[twice])
    repeated = calibrate(WRONG["too sure"], X2, y2, method=method)
    np.testing.assert_allclose(
        Scorer(weighted).predict_proba(X), Scorer(repeated).predict_proba(X), atol=atol
    )


def test_fit_line_is_the_minimum_of_the_log_loss():
    rng = np.random.default_rng(0)
    logits, indices = rng.normal(size=(400, 3)), rng.integers(3, size=400)
    weight = np.ones(400)
    scale, bias = fit_line(logits, indices, weight, with_bias=True)

    def loss(scale, bias):
        z = scale * logits + bias
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -log_p[np.arange(400), indices].mean()

    for other in ([0.05, 0, 0, 0], [-0.03, 0, 0, 0], [0, 0, 0.1, 0], [0, 0, 0, -0.1]):
        assert loss(scale, bias) < loss(scale + other[0], bias + other[1:]) + 1e-5


def test_curve_of_few_scores_is_worked_by_hand():
    second = np.array([0.25] * 4 + [0.5] * 4 + [0.75] * 4)
    hits = np.array([0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0], dtype=bool)
    curve = fit_curve(second, hits, np.ones(12))
    # 0.25 and 0.5 are pooled: 1 of 8; each piece has a third of a hit in one row more.
    np.testing.assert_allclose(curve.x, [0, 0.375, 0.75, 1])
    np.testing.assert_allclose(curve.y, [0, (1 + 1 / 3) / 9, (3 + 1 / 3) / 5, 1])


def test_curve_is_small_whatever_the_rows():
    rng = np.random.default_rng(0)
    second = np.concatenate([rng.random(20_000) ** 8, np.full(50, 0.3), [0.0, 1.0]])
    curve = fit_curve(second, rng.random(len(second)) < second, np.ones(len(second)))
    assert 10 < len(curve.x) <= MOST_GROUPS + 2
    assert (np.diff(curve.x) > 0).all()
    assert (np.diff(curve.y) > 0).all()


def test_a_calibrated_model_goes_through_a_file(tmp_path):
    X = rows(400)
    model = calibrate(WRONG["too sure"], X, labels(TRUTH, X), method="isotonic")
    assert isinstance(model.calibrator, ProbabilityCurve)
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    np.testing.assert_allclose(
        load(tmp_path / "m.ekd").predict_proba(X), Scorer(model).predict_proba(X), atol=1e-12
    )


REGRESSION = CompactModel("regression", SCHEMA, network([1.0], [0.0]).body)
SHARES = replace(
    THREE,
    body=replace(
        sigmoid_trees(1).body,
        link="identity",
        value=np.full((3, 3), 1 / 3, np.float32),
        tree_output=i32(-1),
        base=np.zeros(3),
    ),
)


@pytest.mark.parametrize(
    ("model", "y", "options", "message"),
    [
        (TRUTH, ["a", "b"], {}, "as many rows, got 3 and 2"),
        (TRUTH, ["a", "a", "a"], {}, "rows of all 2 classes, got 1"),
        (TRUTH, ["a", "b", "z"], {}, "got 'z'"),
        (TRUTH, ["a", "b", "b"], {"method": "beta"}, "method must be one of"),
        (TRUTH, ["a", "b", "b"], {"sample_weight": [1, 0, 0]}, "rows of all 2 classes, got 1"),
        (TRUTH, ["a", "b", "b"], {"sample_weight": [1, -1, 1]}, "sample_weight must have"),
        (THREE, ["a", "b", "c"], {"method": "isotonic"}, "needs two classes, got 3"),
        (REGRESSION, [1.0, 2.0, 3.0], {}, "for classifiers, got a regression"),
        (SHARES, ["a", "b", "c"], {}, "its trees have no logits"),
        (SHARES, ["a", "b", "c"], {"method": "platt"}, "leaves of this tree hold probabilities"),
    ],
)
def test_calibrate_refuses_what_does_not_suit(model, y, options, message):
    if message.endswith("its trees have no logits"):
        options = {"method": "isotonic"}
    with pytest.raises(InputError, match=message):
        calibrate(model, np.zeros((3, 1)), y, **options)
