"""Arrays to the bytes of a safetensors file, and from the views of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from ensemble_kd.bundle._table import Form
from ensemble_kd.bundle.arrays._storage import Arrays


def encode_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a safetensors file.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Of forms that were checked before.

    Returns
    -------
    bytes
    """
    return safetensors.numpy.save(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    )


def arrays_from_views(
    views: Mapping[str, tuple[memoryview, tuple[int, ...]]], forms: Mapping[str, Form]
) -> Arrays:
    """Return copies of a file's arrays, read-only.

    Parameters
    ----------
    views : mapping of str to (memoryview, tuple of int)
        The items of each array and its shape.
    forms : mapping of str to (str, tuple)
        The dtype of each.

    Returns
    -------
    dict of str to ndarray
    """
    out: Arrays = {}
    for name, (items, shape) in views.items():
        dtype = np.dtype(forms[name][0])
        little = np.frombuffer(items, dtype.newbyteorder("<"))
        out[name] = little.astype(dtype).reshape(shape)  # aligned, too
        out[name].flags.writeable = False
    return out
