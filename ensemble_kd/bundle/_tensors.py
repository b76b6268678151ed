"""Arrays to the bytes of a safetensors file and back; its header is checked before it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from ensemble_kd.bundle._json import check_keys, decode_json, shown
from ensemble_kd.bundle._limits import MAX_TENSOR_HEADER_BYTES
from ensemble_kd.bundle._storage import Arrays
from ensemble_kd.errors import BundleError

_WHERE = "model.safetensors"
_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
}


def encode_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return a safetensors file of `arrays`, whose forms are checked before."""
    return safetensors.numpy.save(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    )


def decode_arrays(data: memoryview, forms: Mapping[str, tuple[str, int]]) -> Arrays:
    """Return the arrays of a safetensors file, read-only.

    Parameters
    ----------
    data : memoryview
        The whole of the file.
    forms : mapping of str to (str, int)
        The dtype and the number of dimensions of every array there must be.

    Returns
    -------
    dict of str to ndarray
        The arrays.

    Raises
    ------
    BundleError
        If the header is too long, names other arrays or forms, or does not match the bytes.
    """
    _check_header(data, forms)
    try:
        arrays: Arrays = safetensors.numpy.load(bytes(data))
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{_WHERE} cannot be read: {error}.") from error
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _check_header(data: memoryview, forms: Mapping[str, tuple[str, int]]) -> None:
    n_header = int.from_bytes(data[:8], "little")
    if n_header > MAX_TENSOR_HEADER_BYTES:
        raise BundleError(
            f"{_WHERE}: the header must be at most {MAX_TENSOR_HEADER_BYTES} bytes, got {n_header}."
        )
    if len(data) < 8 + n_header:
        raise BundleError(f"{_WHERE}: the header needs {8 + n_header} bytes, got {len(data)}.")
    header = decode_json(data[8 : 8 + n_header], _WHERE)
    if not isinstance(header, dict):
        raise BundleError(f"{_WHERE}: the header must be a JSON object.")
    check_keys(_WHERE, header, forms.keys())
    position = 0
    for begin, end, name in sorted(
        (*_span(name, header[name], forms[name]), name) for name in forms
    ):
        if begin != position:
            raise BundleError(f"{_WHERE}: {name} must begin at byte {position}, got {begin}.")
        position = end
    n_bytes = len(data) - 8 - n_header
    if position != n_bytes:
        raise BundleError(f"{_WHERE}: the arrays must fill {n_bytes} bytes, got {position}.")


def _span(name: str, entry: Any, form: tuple[str, int]) -> tuple[int, int]:
    """Check the header's entry of one array; return where its bytes begin and end."""
    where = f"{_WHERE}: {name}"
    if not isinstance(entry, dict):
        raise BundleError(f"{where} must be described by a JSON object.")
    check_keys(where, entry, {"dtype", "shape", "data_offsets"})
    dtype, n_dimensions = form
    if entry["dtype"] != _DTYPES[dtype]:
        raise BundleError(f"{where} must be {_DTYPES[dtype]}, got {shown(entry['dtype'])}.")
    shape, span = entry["shape"], entry["data_offsets"]
    if not _is_counts(shape, n_dimensions):
        raise BundleError(f"{where} must have {n_dimensions} dimension(s), got {shown(shape)}.")
    if not _is_counts(span, 2):
        raise BundleError(f"{where} must have two data_offsets, got {shown(span)}.")
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if span[1] - span[0] != n_bytes:
        raise BundleError(
            f"{where}: shape {shape} takes {n_bytes} bytes, but the data_offsets span "
            f"{span[1] - span[0]}."
        )
    return span[0], span[1]


def _is_counts(value: Any, length: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == length
        and all(type(number) is int and number >= 0 for number in value)
    )
