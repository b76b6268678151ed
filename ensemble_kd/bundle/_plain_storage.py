"""What arrays kept in fewer bytes mean, by the core in C: as `model.expand`, without numpy.

The core and `ensemble_kd.load` give the same bits: section 5.3 of docs/bundle_format.md leaves no
choice of rounding.
"""

from __future__ import annotations

from math import prod

from ensemble_kd._core import expand
from ensemble_kd.bundle._json import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # Items by their type in the struct module, and the shape.
    Stored = tuple[memoryview, list[int]]

# What an array of each kind of cast becomes: type and bytes of an item.
CASTS = {"float32": ("d", 8), "int16": ("i", 4), "float16": ("f", 4)}
KINDS = (*CASTS, "int8", "low_rank", "shared_rows")
PART_KINDS = ("float16", "int8")
PARTS = {"low_rank": ("left", "right"), "shared_rows": ("rows",)}
MAX_RANK = 256
MAX_EXPANDED_BYTES = 64 * 1024 * 1024


def expand_all(stored: dict[str, Stored], storage: Any) -> dict[str, memoryview]:
    """Return every array as the core takes it.

    Parameters
    ----------
    stored : dict of str to (memoryview, list of int)
        Those of the file.
    storage : dict of str to str
        What `model.json` says of them, not yet checked.

    Returns
    -------
    dict of str to memoryview

    Raises
    ------
    KeyError, TypeError, ValueError
        If the storage is not of the format, or what it names is not in the file.
    """
    if not isinstance(storage, dict) or not storage:
        raise ValueError(f"storage must be an object with an entry, got {shown(storage)}.")
    for name, kind in storage.items():
        if kind not in KINDS:
            raise ValueError(f"storage of {shown(name)} must be one of {KINDS}, got {shown(kind)}.")
    wholes = [name for name in storage if not _is_part(name, storage)]
    n_bytes = sum(
        CASTS.get(storage[name], ("f", 4))[1] * prod(_shape(name, stored, storage))
        for name in wholes
    )
    if n_bytes > MAX_EXPANDED_BYTES:
        raise ValueError(
            f"arrays that are stored in fewer bytes may take at most {MAX_EXPANDED_BYTES} bytes in "
            f"memory, got {n_bytes}."
        )
    arrays = {name: values for name, (values, _) in stored.items()}
    return arrays | {name: _expanded(name, stored, storage) for name in wholes}


def _is_part(name: str, storage: dict[str, str]) -> bool:
    whole, _, side = name.rpartition(".")
    if side not in PARTS.get(storage.get(whole, ""), ()):
        return False
    if storage[name] not in PART_KINDS:
        raise ValueError(f"storage of {shown(name)} must be one of {PART_KINDS}.")
    return True


def _shape(name: str, stored: dict[str, Stored], storage: dict[str, str]) -> list[int]:
    kind = storage.get(name)
    if kind == "low_rank":
        left = _shape(f"{name}.left", stored, storage)
        return [left[0], _shape(f"{name}.right", stored, storage)[1]]
    if kind == "shared_rows":
        rows = _shape(f"{name}.rows", stored, storage)
        return [stored[f"{name}.index"][1][0], rows[1]]
    shape = stored[f"{name}.codes" if kind == "int8" else name][1]
    if len(shape) != (1 if kind in ("float32", "int16") else 2):
        raise ValueError(f"{name} cannot be stored as {shown(kind)} with shape {shape}.")
    return shape


def _expanded(name: str, stored: dict[str, Stored], storage: dict[str, str]) -> memoryview:
    kind = storage.get(name)
    if kind is None:  # a part that is kept as it is
        return stored[name][0]
    if kind == "int8":
        meant = expand(kind, stored[f"{name}.codes"][0], stored[f"{name}.scale"][0])
    elif kind == "low_rank":
        left = _expanded(f"{name}.left", stored, storage)
        right = _expanded(f"{name}.right", stored, storage)
        rank = _shape(f"{name}.left", stored, storage)[1]
        if rank != _shape(f"{name}.right", stored, storage)[0] or not 1 <= rank <= MAX_RANK:
            raise ValueError(f"{name}.left and {name}.right must share a rank up to {MAX_RANK}.")
        meant = expand(kind, left, right, rank)
    elif kind == "shared_rows":
        rows = _expanded(f"{name}.rows", stored, storage)
        n_rows, width = _shape(f"{name}.rows", stored, storage)
        index = stored[f"{name}.index"][0].tolist()
        if index and not 0 <= min(index) <= max(index) < n_rows:
            raise ValueError(f"{name}.index must be in [0, {n_rows}).")
        each = [bytes(rows[i * width : (i + 1) * width]) for i in range(n_rows)]
        meant = b"".join([each[i] for i in index])
    else:
        meant = expand(kind, stored[name][0])
    view: Any = memoryview(meant)
    return view.cast(CASTS.get(kind, ("f", 4))[0])
