"""An export in a file that is there whole or not at all."""

from __future__ import annotations

import os

from ensemble_kd.errors import InputError
from ensemble_kd.files import write_atomically, write_failure


def write_export(data: bytes, path: str | os.PathLike[str]) -> None:
    """Write `data` to `path`, replacing what was there only once the new file is complete.

    Parameters
    ----------
    data : bytes
        The export.
    path : str or path-like
        The file.

    Raises
    ------
    InputError
        If the file cannot be written; the one that was there before is then as it was.
    """
    try:
        write_atomically(data, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {write_failure(error)}") from error
