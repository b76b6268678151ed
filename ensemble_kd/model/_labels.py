"""Class labels as an array in which each is still what it was.

numpy ends a text at its last character that is not NUL, makes texts of numbers beside texts, and
float64 of whole numbers beside fractions, of which those beyond 2**53 are then others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.schema import unmasked

Label = str | int | float | bool


def label_array(labels: Sequence[Label]) -> NDArray[Any]:
    """Return class labels as an array, of objects where another would change value or type of one.

    Parameters
    ----------
    labels : sequence of str, int, float or bool
        Plain labels.

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    array = np.array(labels)
    is_same = all(
        type(kept) is type(label) and kept == label
        for kept, label in zip(array.tolist(), labels, strict=True)
    )
    return array if is_same else _objects(labels)


def given_labels(y: Any) -> NDArray[Any]:
    """Return targets that were given as an array, of objects where another would change a value.

    One that is masked is None or NaN.

    Parameters
    ----------
    y : array-like
        Targets.

    Returns
    -------
    ndarray
    """
    array = unmasked(y) if isinstance(y, np.ma.MaskedArray) else np.asarray(y)
    may_differ = isinstance(y, list | tuple) and array.ndim == 1 and array.dtype.kind in "Uf"
    return _objects(y) if may_differ and array.tolist() != list(y) else array


def _objects(labels: Sequence[Any]) -> NDArray[Any]:
    out = np.empty(len(labels), dtype=object)
    out[:] = labels
    return out
