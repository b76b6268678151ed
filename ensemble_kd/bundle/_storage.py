"""Which arrays may be kept in fewer bytes, under which names, and back.

An array `name` that `model.json` gives a storage is kept as: `name` in a narrower dtype (float32,
float16, int16); `name.codes` and `name.scale` (int8); `name.left` and `name.right`, each of which
may itself be float16 or int8 (low_rank); `name.rows`, likewise, and `name.index` (shared_rows).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._json import shown
from ensemble_kd.errors import BundleError
from ensemble_kd.model import Cast, Int8, LowRank, SharedRows, Storage, expand

Form = tuple[str, int]
Arrays = dict[str, NDArray[Any]]

# By the dtype and number of dimensions of the record's own array.
STORAGE_OF: dict[Form, tuple[str, ...]] = {
    ("float32", 2): ("float16", "int8", "low_rank", "shared_rows"),
    ("float64", 1): ("float32",),
    ("int32", 1): ("int16",),
}
_PART: Form = ("float32", 2)
_STORAGE_OF_PART = ("float16", "int8")
_PARTS = {"low_rank": ("left", "right"), "shared_rows": ("rows",)}
_NESTED = (LowRank, SharedRows)
MAX_RANK = 256
# A few bytes may stand for a large matrix, so what comes of them has a limit of its own.
MAX_EXPANDED_BYTES = 64 * 1024 * 1024
MAX_PRODUCTS = 2**28


def audit_storage(storage: Any, forms: Mapping[str, Form]) -> None:
    """Check what `model.json` says of storage: known arrays, each by a kind that it may have.

    Raises
    ------
    BundleError
        If it is empty, or names another array or kind.
    """
    if not isinstance(storage, dict) or not storage:
        raise BundleError(
            f"model.json: storage must be an object with an entry, got {shown(storage)}; leave it "
            f"out where every array is kept as it is."
        )
    for name, kind in sorted(storage.items()):  # a whole before its parts
        allowed = STORAGE_OF.get(forms[name], ()) if name in forms else ()
        whole, _, side = name.rpartition(".")
        if side in _PARTS.get(storage.get(whole, ""), ()):
            allowed = _STORAGE_OF_PART
        if not isinstance(kind, str) or kind not in allowed:
            raise BundleError(
                f"model.json: storage of {shown(name)} must be "
                f"{f'one of {allowed}' if allowed else 'left out'}, got {shown(kind)}."
            )


def stored_forms(forms: Mapping[str, Form], storage: Mapping[str, str]) -> dict[str, Form]:
    """Return the dtype and number of dimensions of every array that the file must hold."""
    out: dict[str, Form] = {}
    for name, form in forms.items():
        out |= _stored_form(name, form, storage)
    return out


def _stored_form(name: str, form: Form, storage: Mapping[str, str]) -> dict[str, Form]:
    kind = storage.get(name)
    if kind is None:
        return {name: form}
    if kind == "int8":
        return {f"{name}.codes": ("int8", 2), f"{name}.scale": ("float32", 1)}
    if kind == "low_rank":
        left = _stored_form(f"{name}.left", _PART, storage)
        return left | _stored_form(f"{name}.right", _PART, storage)
    if kind == "shared_rows":
        rows = _stored_form(f"{name}.rows", _PART, storage)
        return rows | {f"{name}.index": ("int16", 1)}
    return {name: (kind, form[1])}


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
    forms : mapping of str to (str, int)
        The record's own dtypes and dimensions.

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
        Those of the file, of the forms that `stored_forms` gives.
    kinds : mapping of str to str
        What `model.json` says of them, checked.
    forms : mapping of str to (str, int)
        The record's own dtypes and dimensions.

    Raises
    ------
    BundleError
        If a scale is not a finite number above 0, a code is -128, an index is no row, parts do not
        fit each other, or the arrays would take more than 64 MiB or 2^28 products.
    """
    storage: dict[str, Storage] = {}
    n_bytes = 0
    for name in forms:
        if name in kinds:
            stored = _stored(name, arrays, kinds)
            assert not isinstance(stored, np.ndarray)
            storage[name] = stored
            n_bytes += _expanded_bytes(stored, forms[name][0])
    if n_bytes > MAX_EXPANDED_BYTES:
        raise BundleError(
            f"arrays that are stored in fewer bytes may take at most {MAX_EXPANDED_BYTES} bytes in "
            f"memory, got {n_bytes}."
        )
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
        _audit_low_rank(name, _shape(left), _shape(right))
        return LowRank(left, right)
    if kind == "shared_rows":
        rows = _stored(f"{name}.rows", arrays, kinds)
        assert not isinstance(rows, _NESTED)
        index = arrays[f"{name}.index"]
        _audit_index(name, index, _shape(rows)[0])
        return SharedRows(rows, index)
    return Cast(arrays[name])


def forbid(wrong: NDArray[np.bool_], rule: str, values: NDArray[Any]) -> None:
    """Raise if any entry is wrong, showing the first."""
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        at = index[0] if len(index) == 1 else index
        raise BundleError(f"{rule}, got {values[index]} at index {at}.")


def _audit_index(name: str, index: NDArray[np.int16], n_rows: int) -> None:
    forbid((index < 0) | (index >= n_rows), f"{name}.index must be in [0, {n_rows})", index)


def _audit_int8(name: str, codes: NDArray[np.int8], scale: NDArray[np.float32]) -> None:
    if scale.shape != codes.shape[1:]:
        raise BundleError(
            f"{name}.scale must have one entry for each of the {codes.shape[1]} columns of "
            f"{name}.codes, got {len(scale)}."
        )
    wrong = ~(np.isfinite(scale) & (scale > 0))
    forbid(wrong, f"{name}.scale must be finite and > 0", scale)
    if (codes == -128).any():
        raise BundleError(f"{name}.codes must be in [-127, 127], got -128.")


def _audit_low_rank(name: str, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    n_products = left[0] * math.prod(right)
    if n_products > MAX_PRODUCTS:
        raise BundleError(
            f"{name} must take at most {MAX_PRODUCTS} products to expand, got {n_products}."
        )
    if left[1] != right[0] or not 1 <= left[1] <= MAX_RANK:
        raise BundleError(
            f"{name}.left and {name}.right must share a rank from 1 to {MAX_RANK}, got shapes "
            f"{left} and {right}."
        )


def _shape(stored: Storage | NDArray[Any]) -> tuple[int, ...]:
    if isinstance(stored, Int8):
        return stored.codes.shape
    if isinstance(stored, LowRank):
        return _shape(stored.left)[0], _shape(stored.right)[1]
    if isinstance(stored, SharedRows):
        return len(stored.index), _shape(stored.rows)[1]
    return stored.values.shape if isinstance(stored, Cast) else stored.shape


def _expanded_bytes(stored: Storage, dtype: str) -> int:
    n_bytes = np.dtype(dtype).itemsize * math.prod(_shape(stored))
    if isinstance(stored, LowRank):  # its parts are taken in float64
        sides = _shape(stored.left), _shape(stored.right)
        n_bytes = max(n_bytes, *(8 * math.prod(side) for side in sides))
    if isinstance(stored, SharedRows):
        n_bytes = max(n_bytes, 4 * math.prod(_shape(stored.rows)))
    return n_bytes
