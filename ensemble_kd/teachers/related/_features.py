"""What a model of another task sees in a row: its last hidden layer, else its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, Dense, MLPRecord
from ensemble_kd.runtime import MLPRuntime, respond
from ensemble_kd.teachers._given import GivenTeacher, is_fitted, name_of

Array = NDArray[np.float64]

# An answer's logarithm where it is smaller: few labels are to tell what to make of it.
SMALLEST_ANSWER = 1e-4


def compact_of(model: Any) -> CompactModel | None:
    """Return the compact model that a model is, or holds; None of any other.

    Parameters
    ----------
    model : CompactModel, estimator, object or callable
        Fitted.

    Returns
    -------
    CompactModel or None
    """
    inner = model.estimator if isinstance(model, FrozenEstimator) else model
    found = getattr(inner, "model_", getattr(inner, "model", inner))
    return found if isinstance(found, CompactModel) else None


def has_trunk(model: CompactModel | None) -> bool:
    """Tell whether a compact model is a network with hidden layers.

    Parameters
    ----------
    model : CompactModel or None
        None has none.

    Returns
    -------
    bool
    """
    return model is not None and isinstance(model.body, MLPRecord) and bool(model.body.layers)


def hidden_of(trunk: CompactModel, X: Any) -> Array:
    """Return the last hidden layer of a network for raw rows.

    Parameters
    ----------
    trunk : CompactModel
        A network with hidden layers.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows, which may have more columns than the network was trained on.

    Returns
    -------
    ndarray of shape (n_samples, n_units)
    """
    body = trunk.body
    assert isinstance(body, MLPRecord)
    before = replace(body, layers=body.layers[:-1], output_mean=0.0, output_scale=1.0)
    return np.maximum(MLPRuntime(before).outputs(_codes(trunk, X)), 0.0)


def _codes(model: CompactModel, X: Any) -> Array:
    names = [column.name for column in model.schema.columns]
    if hasattr(X, "columns") and set(names) <= set(X.columns):
        X = X[names]
    return np.asarray(model.schema.encode(X, check_types=False))


def answers_of(model: Any, X: Any) -> Array:
    """Return what a model answers: centred logarithms of probabilities, or values.

    Parameters
    ----------
    model : CompactModel, estimator, object or callable
        Fitted.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.

    Returns
    -------
    ndarray of shape (n_samples, n_answers)
    """
    compact = compact_of(model)
    if compact is not None:
        answer = respond(compact, _codes(compact, X))
        return _centred_logs(answer) if compact.has_classes else answer
    if not hasattr(model, "predict") and not hasattr(model, "predict_proba"):
        model = GivenTeacher(model)
    if hasattr(model, "fit") and hasattr(model, "get_params") and not is_fitted(model):
        raise InputError(
            f"model must be fitted, and in a FrozenEstimator to stay so, got {name_of(model)}; "
            "give FrozenEstimator(model), or the model_ of a distilled one."
        )
    has_classes = hasattr(model, "predict_proba") and not isinstance(model, GivenTeacher)
    answer = np.asarray((model.predict_proba if has_classes else model.predict)(X), dtype=float)
    answer = answer.reshape(len(answer), -1)
    return _centred_logs(answer) if has_classes else answer


def _centred_logs(answer: Array) -> Array:
    logs = np.log(np.maximum(answer, SMALLEST_ANSWER))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def with_head(
    trunk: CompactModel, weight: Array, bias: Array, *, task: Any, mean: float, spread: float
) -> CompactModel:
    """Return a network with another last layer, for another task.

    Parameters
    ----------
    trunk : CompactModel
        A network with hidden layers; what was decided on its answers is left behind.
    weight : ndarray of shape (n_units, n_outputs)
        Of the new layer.
    bias : ndarray of shape (n_outputs,)
        Of the new layer.
    task : BaseTask
        What it predicts, with its classes.
    mean, spread : float
        Of values.

    Returns
    -------
    CompactModel
    """
    body = trunk.body
    assert isinstance(body, MLPRecord)
    last = f"layers.{len(body.layers) - 1}."
    head = Dense(weight.astype(np.float32), bias.astype(np.float32))
    changed = replace(
        body,
        layers=(*body.layers[:-1], head),
        output_mean=mean,
        output_scale=spread,
        storage={name: how for name, how in body.storage.items() if not name.startswith(last)},
    )
    return CompactModel(task.name, trunk.schema, changed, task.classes)
