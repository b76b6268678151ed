"""From a student's record to the arrays and scalars of a file, and back; and the self-test's form.

The layout as a document is docs/bundle_format.md, as a table `_table.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._table import ARRAYS, LAYER_ARRAYS, OUTSIDE_ARRAYS, array_forms
from ensemble_kd.bundle.arrays import Arrays, store, unstore
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Dense, MLPRecord, Outside, TreesRecord, arrays_of, scalars_of

JSONScalar = str | int | float | bool | None
Scalars = dict[str, Any]


@dataclass(frozen=True)
class SelfTest:
    """Rows with known answers, by which a loaded model shows that it scores as it did when saved.

    Parameters
    ----------
    rows : tuple of tuple
        At most 32 raw rows: values as they come, in the order of the schema's columns, each a
        string, number, boolean or None (missing).
    expected : ndarray of shape (n_rows, n_outputs), float64
        The response to each row: probabilities, or one value in regression.
    tolerance : float
        Largest absolute difference allowed. At least 0.
    """

    rows: tuple[tuple[JSONScalar, ...], ...]
    expected: NDArray[np.float64]
    tolerance: float


def body_to_parts(body: MLPRecord | TreesRecord) -> tuple[Arrays, Scalars]:
    """Take a student's record apart.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The record.

    Returns
    -------
    arrays : dict of str to ndarray
        What `model.safetensors` holds.
    scalars : dict
        What `model.json` holds, the kind among them.

    Raises
    ------
    BundleError
        If `body` is no record of a known kind, or its storage does not mean what it holds.
    """
    if not isinstance(body, MLPRecord | TreesRecord):
        raise BundleError(
            f"the student must be an MLPRecord or a TreesRecord, got {type(body).__name__}."
        )
    arrays, scalars = arrays_of(body), scalars_of(body)
    if body.storage:
        arrays, kinds = store(arrays, body.storage, array_forms(scalars))
        scalars["storage"] = kinds
    return arrays, scalars


def body_from_parts(arrays: Arrays, scalars: Mapping[str, Any]) -> MLPRecord | TreesRecord:
    """Put together what `body_to_parts` took apart; the names and forms are checked before.

    Parameters
    ----------
    arrays : dict of str to ndarray
        By their names in the file.
    scalars : mapping
        The content of `model.json`.

    Returns
    -------
    MLPRecord or TreesRecord

    Raises
    ------
    BundleError
        If kept numbers do not fit each other.
    """
    arrays, storage = unstore(arrays, scalars.get("storage", {}), array_forms(scalars))
    fields = {name: arrays[name] for name in ARRAYS[scalars["kind"]]}
    if scalars["kind"] == "trees":
        return TreesRecord(**fields, link=scalars["link"], storage=storage)
    outside = None
    if "outside" in scalars:
        outside = Outside(**{field: arrays[f"outside.{field}"] for field in OUTSIDE_ARRAYS})
    return MLPRecord(
        **fields,
        outside=outside,
        layers=tuple(
            Dense(**{field: arrays[f"layers.{i}.{field}"] for field in LAYER_ARRAYS})
            for i in range(scalars["n_layers"])
        ),
        output_mean=float(scalars["output_mean"]),
        output_scale=float(scalars["output_scale"]),
        storage=storage,
    )
