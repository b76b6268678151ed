"""Where a result may be written, and whose fault it is when that fails."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ensemble_kd.errors import BundleError, EnsembleKDError, InputError
from ensemble_kd.files import check_writable

if TYPE_CHECKING:
    from ensemble_kd.bundle import Bundle
    from ensemble_kd.cli._console import Console
    from ensemble_kd.model import CompactModel


@contextlib.contextmanager
def told_of(flag: str) -> Iterator[None]:
    """Put the option's name before a message that begins with its value."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{flag} {error}") from error


def check_out(out: str, *inputs: str | None) -> None:
    """Refuse a place where a model file could not be saved, before hours are spent on it.

    Raises
    ------
    InputError
        If `out` is a directory, a device, an input, stdout, or cannot be written to.
    """
    check_is_no_input(out, *inputs)
    target = Path(out)
    if not 1 <= len(target.stem) <= 200 or not target.stem.isprintable():
        raise InputError(f"--out must have a name of 1 to 200 printable characters, got {out!r}.")
    with contextlib.suppress(OSError):  # nothing is there, or can be
        status = target.stat()
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            raise InputError(f"--out must be a file or a pipe, got {out!r}, a device.")
        if _is_stdout(status):
            raise InputError(
                f"--out must not be stdout, where the command tells what it did, got {out!r}; "
                f"give a file or a named pipe."
            )
    with told_of("--out"):
        check_writable(out)


def _is_stdout(status: os.stat_result) -> bool:
    with contextlib.suppress(OSError):  # it may be closed
        return os.path.samestat(status, os.fstat(1))
    return False


def check_is_no_input(out: str, *inputs: str | None) -> None:
    """Refuse to write over a file that is read.

    Raises
    ------
    InputError
        If `out` is one of `inputs`.
    """
    for path in inputs:
        with contextlib.suppress(OSError):
            if path is not None and os.path.samefile(out, path):
                raise InputError(f"--out must not be a file that is read, got {out!r}.")


def note_unsigned(bundle: Bundle | None, console: Console) -> None:
    """Say that what became of a signed file is not signed."""
    if bundle is not None and bundle.key_id is not None:
        console.note(
            f"the new file is not signed, as the one read is, by the key {bundle.key_id}; sign it "
            "by: ensemble-kd sign."
        )


@contextlib.contextmanager
def saving() -> Iterator[None]:
    """Tell a failure to write as one of the disk or the data, not of a file that was given."""
    try:
        yield
    except BundleError as error:
        raise EnsembleKDError(str(error)) from error


def save_again(
    bundle: Bundle | None,
    model: CompactModel,
    out: str,
    *,
    note: str = "",
    training: Mapping[str, Any] | None = None,
) -> int:
    """Write what became of a model that came from a file, under its name; return the bytes.

    Parameters
    ----------
    bundle : Bundle
        The file that it came from.
    model : CompactModel
        The model.
    out : str
        Where to write.
    note : str, default=""
        Text to add to the model card.
    training : mapping or None, default=None
        Facts to add to those of the training.
    """
    from ensemble_kd.scoring import save

    assert bundle is not None
    with saving():
        return save(
            model,
            out,
            card=bundle.card.rstrip("\n") + f"\n\n{note}" if note else bundle.card,
            name=bundle.manifest["name"],
            training=bundle.manifest["training"] | dict(training or {}),
        )
