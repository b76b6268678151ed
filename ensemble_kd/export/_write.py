"""An export in a file that is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ensemble_kd.bundle import write_atomically
from ensemble_kd.errors import BundleError, InputError


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
        write_atomically(data, Path(path))
    except (OSError, BundleError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path} cannot be written ({reason}); make sure that its directory exists, may be "
            f"written to and has room."
        ) from error
