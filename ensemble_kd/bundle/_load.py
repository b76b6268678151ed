"""From a file to a model in numpy's arrays, once its parts and their items were checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ensemble_kd.bundle._audit import audit_model
from ensemble_kd.bundle._decision import decision_from_scalars, policy_from_content
from ensemble_kd.bundle._file import read_file
from ensemble_kd.bundle._format import SelfTest, body_from_parts
from ensemble_kd.bundle._reasons import reasons_from_dict
from ensemble_kd.bundle._table import MAX_BYTES, file_forms
from ensemble_kd.bundle.arrays import arrays_from_views
from ensemble_kd.bundle.parts import read_parts
from ensemble_kd.errors import BundleError
from ensemble_kd.model import CompactModel
from ensemble_kd.schema import TableSchema


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds, checked.

    Parameters
    ----------
    model : CompactModel
        The student; its arrays are read-only.
    manifest : dict
        What `manifest.json` holds: name, created, task, classes, files, libraries, training, ...
    card : str
        The model card, front matter included.
    selftest : SelfTest
        Rows with known answers, not yet scored.
    size_bytes : int
        Size of the file in bytes.
    key_id : str or None, default=None
        The key that the file says it is signed by; checked only where a signature was required.
    """

    model: CompactModel
    manifest: dict[str, Any]
    card: str
    selftest: SelfTest
    size_bytes: int
    key_id: str | None = None


def load_bundle(
    path_or_bytes: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    max_bytes: int = MAX_BYTES,
    require_signature: str | os.PathLike[str] | bytes | None = None,
) -> Bundle:
    """Read a bundle, and refuse it before use if anything about it is wrong.

    Nothing is unpickled, imported by name, or written to disk. The self-test is checked in form but
    not scored: that needs the runtime.

    Parameters
    ----------
    path_or_bytes : str, path-like or bytes-like
        A path, or the content of the file itself.
    max_bytes : int, default=268435456
        Largest file to read, in bytes.
    require_signature : str, path, bytes or None, default=None
        A public key, as a file or its content, whose signature the file must have. None reads a
        file with or without one.

    Returns
    -------
    Bundle
        The model and what came with it.

    Raises
    ------
    BundleError
        If the file cannot be read, is truncated, altered or foreign, needs a newer version, or
        holds a model whose parts do not fit together; or if a signature is required, and there is
        none, or another's, or the file was altered since.
    InputError
        If `require_signature` is no public key.
    """
    is_path = isinstance(path_or_bytes, str | os.PathLike)
    source = str(path_or_bytes) if is_path else "the bundle in memory"
    try:
        return parse_bundle(read_file(path_or_bytes, max_bytes), require_signature)
    except BundleError as error:
        raise BundleError(f"{source}: {error}") from error.__cause__
    except MemoryError as error:
        raise BundleError(f"{source}: there is not enough memory for it.") from error


def parse_bundle(
    data: bytes, require_signature: str | os.PathLike[str] | bytes | None = None
) -> Bundle:
    """Turn the content of a file into a `Bundle`; see `load_bundle`, which adds the file's name."""
    parts = read_parts(data, require_signature)
    scalars, forms = parts.scalars, file_forms(parts.scalars)
    model = CompactModel(
        task=parts.manifest["task"],
        schema=TableSchema.from_dict(parts.schema),
        body=body_from_parts(arrays_from_views(parts.arrays, forms), scalars),
        classes=tuple(parts.manifest["classes"]),
        reasons=None if parts.reasons is None else reasons_from_dict(parts.reasons),
        policy=None if parts.policy is None else policy_from_content(parts.policy),
        **decision_from_scalars(scalars),
    )
    audit_model(model)
    expected = np.array(parts.selftest["expected"], dtype=np.float64)
    expected = expected.reshape(-1, model.n_outputs)
    expected.flags.writeable = False
    selftest = SelfTest(
        rows=tuple(map(tuple, parts.selftest["rows"])),
        expected=expected,
        tolerance=float(parts.selftest["tolerance"]),
    )
    return Bundle(model, parts.manifest, parts.card, selftest, len(data), parts.key_id)
