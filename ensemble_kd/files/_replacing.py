"""The one writer: a new file beside the old one takes its place once everything is in it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ensemble_kd.errors import InputError
from ensemble_kd.files._place import WriteError, file_at, keep_rights, place_of, write_failure

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed
    fcntl = None  # type: ignore[assignment]

_PREFIX, _SUFFIX = ".ekd-", ".tmp"
_STALE_SECONDS = 3600.0


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, binary: bool) -> Iterator[IO[Any]]:
    """Open a file to write that takes its place when the block ends well.

    Links are followed. A file that is replaced hands on its owner and rights; a pipe, a device or
    an open file such as ``/proc/self/fd/1`` is written to as it is.

    Parameters
    ----------
    path : str or path-like
        Where it is to be.
    binary : bool
        Whether bytes are written, and not text.

    Yields
    ------
    file

    Raises
    ------
    OSError
        If it cannot be written: a `WriteError` where a rule of this package forbids it. What was
        there before is then as it was.
    """
    how: dict[str, Any] = {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8"}
    how |= {} if binary else {"newline": ""}
    place = place_of(path)
    if isinstance(place, int) or _is_no_file(place):
        with open(os.dup(place) if isinstance(place, int) else place, **how) as through:
            yield through
        return
    descriptor, temporary = _begin(place)
    try:
        with open(descriptor, **how) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(temporary.parent)


def write_atomically(data: bytes, target: str | os.PathLike[str]) -> None:
    """Put `data` in a file that is there whole or not at all; section 7 of the format's page.

    Parameters
    ----------
    data : bytes
        The content.
    target : str or path-like
        Where to put it.

    Raises
    ------
    OSError
        As `replacing`.
    """
    with replacing(target, binary=True) as file:
        file.write(data)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse a place where no file can be made, before any work for it is done.

    Parameters
    ----------
    path : str or path-like
        Where a file is to be.

    Raises
    ------
    InputError
        If its directory is absent or may not be written to, if what stands there is a directory or
        read-only, or if its owner would change.
    """
    try:
        place = place_of(path)
        if isinstance(place, int):
            os.close(os.dup(place))
        elif not _is_no_file(place):
            descriptor, temporary = _begin(place)
            os.close(descriptor)
            temporary.unlink()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {write_failure(error)}") from error


def is_replaced(path: str | os.PathLike[str]) -> bool:
    """Tell whether what is written to a path takes the place of what was there, or follows it.

    Parameters
    ----------
    path : str or path-like
        Where a file is to be.

    Returns
    -------
    bool
        False for a pipe, a device or an open file.

    Raises
    ------
    OSError
        As `replacing`.
    """
    place = place_of(path)
    return not (isinstance(place, int) or _is_no_file(place))


def _is_no_file(place: str) -> bool:
    """Tell whether something stands there that is no regular file."""
    status = file_at(place)
    return status is not None and not stat.S_ISREG(status.st_mode)


def _begin(place: str) -> tuple[int, Path]:
    """Return an open file beside the place, with the rights of the one there, and its path."""
    status, directory = file_at(place), Path(place).parent
    _sweep_stale(directory)
    temporary = directory / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # A new file: less the umask, as any. One that replaces another is nobody else's until then.
    descriptor = os.open(temporary, flags, 0o666 if status is None else 0o600)
    try:
        _lock(descriptor)
        if status is not None:
            keep_rights(descriptor, place, status)
    except BaseException:
        os.close(descriptor)
        temporary.unlink()
        raise
    return descriptor, temporary


def _lock(descriptor: int) -> bool:
    """Mark a file as being written, for as long as it is open; tell whether it was free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (OSError, AttributeError):  # a file system or an operating system without locks
        return True
    return True


def _sync_directory(directory: Path) -> None:
    """Make the new name last through a power failure, where the file system can."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise WriteError(
                f"the new file is in place, but may be lost in a power failure: {error}; save "
                f"again."
            ) from error


def _sweep_stale(directory: Path) -> None:
    """Remove what a killed writer left behind; a young file may belong to one that still runs."""
    oldest = time.time() - _STALE_SECONDS
    for leftover in directory.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            status = leftover.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mtime < oldest and _is_left(leftover):
                leftover.unlink()


def _is_left(leftover: Path) -> bool:
    """Tell whether nobody writes the file: one that waits for its input may be old."""
    descriptor = os.open(leftover, os.O_RDONLY)
    try:
        return _lock(descriptor)
    finally:
        os.close(descriptor)
