"""Probabilities that mean what they say: a line on logits, or a rising curve, fitted to rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.isotonic import isotonic_regression

from ensemble_kd.decision._rows import check_rows, class_indices, row_weights
from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, LogitScaling, ProbabilityCurve, without_decision
from ensemble_kd.rows import mean_one
from ensemble_kd.runtime import build_runtime, response

METHODS = ("auto", "platt", "temperature", "isotonic")

Array = NDArray[np.float64]

# Groups of rows that a curve is fitted to, so that it takes a few kB.
MOST_GROUPS = 128
# Between knots, so that single precision tells them apart.
SMALLEST_STEP = 1e-5
LARGEST_LOG_SCALE = 7.0
# Halvings of the interval in which a line that is too sure is looked for.
N_HALVINGS = 40


def calibrate(
    model: CompactModel, X: Any, y: Any, *, method: str = "auto", sample_weight: Any = None
) -> CompactModel:
    """Fit a calibrator to rows that the student was not fitted on.

    A student learns its teacher's probabilities, and with them the teacher's errors. Some hundred
    real rows with their true classes, kept apart from training, put them right. Do it last: a
    compression afterwards moves the probabilities again.

    Parameters
    ----------
    model : CompactModel
        A classifier; it stays as it is.
    X : data frame, array of shape (n_samples, n_features), or list of dict
        Raw rows.
    y : array of shape (n_samples,)
        True classes; each class of the model among them.
    method : {"auto", "platt", "temperature", "isotonic"}, default="auto"
        "platt": logits times a number plus one for each class. "temperature": times a number
        alone, which keeps the likeliest class. "isotonic": a rising curve on the probability of the
        second of two classes, which takes any shape but needs a thousand rows or more. "auto":
        "platt" for two classes and "temperature" for more, and "isotonic" for a tree that holds
        probabilities, which has no logits.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weight of each row, at least 0; how they compare counts, not their unit.

    Returns
    -------
    CompactModel
        Without a threshold, as the probabilities are others now.

    Raises
    ------
    InputError
        If the model is no classifier, the method does not suit it, or the rows do not fit.

    References
    ----------
    .. [1] Platt (1999). Probabilistic Outputs for Support Vector Machines; the targets of
       section 2.2.
    .. [2] Guo, Pleiss, Sun, Weinberger (2017). On Calibration of Modern Neural Networks.
    .. [3] Zadrozny, Elkan (2002). Transforming Classifier Scores into Accurate Multiclass
       Probability Estimates.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from ensemble_kd import DistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = DistilledClassifier(student="gbdt", alpha=0, n_synthetic=0).fit(X[:400], y[:400])
    >>> calibrate(clf.model_, X[400:], y[400:]).calibrator.scale > 0
    True
    """
    indices = class_indices(model, y)
    method = _checked(method, model)
    plain = without_decision(model)
    sums = build_runtime(plain).outputs(plain.schema.encode(X))
    weight = row_weights(sample_weight, len(sums))
    check_rows(indices, weight, len(model.classes))
    if method == "isotonic":
        second = response(plain, sums)[:, 1]
        return replace(plain, calibrator=fit_curve(second, indices == 1, weight))
    logits = np.hstack([np.zeros_like(sums), sums]) if model.link == "sigmoid" else sums
    scale, bias = fit_line(logits, indices, weight, with_bias=method == "platt")
    return replace(plain, calibrator=LogitScaling(scale, bias[-model.n_sums :]))


def _checked(method: str, model: CompactModel) -> str:
    """Return the method that is meant, or refuse one that does not suit the model."""
    if method not in METHODS:
        raise InputError(f"method must be one of {METHODS}, got {method!r}.")
    is_binary, has_logits = len(model.classes) == 2, model.link != "identity"
    if method == "auto":
        method = ("platt" if is_binary else "temperature") if has_logits else "isotonic"
    if method == "isotonic" and not is_binary:
        raise InputError(
            f"method isotonic needs two classes, got {len(model.classes)}"
            + ("; take temperature or platt." if has_logits else ", and its trees have no logits.")
        )
    if method != "isotonic" and not has_logits:
        raise InputError(
            f"method {method} needs logits, but the leaves of this tree hold probabilities; take "
            f"isotonic."
        )
    return method


def fit_line(
    logits: Array, indices: NDArray[np.int64], weight: Array, *, with_bias: bool
) -> tuple[float, Array]:
    """Return the scale and the biases of the smallest log-loss, the first bias being 0.

    Parameters
    ----------
    logits : ndarray of shape (n_rows, n_classes)
    indices : ndarray of shape (n_rows,), int64
        True classes.
    weight : ndarray of shape (n_rows,)
        A multiple of them says the same.
    with_bias : bool
        Else all biases are 0.

    Returns
    -------
    scale : float
    bias : ndarray of shape (n_classes,)

    Notes
    -----
    Rows that a line parts without fault would have the scale grow for ever. Two classes with biases
    have Platt's targets; all else is the plain log-loss, and the line gets no surer than
    `_no_surer_than_the_rows` allows. Platt's prior on many classes would ask for a share of
    (n_classes - 1) / (n + n_classes) of errors, which calibrated logits do not have.
    """
    n_classes, weight = logits.shape[1], mean_one(weight)
    target = np.eye(n_classes)[indices]
    is_platt = with_bias and n_classes == 2
    if is_platt:  # as if each class had one row more, and one of the other kind
        count = np.bincount(indices, weight)[indices, None]
        target = (count * target + 1.0) / (count + 2.0)
    share = weight / weight.sum()

    def loss(point: Array) -> tuple[float, Array]:
        scale, bias = np.exp(point[0]), np.append(0.0, point[1:])
        log_p = log_softmax(scale * logits + bias, axis=1)
        error = share[:, None] * (np.exp(log_p) - target)
        gradient = np.append((error * logits).sum() * scale, error.sum(axis=0)[1:])
        value = -float((share[:, None] * target * log_p).sum())
        return value, gradient if with_bias else gradient[:1]

    def with_zeros(point: Array) -> tuple[float, Array]:
        return loss(point if with_bias else np.append(point, np.zeros(n_classes - 1)))

    start = np.zeros(n_classes if with_bias else 1)
    bounds = [(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE), *[(None, None)] * (len(start) - 1)]
    found = minimize(with_zeros, start, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-12).x
    scale = float(np.exp(found[0]))
    bias = np.append(0.0, found[1:]) if with_bias else np.zeros(n_classes)
    return (scale, bias) if is_platt else _no_surer_than_the_rows(logits, weight, scale, bias)


def _no_surer_than_the_rows(
    logits: Array, weight: Array, scale: float, bias: Array
) -> tuple[float, Array]:
    """Soften a line until its mean confidence is (n + 1) / (n + 2), but never below a scale of 1.

    So often is the next answer right after n that all were, by Laplace's rule of succession; rows
    with an error among them ask for less, and are not touched.
    """
    n_rows = weight.sum()

    def is_too_sure(share: float) -> bool:
        top = np.exp(log_softmax(share * (scale * logits + bias), axis=1).max(axis=1))
        return bool(np.average(top, weights=weight) > (n_rows + 1.0) / (n_rows + 2.0))

    if scale <= 1.0 or not is_too_sure(1.0):
        return scale, bias
    low, high = 1.0 / scale, 1.0
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if is_too_sure(middle) else (middle, high)
    return low * scale, low * bias


def fit_curve(second: Array, is_second: NDArray[np.bool_], weight: Array) -> ProbabilityCurve:
    """Return the rising curve of the smallest squared error, straight between groups of rows.

    Parameters
    ----------
    second : ndarray of shape (n_rows,)
        Probability of the second class.
    is_second : ndarray of shape (n_rows,), bool
        Whether it is the true class.
    weight : ndarray of shape (n_rows,)
        A multiple of them says the same.

    Returns
    -------
    ProbabilityCurve
        From (0, 0) to (1, 1), and rising strictly within the groups, so that ranks are kept.
    """
    weighted = weight > 0
    weight = mean_one(weight)[weighted]
    second, hits = second[weighted], is_second[weighted].astype(float)
    group = _groups(second, hits, weight)
    mass: Array = np.bincount(group, weight).astype(np.float64)
    x = np.bincount(group, weight * second) / mass
    y = np.bincount(group, weight * hits) / mass
    x, y, mass = _rising(x, y, mass)
    # As if each piece had one average row more, so that none is certain.
    overall = np.average(hits, weights=weight)
    x, y, _ = _rising(x, (mass * y + overall) / (mass + 1.0), mass)
    if x[0] > 0:
        x, y = np.append(0.0, x), np.append(0.0, y)
    if x[-1] < 1:
        x, y = np.append(x, 1.0), np.append(y, 1.0)
    return ProbabilityCurve(x, np.clip(y, 0.0, 1.0))


def _groups(second: Array, hits: Array, weight: Array) -> NDArray[np.int64]:
    """Number rows by groups of near probabilities, so many that neither class lies in few."""
    order = np.argsort(second, kind="stable")
    share = weight / weight.sum() + weight * hits / (weight * hits).sum()
    before = np.cumsum(share[order]) - share[order]
    piece = np.floor(before / 2.0 * MOST_GROUPS)
    ordered = second[order]
    starts = np.zeros(len(order), dtype=bool)
    last = 0
    for i in range(1, len(order)):
        if piece[i] > piece[last] and ordered[i] > ordered[i - 1] + SMALLEST_STEP:
            starts[i], last = True, i
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(starts)
    return group


def _rising(x: Array, y: Array, mass: Array) -> tuple[Array, Array, Array]:
    """Pool neighbours until each is above the one before."""
    level = isotonic_regression(y, sample_weight=mass)
    block = np.cumsum(np.append(0, np.diff(level) > 0))
    pooled: Array = np.bincount(block, mass).astype(np.float64)
    return np.bincount(block, mass * x) / pooled, np.bincount(block, mass * y) / pooled, pooled
