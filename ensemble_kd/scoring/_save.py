"""From a model to a file that carries its own test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ensemble_kd.bundle import save_bundle
from ensemble_kd.hashing import SALT_BYTES
from ensemble_kd.model import CompactModel
from ensemble_kd.scoring._selftest import make_selftest


def save(
    model: CompactModel,
    path: str | os.PathLike[str],
    *,
    card: str = "",
    name: str | None = None,
    training: Mapping[str, Any] | None = None,
    hash_categories: bool = False,
) -> int:
    """Write a model to one file, with rows that it must answer rightly when it is loaded.

    Parameters
    ----------
    model : CompactModel
        The student.
    path : str or path
        Where to write; a file that is there is replaced once the new one is complete.
    card : str, default=""
        The model card.
    name : str or None, default=None
        Name of the model; None for the file's name without its suffix.
    training : mapping or None, default=None
        Plain values about the training, such as a digest of the data.
    hash_categories : bool, default=False
        Whether to write salted hashes in the place of categories, so that the file names none. A
        row with a category takes some microseconds longer, and the model cannot be exported.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    BundleError
        If the model cannot be held, or the file not be written; an older one stays as it was.
    """
    if hash_categories:
        schema = model.schema.hash_categories(secrets.token_hex(SALT_BYTES))
        model = replace(model, schema=schema)
    return save_bundle(
        model, path, selftest=make_selftest(model), card=card, name=name, training=training
    )
