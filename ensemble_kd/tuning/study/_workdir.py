"""Whose students a study has: a storage may be shared, but the folder of the files must be too."""

from __future__ import annotations

import contextlib
import secrets
import time
from pathlib import Path
from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.files import write_atomically

_ATTRIBUTE, _FILE = "workdir", "workdir.id"
# Seconds in which two searches that begin at once have both written their folder; the last stays.
_SETTLING = 0.5


def claim(study: Any, folder: Path) -> None:
    """Let a study that is kept elsewhere know the workdir of its students, or refuse another one.

    Parameters
    ----------
    study : optuna.study.Study
        Of a search.
    folder : Path
        The workdir.

    Raises
    ------
    InputError
        If they are in another folder.
    """
    own = _id_of(folder)
    if _ATTRIBUTE not in study.user_attrs:
        study.set_user_attr(_ATTRIBUTE, {"id": own, "path": str(folder.absolute())})
        time.sleep(_SETTLING)
    kept = study.user_attrs[_ATTRIBUTE]
    if kept["id"] != own:
        raise InputError(
            f"a search that shares its storage must share its workdir, too: the students of this "
            f"one are in {kept['path']}, got {folder.absolute()}; give the workdir of the study, "
            f"or another storage."
        )


def _id_of(folder: Path) -> str:
    """Return the text that tells a folder from others, whatever machine names it how."""
    path = folder / _FILE
    with contextlib.suppress(FileExistsError), path.open("x") as file:
        file.write(secrets.token_hex(8))
    for _ in range(20):
        if text := path.read_text():
            return text
        time.sleep(0.05)  # another process has just made it
    write_atomically(secrets.token_hex(8).encode(), path)  # and was killed
    return path.read_text()
