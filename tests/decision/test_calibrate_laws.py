"""What any calibration must keep: right probabilities as they are, and the unit of weights unused.

Where scikit-learn's calibrators solve the same problem, they come to the same answer.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import chi2
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from ensemble_kd import Scorer
from ensemble_kd.decision import calibrate, choose_threshold
from ensemble_kd.decision._calibrate import fit_curve, fit_line

from .test_calibrate import THREE, TRUTH, WRONG, labels, rows

N_CLASSES = [2, 3, 10, 26, 100]
UNITS = [1e-300, 1 / 2000, 0.01, 3.0, 1000.0, 1e300]


def draw(n_rows, n_classes, seed=0, spread=3.0):
    """Draw logits and, by the probabilities that they stand for, true classes."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_rows, n_classes)) * spread
    p = softmax(logits, axis=1)
    below = p.cumsum(axis=1) <= rng.random((n_rows, 1))
    return logits, p, np.minimum(below.sum(axis=1), n_classes - 1)


def divergence(p, q):
    """Return what q loses in place of the true p: log-loss on endless fresh rows, less its own."""
    return float((p * np.log(p / q)).sum(axis=1).mean())


@pytest.mark.parametrize("n_classes", N_CLASSES)
@pytest.mark.parametrize("with_bias", [False, True])
def test_right_probabilities_lose_no_more_than_the_estimate_of_the_line_must(n_classes, with_bias):
    # Of a right model the maximum of the likelihood loses chi2(k) / 2n on fresh rows, k being how
    # many numbers were estimated: one case in 10,000 is beyond this quantile.
    n_rows, n_numbers = 100 * n_classes + 1000, n_classes if with_bias else 1
    logits, _, y = draw(n_rows, n_classes)
    scale, bias = fit_line(logits, y, np.ones(n_rows), with_bias=with_bias)
    fresh, p, _ = draw(4000, n_classes, seed=1)
    lost = divergence(p, softmax(scale * fresh + bias, axis=1))
    assert lost < chi2.ppf(0.9999, n_numbers) / (2 * n_rows) * 1.1


@pytest.mark.parametrize("n_classes", N_CLASSES)
@pytest.mark.parametrize("n_rows", [300, 1000, 5000])
def test_the_scale_of_right_logits_is_one_within_its_error(n_classes, n_rows):
    logits, p, y = draw(n_rows, n_classes, seed=2)
    scale, _ = fit_line(logits, y, np.ones(n_rows), with_bias=False)
    # Fisher's information on log(scale): the variance of a row's logits over its classes.
    information = ((p * logits**2).sum(axis=1) - (p * logits).sum(axis=1) ** 2).sum()
    assert abs(np.log(scale)) < 4 / np.sqrt(information)


@pytest.mark.parametrize("spread", [0.3, 1.0, 8.0])
def test_the_law_holds_of_shy_and_of_sure_logits(spread):
    logits, _, y = draw(3000, 26, seed=3, spread=spread)
    scale, bias = fit_line(logits, y, np.ones(3000), with_bias=False)
    fresh, p, _ = draw(4000, 26, seed=4, spread=spread)
    assert divergence(p, softmax(scale * fresh + bias, axis=1)) < chi2.ppf(0.9999, 1) / 6000 * 1.1


def test_rows_that_are_all_right_are_believed_as_far_as_laplace_says():
    # 50 rows, 5 classes, the true class always 2 ahead: s makes it exp(2s) / (exp(2s) + 4), which
    # is to be 51 / 52, so that exp(2s) is 4 * 51.
    y = np.arange(50) % 5
    logits = 2.0 * np.eye(5)[y]
    for with_bias in (False, True):
        scale, bias = fit_line(logits, y, np.ones(50), with_bias=with_bias)
        assert scale == pytest.approx(np.log(4 * 51) / 2, rel=1e-3)
        np.testing.assert_allclose(bias, 0.0, atol=1e-2)


def test_rows_that_are_all_right_make_sure_logits_no_surer():
    y = np.arange(50) % 5
    scale, _ = fit_line(30.0 * np.eye(5)[y], y, np.ones(50), with_bias=False)
    assert scale == pytest.approx(1.0)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("unit", UNITS)
def test_a_line_does_not_depend_on_the_unit_of_the_weights(n_classes, with_bias, unit):
    logits, _, y = draw(400, n_classes, seed=5)
    weight = np.random.default_rng(0).integers(0, 4, 400).astype(float)
    scale, bias = fit_line(logits, y, weight, with_bias=with_bias)
    scale_2, bias_2 = fit_line(logits, y, unit * weight, with_bias=with_bias)
    assert scale_2 == pytest.approx(scale, rel=1e-4)
    np.testing.assert_allclose(bias_2, bias, atol=1e-3)


@pytest.mark.parametrize("unit", UNITS)
def test_a_curve_does_not_depend_on_the_unit_of_the_weights(unit):
    _, p, y = draw(2000, 2, seed=6)
    weight = np.random.default_rng(0).integers(0, 4, 2000).astype(float)
    curve, other = (fit_curve(p[:, 1], y == 1, w) for w in (weight, unit * weight))
    at = np.linspace(0, 1, 101)
    np.testing.assert_allclose(
        np.interp(at, other.x, other.y), np.interp(at, curve.x, curve.y), atol=1e-9
    )


@pytest.mark.parametrize(
    ("model", "method"),
    [(TRUTH, "platt"), (TRUTH, "temperature"), (TRUTH, "isotonic"), (THREE, "temperature")],
)
def test_a_row_of_no_weight_is_no_row(model, method):
    X = rows(600)
    y = labels(model, X)
    weight = np.r_[np.ones(400), np.zeros(200)]
    with_them = calibrate(model, X, y, method=method, sample_weight=weight)
    without = calibrate(model, X[:400], y[:400], method=method)
    np.testing.assert_allclose(
        Scorer(with_them).predict_proba(X), Scorer(without).predict_proba(X), atol=1e-9
    )


@pytest.mark.parametrize("unit", [1.0, 0.01, 0.1, 1 / 3, 1e-7])
def test_a_budget_of_one_row_in_twenty_is_kept_in_any_unit(unit):
    X = np.linspace(-3, 3, 40)[:, None]
    y = np.array(["a", "b"] * 20)
    model = choose_threshold(
        TRUTH, X, y, max_false_positive_rate=0.05, sample_weight=np.full(40, unit)
    )
    called = Scorer(model).predict(X) == "b"
    assert (called & (y == "a")).sum() == 1


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose logits are its columns; of two classes, their difference."""

    def fit(self, X, y):
        """Learn the names of the classes."""
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        """Return logits."""
        return X[:, 1] - X[:, 0] if X.shape[1] == 2 else X

    def predict_proba(self, X):
        """Return probabilities."""
        return softmax(X, axis=1)

    def predict(self, X):
        """Return the likeliest class."""
        return self.classes_[X.argmax(axis=1)]


def theirs(method, logits, y, fresh):
    """Return scikit-learn's calibrated probabilities."""
    given = FrozenEstimator(Given().fit(logits, y))
    found = CalibratedClassifierCV(given, method=method, ensemble=False).fit(logits, y)
    return found.predict_proba(fresh)


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_platt_of_two_classes_is_scikit_learns_sigmoid(factor):
    logits, _, y = draw(1000, 2, seed=7, spread=1.5)
    logits, fresh = logits * factor, draw(500, 2, seed=8)[0]
    logits[:, 0] = fresh[:, 0] = 0.0
    scale, bias = fit_line(logits, y, np.ones(1000), with_bias=True)
    np.testing.assert_allclose(
        softmax(scale * fresh + bias, axis=1), theirs("sigmoid", logits, y, fresh), atol=2e-4
    )


@pytest.mark.parametrize("n_classes", [2, 3, 10, 26])
@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_temperature_is_scikit_learns(n_classes, factor):
    logits, _, y = draw(1500, n_classes, seed=9)
    logits, fresh = logits * factor, draw(500, n_classes, seed=10)[0]
    try:
        expected = theirs("temperature", logits, y, fresh)
    except ValueError:
        pytest.skip("this scikit-learn has no temperature scaling")
    scale, _ = fit_line(logits, y, np.ones(1500), with_bias=False)
    np.testing.assert_allclose(softmax(scale * fresh, axis=1), expected, atol=2e-4)


def test_a_curve_through_scores_of_many_rows_is_scikit_learns_isotonic():
    rng = np.random.default_rng(11)
    second = rng.choice(np.linspace(0.05, 0.95, 12), 12_000)
    y = (rng.random(12_000) < second**2).astype(int)
    curve = fit_curve(second, y == 1, np.ones(12_000))
    logits = np.column_stack([np.zeros(12_000), np.log(second / (1 - second))])
    expected = theirs("isotonic", logits, y, logits)[:, 1]
    # Each of the 12 scores has some 1,000 rows, beside one that says what all say.
    np.testing.assert_allclose(np.interp(second, curve.x, curve.y), expected, atol=1.5e-3)


@pytest.mark.parametrize("name", WRONG)
def test_temperature_of_two_classes_is_the_plain_log_loss(name):
    X = rows(3000)
    y = labels(TRUTH, X)
    scale = calibrate(WRONG[name], X, y, method="temperature").calibrator.scale
    logits = np.log(Scorer(WRONG[name]).predict_proba(X))
    hit = np.arange(len(y)), (y == "b").astype(int)

    def loss(s):
        z = s * logits
        return -(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[hit].mean()

    assert loss(scale) <= min(loss(scale * 1.01), loss(scale / 1.01))
