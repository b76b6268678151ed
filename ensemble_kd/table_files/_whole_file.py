"""A file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ensemble_kd.errors import InputError


@contextlib.contextmanager
def replacing(path: str, *, binary: bool) -> Iterator[IO[Any]]:
    """Open a file to write that replaces the one at `path` when the block ends well.

    Parameters
    ----------
    path : str
        Where it is to be; a pipe or device there is written to, never replaced.
    binary : bool
        Whether bytes are written, and not text.

    Yields
    ------
    file

    Raises
    ------
    InputError
        If no file can be made there.
    """
    target = Path(os.path.realpath(path))
    mode, options = ("wb", {}) if binary else ("w", {"encoding": "utf-8", "newline": ""})
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise InputError(f"{path} must be a file, got the directory of this name.")
        with open(target, mode, **options) as device:  # type: ignore[call-overload]
            yield device
        return
    temporary = _make_temporary(target.parent, path)
    try:
        with open(temporary, mode, **options) as file:  # type: ignore[call-overload]
            yield file
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def check_writable(path: str) -> None:
    """Refuse a place where no file can be made.

    Parameters
    ----------
    path : str
        Where a file is to be.

    Raises
    ------
    InputError
        If its directory is absent or may not be written to.
    """
    _make_temporary(Path(path).parent, path).unlink()


def _make_temporary(directory: Path, path: str) -> Path:
    """Make an empty file beside the one to be written, with a name that a later save sweeps up."""
    temporary = directory / f".ekd-{secrets.token_hex(8)}.tmp"
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}); make sure that its directory exists and "
            f"may be written to."
        ) from error
    return temporary
