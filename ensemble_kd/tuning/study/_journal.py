"""A journal whose writer was cut off, by a power failure or a full disk, goes on all the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ensemble_kd.errors import InputError, warn

# How each record of Optuna's begins.
_BEGINNING = b'{"op_code":'


def mend_journal(path: Path, lock: Any) -> None:
    """Cut a journal back to its last whole record, with a warning.

    What follows a torn record, of a writer that did not see it, cannot be read either: records
    count the ones before them.

    Parameters
    ----------
    path : Path
        The journal; it need not be there.
    lock : optuna.storages.journal.BaseJournalFileLock
        Of its writers.

    Raises
    ------
    InputError
        If the file is no journal.
    """
    if not path.exists() or _whole(path) == path.stat().st_size:
        return
    lock.acquire()  # what seemed torn may have been a record on its way
    try:
        n_whole, n_bytes = _whole(path), path.stat().st_size
        if not n_whole:
            _check_is_journal(path)
        os.truncate(path, n_whole)
    finally:
        lock.release()
    if n_whole < n_bytes:
        warn(
            f"the journal {path} was cut off while a record was written: its last "
            f"{n_bytes - n_whole} bytes are dropped, and the search goes on from the record before."
        )


def _whole(path: Path) -> int:
    """Return how many bytes the whole records at the beginning take."""
    n_bytes = 0
    with path.open("rb") as file:
        for line in file:
            if not _is_record(line):
                break
            n_bytes += len(line)
    return n_bytes


def _is_record(line: bytes) -> bool:
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(record, dict) and "op_code" in record


def _check_is_journal(path: Path) -> None:
    with path.open("rb") as file:
        begins = file.read(len(_BEGINNING)).rstrip(b"\0")
    if not _BEGINNING.startswith(begins):
        raise InputError(
            f"storage must be a journal of Optuna's or a new file, got {str(path)!r}, which is "
            f"neither; give another path."
        )
