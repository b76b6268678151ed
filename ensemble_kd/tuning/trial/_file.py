"""The exported student: the file that is weighed, timed, judged and handed over."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ensemble_kd.model import CompactModel
from ensemble_kd.rows import RealRows
from ensemble_kd.scoring import save

NAME = "tuned"
# Rows that are timed in turn.
N_TIMED_ROWS = 256


def pack(model: CompactModel, path: str | os.PathLike[str] | None, lines: list[str]) -> bytes:
    """Return the file of a student, written to a path where one is given.

    Parameters
    ----------
    model : CompactModel
        The student.
    path : str, path or None
        Where to write it.
    lines : list of str
        What the model card tells of it.

    Returns
    -------
    bytes
    """
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            return pack(model, Path(folder) / "model.ekd", lines)
    card = "\n".join([f"# Tuned {model.task} model", "", *(f"- {line}" for line in lines), ""])
    save(model, path, card=card, name=NAME)
    return Path(path).read_bytes()


def timed_rows(rows: RealRows) -> list[dict[str, Any]]:
    """Return real rows as dicts of plain values, the same ones each time.

    Parameters
    ----------
    rows : RealRows
        Any of a table.

    Returns
    -------
    list of dict
        At most 256.
    """
    codes = rows.codes[:N_TIMED_ROWS]
    names = rows.schema.names
    return [dict(zip(names, row, strict=True)) for row in rows.schema.decode_rows(codes)]
