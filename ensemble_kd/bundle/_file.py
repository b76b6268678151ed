"""A file's bytes, and whether its members are those of a bundle, before any of them is parsed."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from ensemble_kd.bundle._json import shown
from ensemble_kd.bundle._places import refuse_waiting
from ensemble_kd.bundle._table import (
    MEMBER_MAX_BYTES,
    OPTIONAL_MAX_BYTES,
    SIGNATURE,
    SIGNATURE_MAX_BYTES,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any


def read_file(source: Any, max_bytes: int) -> bytes:
    """Return the content of a regular file of at most so many bytes, or of bytes.

    Parameters
    ----------
    source : path-like or bytes
        Where the content is, or the content.
    max_bytes : int
        Largest size.

    Returns
    -------
    bytes

    Raises
    ------
    BundleError
        If it is something else, cannot be read, or is larger.
    """
    try:
        if isinstance(source, bytes | bytearray | memoryview):
            _check_size(memoryview(source).nbytes, max_bytes)
            return bytes(source)
        # Opening a pipe that nobody writes to would wait for ever without O_NONBLOCK.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(os.fspath(source), flags)
        try:
            return _read_descriptor(descriptor, max_bytes)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise BundleError("there is no such file: check the path.") from error
    except (OSError, MemoryError) as error:
        raise BundleError(f"the file cannot be read: {error}.") from error
    except (TypeError, ValueError) as error:
        raise BundleError(f"this is neither a path nor bytes: {error}.") from error


def _read_descriptor(descriptor: int, max_bytes: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise BundleError("a bundle must be a regular file, got a directory, pipe or device.")
    _check_size(status.st_size, max_bytes)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        data = file.read(max_bytes + 1)
    _check_size(len(data), max_bytes)
    return data


def _check_size(n_bytes: int, max_bytes: int) -> None:
    if n_bytes > max_bytes:
        raise BundleError(
            f"a bundle must have at most {max_bytes} bytes, got {n_bytes}; if you trust it, pass a "
            f"larger max_bytes."
        )


def check_names_and_sizes(members: Mapping[str, memoryview]) -> None:
    """Refuse members that are no part of a bundle, missing, or larger than they may be.

    Parameters
    ----------
    members : mapping of str to memoryview
        Content by name.
    """
    refuse_waiting("member", members)
    optional = OPTIONAL_MAX_BYTES | {SIGNATURE: SIGNATURE_MAX_BYTES}
    limits = MEMBER_MAX_BYTES | optional
    for name in members:
        if name not in limits:
            raise BundleError(
                f"the members must be {', '.join(MEMBER_MAX_BYTES)}, got {shown(name)}; if a later "
                f"ensemble_kd wrote the file, update."
            )
    for name, largest in limits.items():
        if name not in members:
            if name in optional:
                continue
            raise BundleError(f"the member {name} is missing: copy the file again.")
        if largest is not None and len(members[name]) > largest:
            raise BundleError(
                f"{name} must have at most {largest} bytes, got {len(members[name])}."
            )
