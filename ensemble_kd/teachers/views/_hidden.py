"""The hidden layer of a teacher that is a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import name_of
from ensemble_kd.teachers.views._axes import Axes
from ensemble_kd.teachers.views._base import View
from ensemble_kd.teachers.views._parts import Part, parts_of

Array = NDArray[np.float64]
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda h: h,
    "logistic": lambda h: 1 / (1 + np.exp(-h)),
    "tanh": np.tanh,
    "relu": lambda h: np.maximum(h, 0),
}


class HiddenView(View):
    """The last hidden layer of a network, in the directions in which real rows vary most.

    It is told by the network of the default teacher, by scikit-learn's `MLPClassifier` and
    `MLPRegressor`, and by any model with a method `hidden`, from rows of numbers to an array of
    shape (n_rows, n_units), behind transformers too.

    Parameters
    ----------
    n_components : int, default=32
        Numbers for each row, from 1 to 64; fewer where the layer has fewer units.
    """

    def _fit(self, teacher: Any, X: Any, task: BaseTask, seed: int) -> None:
        self._layers, weights = parts_of(teacher, _hidden_of)
        if not self._layers:
            raise InputError(
                "view='hidden' needs a network of the default teacher, MLPClassifier, MLPRegressor "
                f"or a model with a method hidden(X), got {name_of(teacher)}; choose view='auto' "
                "or 'outputs'."
            )
        self._axes = Axes([layer(X) for layer in self._layers], weights, self.n_components)

    def _transform(self, X: Any) -> Array:
        return self._axes([layer(X) for layer in self._layers])


def _hidden_of(part: Part) -> Callable[[Any], Array] | None:
    if isinstance(part.model, MLPClassifier | MLPRegressor):
        hidden = partial(_last_layer, part.model)
    elif hasattr(part.model, "hidden"):
        hidden = part.model.hidden
    else:
        return None
    return lambda X: np.asarray(hidden(part.inputs(X)), dtype=np.float64)


def _last_layer(model: Any, X: Any) -> Array:
    """Return what scikit-learn's network has before its last layer."""
    activation, h = ACTIVATIONS[model.activation], np.asarray(X, dtype=np.float64)
    for weight, bias in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        h = activation(h @ weight + bias)
    return h
