"""What arrays kept in fewer bytes mean, by the core in C: as `model.expand`, without numpy.

The core and `ensemble_kd.load` give the same bits: section 5.3 of docs/bundle_format.md leaves no
choice of rounding.
"""

from __future__ import annotations

from ensemble_kd._core import expand
from ensemble_kd.bundle._table import DTYPES, STORAGE_PARTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    # Items, and the shape.
    Stored = tuple[memoryview, tuple[int, ...]]

# What an array of each kind of cast becomes; any other becomes float32.
_MEANT = {"float32": "float64", "int16": "int32"}


def expand_all(stored: Mapping[str, Stored], storage: Mapping[str, str]) -> dict[str, memoryview]:
    """Return every array as the core takes it.

    Parameters
    ----------
    stored : mapping of str to (memoryview, tuple of int)
        Those of the file, of shapes that fit.
    storage : mapping of str to str
        What `model.json` says of them, checked.

    Returns
    -------
    dict of str to memoryview

    Raises
    ------
    ValueError
        If a scale is not a finite number above 0, a code is -128, or an index is no row.
    """
    arrays = {name: items for name, (items, _) in stored.items()}
    parts = {f"{name}.{side}" for name, k in storage.items() for side in STORAGE_PARTS.get(k, ())}
    wholes = [name for name in storage if name not in parts]
    return arrays | {name: _expanded(name, stored, storage) for name in wholes}


def _expanded(name: str, stored: Mapping[str, Stored], storage: Mapping[str, str]) -> memoryview:
    kind = storage.get(name)
    if kind is None:  # a part that is kept as it is
        return stored[name][0]
    if kind == "int8":
        meant = expand(kind, stored[f"{name}.codes"][0], stored[f"{name}.scale"][0])
    elif kind in STORAGE_PARTS:
        meant = _expanded_parts(name, kind, stored, storage)
    else:
        meant = expand(kind, stored[name][0])
    view: Any = memoryview(meant)
    return view.cast(DTYPES[_MEANT.get(kind, "float32")][1])


def _expanded_parts(
    name: str, kind: str, stored: Mapping[str, Stored], storage: Mapping[str, str]
) -> bytes:
    first, *others = (f"{name}.{side}" for side in STORAGE_PARTS[kind])
    whole = first if first in stored else f"{first}.codes"
    width = stored[whole][1][1]
    second = _expanded(others[0], stored, storage) if others else stored[f"{name}.index"][0]
    if width == 0:  # rows of nothing, whatever their numbers
        return b""
    return expand(kind, _expanded(first, stored, storage), second, width)
