"""Which arrays may be kept in fewer bytes, under which names, and back.

An array `name` that `model.json` gives a storage is kept as: `name` in a narrower dtype (float32,
float16, int16); `name.codes` and `name.scale` (int8); `name.left` and `name.right`, each of which
may itself be float16 or int8 (low_rank); `name.rows`, likewise, and `name.index` (shared_rows).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._json import shown
from ensemble_kd.bundle._table import Form
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Cast, Int8, LowRank, SharedRows, Storage, expand

Arrays = dict[str, NDArray[Any]]

_NESTED = (LowRank, SharedRows)


# --- to the file ----------------------------------------------------------------------------------


def store(
    arrays: Arrays, storage: Mapping[str, Storage], forms: Mapping[str, Form]
) -> tuple[Arrays, dict[str, str]]:
    """Put the kept numbers in the place of the arrays that they stand for.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Those of the record.
    storage : mapping of str to Storage
        How some of them are kept.
    forms : mapping of str to (str, tuple)
        The record's own dtypes and shapes.

    Returns
    -------
    arrays : dict of str to ndarray
        Those of the file.
    kinds : dict of str to str
        What `model.json` says of them.

    Raises
    ------
    BundleError
        If kept numbers do not mean what the array holds.
    """
    kept = dict(arrays)
    kinds: dict[str, str] = {}
    for name, stored in storage.items():
        if name not in forms:
            raise BundleError(f"storage must be of an array of the student, got {shown(name)}.")
        array = kept.pop(name)
        meant = expand(stored, forms[name][0])
        if array.dtype != meant.dtype or not np.array_equal(array, meant, equal_nan=True):
            raise BundleError(
                f"the storage of {name} must mean what the array holds, but it means other "
                f"numbers: compress the model again after changing it."
            )
        parts, kind = _parts_of(name, stored)
        kept |= parts
        kinds |= kind
    return kept, kinds


def _parts_of(name: str, stored: Storage | NDArray[Any]) -> tuple[Arrays, dict[str, str]]:
    if isinstance(stored, Int8):
        return {f"{name}.codes": stored.codes, f"{name}.scale": stored.scale}, {name: "int8"}
    if isinstance(stored, LowRank):
        left, left_kind = _parts_of(f"{name}.left", stored.left)
        right, right_kind = _parts_of(f"{name}.right", stored.right)
        return left | right, {name: "low_rank"} | left_kind | right_kind
    if isinstance(stored, SharedRows):
        rows, kind = _parts_of(f"{name}.rows", stored.rows)
        return rows | {f"{name}.index": stored.index}, {name: "shared_rows"} | kind
    if isinstance(stored, Cast):
        return {name: stored.values}, {name: str(stored.values.dtype)}
    return {name: stored}, {}


# --- from the file --------------------------------------------------------------------------------


def unstore(
    arrays: Arrays, kinds: Mapping[str, str], forms: Mapping[str, Form]
) -> tuple[Arrays, dict[str, Storage]]:
    """Return the record's own arrays, read-only, and how the file keeps them.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Those of the file, of fitting shapes.
    kinds : mapping of str to str
        What `model.json` says of them, checked.
    forms : mapping of str to (str, tuple)
        The record's own dtypes and shapes.

    Returns
    -------
    arrays : dict of str to ndarray
        Those of the record.
    storage : dict of str to Storage
        How some of them are kept.

    Raises
    ------
    BundleError
        If a scale is not a finite number above 0, a code is -128, or an index is no row.
    """
    storage: dict[str, Storage] = {}
    for name in forms:
        if name in kinds:
            stored = _stored(name, arrays, kinds)
            assert not isinstance(stored, np.ndarray)
            storage[name] = stored
    full = {name: arrays[name] for name in forms if name not in storage}
    for name, stored in storage.items():
        full[name] = expand(stored, forms[name][0])
        full[name].flags.writeable = False
    return full, storage


def _stored(name: str, arrays: Arrays, kinds: Mapping[str, str]) -> Storage | NDArray[Any]:
    kind = kinds.get(name)
    if kind is None:
        return arrays[name]
    if kind == "int8":
        codes, scale = arrays[f"{name}.codes"], arrays[f"{name}.scale"]
        _audit_int8(name, codes, scale)
        return Int8(codes, scale)
    if kind == "low_rank":
        left = _stored(f"{name}.left", arrays, kinds)
        right = _stored(f"{name}.right", arrays, kinds)
        assert not isinstance(left, _NESTED) and not isinstance(right, _NESTED)
        return LowRank(left, right)
    if kind == "shared_rows":
        rows = _stored(f"{name}.rows", arrays, kinds)
        assert not isinstance(rows, _NESTED)
        index = arrays[f"{name}.index"]
        n_rows = len(next(iter(_parts_of(name, rows)[0].values())))
        wrong = (index < 0) | (index >= n_rows)
        forbid(wrong, f"{name}.index must be in [0, {n_rows})", index)
        return SharedRows(rows, index)
    return Cast(arrays[name])


def forbid(wrong: NDArray[np.bool_], rule: str, values: NDArray[Any]) -> None:
    """Refuse entries that are wrong, showing the first.

    Parameters
    ----------
    wrong : ndarray, bool
        Which are.
    rule : str
        What the message begins with.
    values : ndarray of the same shape
        The entries.

    Raises
    ------
    BundleError
        If any is.
    """
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        at = index[0] if len(index) == 1 else index
        raise BundleError(f"{rule}, got {values[index]} at index {at}.")


def _audit_int8(name: str, codes: NDArray[np.int8], scale: NDArray[np.float32]) -> None:
    wrong = ~(np.isfinite(scale) & (scale > 0))
    forbid(wrong, f"{name}.scale must be finite and > 0", scale)
    if (codes == -128).any():
        raise BundleError(f"{name}.codes must be in [-127, 127], got -128.")
