"""From a model to a file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import safetensors

from ensemble_kd._version import __version__
from ensemble_kd.bundle._archive import pack
from ensemble_kd.bundle._audit import audit_array_forms
from ensemble_kd.bundle._decision import decision_scalars, policy_content, several_values
from ensemble_kd.bundle._format import SelfTest, body_to_parts
from ensemble_kd.bundle._json import encode_json
from ensemble_kd.bundle._load import parse_bundle
from ensemble_kd.bundle._reasons import reasons_to_dict
from ensemble_kd.bundle._table import (
    DIGEST_DIGITS,
    FORMAT,
    MAX_BYTES,
    OWN_DIGEST,
    PLACES_VERSION,
    POLICY,
    REASONS,
    file_forms,
    version_of,
)
from ensemble_kd.bundle.arrays import encode_arrays
from ensemble_kd.bundle.parts import check_scalars
from ensemble_kd.errors import BundleError
from ensemble_kd.files import write_atomically, write_failure
from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord

_CREATED_FORM = "%Y-%m-%dT%H:%M:%SZ"


def save_bundle(
    model: CompactModel,
    path: str | os.PathLike[str],
    *,
    selftest: SelfTest,
    card: str = "",
    name: str | None = None,
    training: Mapping[str, Any] | None = None,
    created: str | None = None,
) -> int:
    """Write a model to one file, replacing what was there only once the new file is complete.

    Links are followed, and a file that is replaced hands on its owner and rights. The content is
    read back and checked before anything is written, so a saved bundle loads. The same arguments,
    under the same library versions, give the same bytes.

    Parameters
    ----------
    model : CompactModel
        The student.
    path : str or path-like
        Where to write, by custom ``*.ekd``. The directory must exist.
    selftest : SelfTest
        Rows with known answers.
    card : str, default=""
        The model card. YAML front matter is put before it unless it begins with its own.
    name : str or None, default=None
        Name of the model; None for the file's name without its suffix.
    training : mapping or None, default=None
        Plain values about the training, such as a digest of the data.
    created : str or None, default=None
        UTC time like ``2026-01-31T12:00:00Z``; None for now.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    BundleError
        If a part of the model does not fit the others or cannot be held, or if the file cannot be
        written; the file that was there before is then as it was.
    """
    with telling(f"saving {path}"):
        target = Path(path)
        about = {
            "name": target.stem if name is None else name,
            "created": datetime.now(UTC).strftime(_CREATED_FORM) if created is None else created,
            "training": {} if training is None else dict(training),
        }
        data = _bundle_bytes(model, selftest, card, about)
        parse_bundle(data)
        write_atomically(data, target)
    return len(data)


@contextlib.contextmanager
def telling(doing: str) -> Iterator[None]:
    """Put what was being done before the message, and tell any failure as one of the file.

    Parameters
    ----------
    doing : str
        Such as "saving model.ekd".
    """
    try:
        yield
    except BundleError as error:
        raise BundleError(f"{doing}: {error}") from error.__cause__
    except OSError as error:
        raise BundleError(f"{doing}: {write_failure(error)}") from error
    except (TypeError, ValueError) as error:
        raise BundleError(f"{doing}: {error}.") from error


def stored_bytes(body: MLPRecord | TreesRecord) -> int:
    """Return the bytes that a student's arrays take in a bundle, their header among them.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The student.

    Returns
    -------
    int
        Length of `model.safetensors`.
    """
    return len(encode_arrays(body_to_parts(body)[0]))


# --- content --------------------------------------------------------------------------------------


def _bundle_bytes(
    model: CompactModel, selftest: SelfTest, card: str, about: dict[str, Any]
) -> bytes:
    """Return the file; `about` is what its manifest says of name, time and training."""
    arrays, scalars = body_to_parts(model.body)
    scalars |= decision_scalars(model) | several_values(model)
    check_scalars(scalars)
    audit_array_forms(arrays, file_forms(scalars))
    schema = model.schema.to_dict()
    version = version_of(scalars, schema, has_policy=model.policy is not None)
    expected = np.asarray(selftest.expected, dtype=np.float64).tolist()
    promised = {"rows": selftest.rows, "expected": expected, "tolerance": selftest.tolerance}
    files = {
        "README.md": _with_front_matter(card, model).encode("utf-8"),
        "model.json": encode_json(scalars, "model.json"),
        "model.safetensors": encode_arrays(arrays),
        "schema.json": encode_json(schema, "schema.json", compact=True),
        "selftest.json": encode_json(promised, "selftest.json", compact=True),
    }
    if model.reasons is not None:
        version = max(version, PLACES_VERSION)
        files[REASONS] = encode_json(reasons_to_dict(model.reasons), REASONS, compact=True)
    if model.policy is not None:
        files[POLICY] = encode_json(policy_content(model.policy), POLICY, compact=True)
    manifest = about | {
        "format": FORMAT,
        "format_version": version,
        "min_reader": version,
        "task": model.task,
        "classes": model.classes,
        "files": {
            file: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for file, content in files.items()
        },
        "libraries": _library_versions(),
    }
    files["manifest.json"] = encode_manifest(manifest)
    n_bytes = sum(len(content) for content in files.values())
    if n_bytes > MAX_BYTES:
        raise BundleError(f"a bundle must have at most {MAX_BYTES} bytes, got {n_bytes}.")
    return pack(files)


def encode_manifest(manifest: Mapping[str, Any]) -> bytes:
    """Return the content of `manifest.json`, its own digest in it.

    Parameters
    ----------
    manifest : mapping
        Its entries.

    Returns
    -------
    bytes
    """

    def encoded(digest: str) -> bytes:
        training = {**manifest["training"], OWN_DIGEST: digest}
        return encode_json({**manifest, "training": training}, "manifest.json")

    return encoded(hashlib.sha256(encoded("0" * DIGEST_DIGITS)).hexdigest())


def _with_front_matter(card: str, model: CompactModel) -> str:
    if card.startswith("---\n"):
        return card
    return (
        "---\n"
        "library_name: ensemble_kd\n"
        f"pipeline_tag: {_pipeline_tag(model)}\n"
        "tags:\n- tabular\n- knowledge-distillation\n"
        "---\n"
        f"{card}"
    )


def _pipeline_tag(model: CompactModel) -> str:
    if model.is_detector:
        return "other"
    return f"tabular-{'classification' if model.classes else 'regression'}"


def _library_versions() -> dict[str, str]:
    return {
        "ensemble_kd": __version__,
        "numpy": np.__version__,
        "safetensors": safetensors.__version__,
    }
