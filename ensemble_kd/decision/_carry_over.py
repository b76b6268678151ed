"""The thresholds of a model that is replaced, kept valid by its successor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision._offset import score_quantiles
from ensemble_kd.decision._rows import decided_rows
from ensemble_kd.decision._threshold import check_binary
from ensemble_kd.errors import InputError
from ensemble_kd.model import (
    CompactModel,
    OperatingCurve,
    ProbabilityCurve,
    ScoreCurve,
    without_decision,
)
from ensemble_kd.runtime import respond

Array = NDArray[np.float64]

# Gaps between scores of the former model, by the share of the rows above: a third each for both
# ends and for all.
N_GAPS, END = 60, 0.05
# Of the range of x: between knots, so that single precision tells them apart.
SMALLEST_STEP = 2.5e-7
# Of a gap: how far rows that the former model scores alike are spread, so that they keep an order.
SPREAD = 0.01
# Of the range of scores: how far beyond them a curve of scores goes on.
BEYOND = 16.0
FEWEST_ROWS = 100
# After the point, of alert rates that are told.
DIGITS = 9


def carry_over(old: Any, new: CompactModel, X: Any) -> CompactModel:
    """Return a model whose scores are on the scale of the model that it replaces.

    Scores of a new student are spread in another way than those of its teacher, or of the student
    before, and thresholds that people set by them no longer mean the same. A rising curve of
    straight pieces turns the new scores into the old ones', so that by any threshold as many rows
    are alerts as before. It is the calibrator of the model, so that the file, every runtime and
    every export has it; the ranking of rows is the new model's.

    Parameters
    ----------
    old : CompactModel, Scorer, estimator, or array of shape (n_samples,)
        What is replaced, such as ``load("old.ekd")``: it answers the raw rows, by
        `predict_proba` or, for outliers, `score_samples`. Or its answers: the probability of the
        second class, or the score, of each row.
    new : CompactModel
        A classifier of two classes, or an outlier detector; it stays as it is. A calibrator that it
        has is left out, as its probabilities are those of `old` from now on.
    X : data frame, array of shape (n_samples, n_features), or list of dict
        Raw rows that neither was fitted on, as they come: no labels are needed, and some thousand
        rows tell the tail.

    Returns
    -------
    CompactModel
        With the threshold of `old` and what chose it, where it has one; else without. The operating
        curve tells of the old one's thresholds how many of the rows given are alerts now. What the
        old one found among them says nothing of the new one, so recall, precision and costs are
        left out; rows with labels tell them: `ensemble-kd evaluate`, or `ThresholdPolicy` anew.

    Raises
    ------
    InputError
        If the two do not answer the same question, or there are fewer than 100 rows.

    Notes
    -----
    The curve joins quantiles of the two scores. It has two knots for each of some hundred gaps
    between scores of `old`: what is below the gap and what is above. By any threshold in such a
    gap, that of `old` always among them, as many of the rows given are alerts as before; of rows
    that the new model scores alike all or none are, as is nearer. On other rows the rate
    scatters by ``sqrt(rate * (1 - rate) / n)``.
    """
    record = _record(old)
    if not new.is_detector:
        if not new.classes:
            raise InputError("thresholds are of two classes or of outliers, got values.")
        check_binary(new)
    if record is not None and (record.task, record.classes) != (new.task, new.classes):
        raise InputError(
            f"the old model must answer the same question, got a {record.task} of "
            f"{list(record.classes[:5])} beside a {new.task} of {list(new.classes[:5])}."
        )
    plain = without_decision(new)
    score = respond(plain, plain.schema.encode(X))[:, -1]
    former = _scores(old, record, new, X, len(score))
    if len(score) < FEWEST_ROWS:
        raise InputError(f"X must have at least {FEWEST_ROWS} rows, got {len(score)}.")
    thresholds = _thresholds(record)
    x, y = _knots(score, former, thresholds, np.inf if new.is_detector else 1.0)
    threshold = None if record is None else record.threshold
    if not new.is_detector:
        x, y = _to_the_ends(x, y, (0.0, 1.0), (0.0, 1.0))
        model = replace(plain, calibrator=ProbabilityCurve(x, y), threshold=threshold)
        return _with_policy(model, record, X)
    if len(x) < 2:
        raise InputError("the new model's scores must differ by more than rounding.")
    width, height = BEYOND * (x[-1] - x[0]), BEYOND * (y[-1] - y[0])
    x, y = _to_the_ends(x, y, (x[0] - width, x[-1] + width), (y[0] - height, y[-1] + height))
    quantiles = None if record is None else record.quantiles
    if quantiles is None:  # of a teacher: there is no threshold that it decides by
        quantiles = score_quantiles(former, float(np.median(former)))
    model = replace(plain, calibrator=ScoreCurve(x, y), threshold=threshold, quantiles=quantiles)
    return _with_policy(model, record, X)


def _with_policy(model: CompactModel, old: CompactModel | None, X: Any) -> CompactModel:
    """Return a model that knows what chose its threshold, and what the old ones do by its scores.

    Recall, precision and costs were the old model's.
    """
    if old is None or old.policy is None:
        return model
    rows, thresholds = decided_rows(model, X), old.policy.curve.threshold
    rates = np.array([round(rows.alert_rate(threshold), DIGITS) for threshold in thresholds])
    curve = OperatingCurve(thresholds, rates, len(rows.score))
    return replace(model, policy=replace(old.policy, curve=curve))


def _record(old: Any) -> CompactModel | None:
    """Return the model as a record, where it is one of ours."""
    for found in (old, getattr(old, "model_", None), getattr(old, "model", None)):
        if isinstance(found, CompactModel):
            return found
    return None


def _scores(old: Any, record: CompactModel | None, new: CompactModel, X: Any, n: int) -> Array:
    if record is not None:
        return respond(record, record.schema.encode(X))[:, -1]
    if new.is_detector and hasattr(old, "score_samples"):
        found = np.asarray(old.score_samples(X), dtype=np.float64)
    elif hasattr(old, "predict_proba"):
        known = list(getattr(old, "classes_", new.classes))
        if known != list(new.classes):
            raise InputError(
                f"the old model must know the classes {list(new.classes)}, got {known[:5]}."
            )
        found = np.asarray(old.predict_proba(X), dtype=np.float64)[:, -1]
    else:
        try:
            found = np.asarray(old, dtype=np.float64)
        except (TypeError, ValueError) as error:
            method = "score_samples" if new.is_detector else "predict_proba"
            raise InputError(
                f"the old model must have {method}, or be an array of its answers, got a "
                f"{type(old).__name__}."
            ) from error
    if found.shape != (n,) or not np.isfinite(found).all():
        raise InputError(
            f"the old model must give a finite number for each of {n} rows, got shape "
            f"{found.shape}."
        )
    if not new.is_detector and not ((found >= 0) & (found <= 1)).all():
        raise InputError("the old model must give probabilities in [0, 1].")
    return found


def _thresholds(record: CompactModel | None) -> Array:
    """Return the thresholds that are known to be used."""
    if record is None or record.threshold is None:
        return np.empty(0)
    curve = np.empty(0) if record.policy is None else record.policy.curve.threshold
    return np.append(curve, record.threshold)


def _knots(score: Array, former: Array, thresholds: Array, most: float) -> tuple[Array, Array]:
    """Return the knots of a rising curve from one score, at most so large, to the other."""
    n = len(score)
    ours, theirs = np.unique(score), np.unique(former)
    if len(theirs) == 1:
        raise InputError("the old model's scores must differ from row to row, got one score.")
    # Rows below each level, and all of them.
    below_ours = np.append(np.searchsorted(np.sort(score), ours), n)
    below_theirs = np.searchsorted(np.sort(former), theirs)
    # The gap below each level of the former model's scores that is looked at.
    shares = np.concatenate([np.geomspace(1 / n, END, N_GAPS), np.linspace(END, 1 - END, N_GAPS)])
    shares = np.concatenate([shares, 1 - shares[:N_GAPS]])
    gaps = np.concatenate(
        [np.searchsorted(below_theirs, shares * n), np.searchsorted(theirs, thresholds)]
    )
    gaps = np.unique(gaps[(gaps > 0) & (gaps < len(theirs))])
    # Below which level of our own as many rows lie, as nearly as may be.
    wanted = below_theirs[gaps]
    cuts = np.searchsorted(below_ours, wanted)
    cuts -= (cuts > 0) & (wanted - below_ours[cuts - 1] < below_ours[cuts] - wanted)
    known: list[tuple[float, float]] = [] if cuts[0] == 0 else [(float(ours[0]), float(theirs[0]))]
    for cut in np.unique(cuts):
        of_cut = gaps[cuts == cut]
        if cut > 0:
            low, high = theirs[of_cut[0] - 1], theirs[of_cut[0]]
            known.append((float(ours[cut - 1]), float(low + SPREAD * (high - low))))
        if cut < len(ours):
            known.append((float(ours[cut]), float(theirs[of_cut[-1]])))
    if cuts[-1] < len(ours):
        known.append((float(ours[-1]), float(theirs[-1])))
    step = SMALLEST_STEP * max(float(np.ptp(ours)), float(np.abs(ours).max()))
    x, y = [known[0][0]], [known[0][1]]
    for at, value in known[1:]:
        place = max(at, x[-1] + step)
        if at > x[-1] and place <= most:
            x.append(place)
            y.append(max(value, y[-1]))
    return np.array(x), np.array(y)


def _to_the_ends(
    x: Array, y: Array, of_x: tuple[float, float], of_y: tuple[float, float]
) -> tuple[Array, Array]:
    """Have the curve go on to where scores end, or far beyond those that were seen."""
    if x[0] > of_x[0]:
        x, y = np.append(of_x[0], x), np.append(min(of_y[0], y[0]), y)
    if x[-1] < of_x[1]:
        x, y = np.append(x, of_x[1]), np.append(y, max(of_y[1], y[-1]))
    return x, y
