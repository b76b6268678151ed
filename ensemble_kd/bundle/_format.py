"""The layout of a bundle: its members, its versions, and which array or scalar is which field.

The layout as a document is docs/bundle_format.md; a change here is a change there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._storage import Arrays, Form, store, stored_forms, unstore
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Dense, MLPRecord, TreesRecord, arrays_of, scalars_of

FORMAT = "ensemble_kd"

# The version rule. FORMAT_VERSION rises with every change in what a writer may write. `min_reader`
# rises to it when a reader of an older version would refuse the file or score it differently: a new
# member, kind, array, scalar or formula. It stays when an older reader may ignore the change, which
# can only be a new entry of manifest.json. A reader reads a file if `min_reader` <= FORMAT_VERSION.
# A file is written in the lowest version that has all it holds.
FORMAT_VERSION = 3
PLAIN_VERSION, STORAGE_VERSION, DECISION_VERSION = 1, 2, 3
# What `model.json` holds only where a file is of this version or a later one.
NEW_SCALARS = {
    "storage": STORAGE_VERSION,
    "calibrator": DECISION_VERSION,
    "decision_threshold": DECISION_VERSION,
}

MANIFEST_ENTRIES: dict[str, type] = {
    "format": str,
    "format_version": int,
    "min_reader": int,
    "name": str,
    "created": str,
    "task": str,
    "classes": list,
    "files": dict,
    "libraries": dict,
    "training": dict,
}
CREATED_FORM = "%Y-%m-%dT%H:%M:%SZ"

MAX_NAME_LENGTH = 200
MAX_SELFTEST_ROWS = 32
MAX_LAYERS = 64
MAX_TREE_DEPTH = 512

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


# --- record <-> arrays and scalars ----------------------------------------------------------------

# name of the array, which is the name of the record's field: (dtype, number of dimensions)
MLP_ARRAYS: dict[str, Form] = {
    "numeric_columns": ("int32", 1),
    "edge_offsets": ("int32", 1),
    "edges": ("float64", 1),
    "numeric_weight": ("float32", 2),
    "missing_weight": ("float32", 2),
    "category_columns": ("int32", 1),
    "category_offsets": ("int32", 1),
    "category_weight": ("float32", 2),
    "first_bias": ("float32", 1),
}
LAYER_ARRAYS: dict[str, Form] = {"weight": ("float32", 2), "bias": ("float32", 1)}
TREES_ARRAYS: dict[str, Form] = {
    "feature": ("int32", 1),
    "threshold": ("float64", 1),
    "right": ("int32", 1),
    "missing_left": ("uint8", 1),
    "value": ("float32", 2),
    "roots": ("int32", 1),
    "tree_output": ("int32", 1),
    "base": ("float64", 1),
    "category_columns": ("int32", 1),
    "category_offsets": ("int32", 1),
    "category_rank": ("float64", 1),
}
SCALARS: dict[str, dict[str, type]] = {
    "mlp": {"n_layers": int, "output_mean": float, "output_scale": float},
    "trees": {"link": str},
}
KINDS = tuple(SCALARS)


def version_of(scalars: Mapping[str, Any]) -> int:
    """Return the lowest version that has all that the file holds."""
    return max([PLAIN_VERSION, *(NEW_SCALARS[name] for name in scalars.keys() & NEW_SCALARS)])


def file_forms(scalars: Mapping[str, Any]) -> dict[str, Form]:
    """Return the dtype and the number of dimensions of every array that the file must hold."""
    return stored_forms(array_forms(scalars), scalars.get("storage", {}))


def array_forms(scalars: Mapping[str, Any]) -> dict[str, Form]:
    """Return the dtype and the number of dimensions of every array that a student must have."""
    if scalars["kind"] == "trees":
        return dict(TREES_ARRAYS)
    forms = dict(MLP_ARRAYS)
    for i in range(scalars["n_layers"]):
        forms |= {f"layers.{i}.{field}": form for field, form in LAYER_ARRAYS.items()}
    return forms


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
    if scalars["kind"] == "trees":
        fields = {name: arrays[name] for name in TREES_ARRAYS}
        return TreesRecord(**fields, link=scalars["link"], storage=storage)
    return MLPRecord(
        **{name: arrays[name] for name in MLP_ARRAYS},
        layers=tuple(
            Dense(**{field: arrays[f"layers.{i}.{field}"] for field in LAYER_ARRAYS})
            for i in range(scalars["n_layers"])
        ),
        output_mean=float(scalars["output_mean"]),
        output_scale=float(scalars["output_scale"]),
        storage=storage,
    )
