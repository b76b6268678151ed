"""One column of a table of any library, as a plain array.

It is read by duck typing, so that this needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.schema._values import FIRST_INEXACT


def object_array(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return values as an array of objects, whatever numpy would make of them.

    Parameters
    ----------
    values : sequence
        Values of any kind, sequences among them.

    Returns
    -------
    ndarray of shape (n_values,), object
    """
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def category_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return categories and codes (-1 = missing) of a categorical series, None for any other."""
    if hasattr(values, "cat") and hasattr(values.cat, "codes"):
        return list(values.cat.categories), np.asarray(values.cat.codes, dtype=np.int64)
    return None


def string_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return strings and codes (-1 = missing) of a pandas series of strings, None for any other.

    A series of objects is none, as what it may hold can be no scalar.
    """
    is_strings = getattr(getattr(values, "dtype", None), "type", None) is str
    if not is_strings or not hasattr(values, "factorize"):
        return None
    codes, levels = values.factorize()
    return list(levels), codes


def as_array(values: Any) -> NDArray[Any]:
    """Return one column as a plain array: float, integer, boolean, or objects.

    Whole numbers beside missing ones are floats where those tell them apart, else objects.

    Parameters
    ----------
    values : ndarray or series of shape (n_rows,)
        One column of a table of any library.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    array = values if isinstance(values, np.ndarray) else _array_of(_without_decimals(values))
    return array.astype(object) if array.dtype.kind in "US" else array


def _array_of(values: Any) -> NDArray[Any]:
    if hasattr(values, "to_pylist"):  # of Arrow itself
        if "int" not in str(values.type) or not values.null_count:
            return np.asarray(values)
        return object_array(values.to_pylist())
    dtype: Any = getattr(values, "dtype", None)
    if str(dtype) in ("Int128", "UInt128"):  # of polars, which numpy has not
        return object_array(values.to_list())
    if hasattr(dtype, "is_integer") and dtype.is_integer() and values.null_count():  # of polars
        return _whole_numbers(np.asarray(values), values.to_list)
    kind = getattr(dtype, "kind", "O")
    if kind not in "iufb" or isinstance(dtype, np.dtype):
        return np.asarray(values)
    # Nullable or Arrow-backed: missing values would make it an array of objects.
    if kind in "iu" and not values.isna().any():
        whole: NDArray[Any] = values.to_numpy(dtype=np.int64 if kind == "i" else np.uint64)
        return whole
    floats = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "b":
        return object_array([None if v != v else bool(v) for v in floats])
    if kind == "f":
        return np.asarray(floats)
    return _whole_numbers(floats, lambda: values.to_numpy(dtype=object, na_value=None))


def _without_decimals(values: Any) -> Any:
    """Return decimal numbers of Arrow or polars as floats, which a table file gives as well."""
    dtype = getattr(values, "type", getattr(values, "dtype", None))
    if not str(dtype).lower().startswith("decimal"):
        return values
    if hasattr(values, "to_pylist"):
        return values.cast("float64")
    return values.astype("float64[pyarrow]") if hasattr(values, "astype") else values.cast(float)


def _whole_numbers(floats: NDArray[np.float64], exact: Callable[[], Sequence[Any]]) -> NDArray[Any]:
    return object_array(exact()) if (np.abs(floats) >= FIRST_INEXACT).any() else floats
