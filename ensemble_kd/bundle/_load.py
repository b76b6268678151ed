"""From a file's bytes to a model, in the order in which each step makes the next one safe."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._archive import unpack
from ensemble_kd.bundle._audit import audit_array_forms, audit_model, audit_scalars, audit_selftest
from ensemble_kd.bundle._decision import decision_from_scalars
from ensemble_kd.bundle._file import check_names_and_sizes, read_file
from ensemble_kd.bundle._format import (
    CREATED_FORM,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST_ENTRIES,
    MAX_NAME_LENGTH,
    NEW_SCALARS,
    SelfTest,
    body_from_parts,
    file_forms,
)
from ensemble_kd.bundle._json import check_keys, decode_json, shown
from ensemble_kd.bundle._limits import MAX_BYTES
from ensemble_kd.bundle._tensors import decode_arrays
from ensemble_kd.errors import BundleError, InputError
from ensemble_kd.model import CompactModel
from ensemble_kd.schema import TableSchema

Members = Mapping[str, memoryview]


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
    """

    model: CompactModel
    manifest: dict[str, Any]
    card: str
    selftest: SelfTest
    size_bytes: int


def load_bundle(
    path_or_bytes: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    max_bytes: int = MAX_BYTES,
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

    Returns
    -------
    Bundle
        The model and what came with it.

    Raises
    ------
    BundleError
        If the file cannot be read, is truncated, altered or foreign, needs a newer version, or
        holds a model whose parts do not fit together.
    """
    if isinstance(path_or_bytes, bytes | bytearray | memoryview):
        source = "the bundle in memory"
    else:
        source = str(path_or_bytes)
    try:
        return parse_bundle(read_file(path_or_bytes, max_bytes))
    except BundleError as error:
        raise BundleError(f"{source}: {error}") from error.__cause__


def parse_bundle(data: bytes) -> Bundle:
    """Turn the content of a file into a `Bundle`; see `load_bundle`, which adds the file's name."""
    members = unpack(data)
    check_names_and_sizes(members)
    manifest = _read_manifest(members["manifest.json"])
    _check_digests(members, manifest["files"])
    card = _read_card(members["README.md"])
    schema = _read_schema(members["schema.json"])
    scalars = decode_json(members["model.json"], "model.json")
    audit_scalars(scalars)
    _check_new_scalars(scalars, manifest["min_reader"])
    arrays = decode_arrays(members["model.safetensors"], file_forms(scalars))
    audit_array_forms(arrays, file_forms(scalars))
    calibrator, threshold = decision_from_scalars(scalars)
    model = CompactModel(
        task=manifest["task"],
        schema=schema,
        body=body_from_parts(arrays, scalars),
        classes=tuple(manifest["classes"]),
        calibrator=calibrator,
        threshold=threshold,
    )
    audit_model(model)
    selftest = _read_selftest(members["selftest.json"], model.n_outputs)
    audit_selftest(selftest, model)
    return Bundle(model, manifest, card, selftest, len(data))


# --- the manifest ---------------------------------------------------------------------------------


def _read_manifest(data: memoryview) -> dict[str, Any]:
    manifest = decode_json(data, "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"manifest.json must name the format {FORMAT!r}; this is another's file.")
    _check_version(manifest.get("format_version"), manifest.get("min_reader"))
    if manifest["format_version"] > FORMAT_VERSION:  # its further entries are safe to ignore
        manifest = {name: manifest[name] for name in MANIFEST_ENTRIES if name in manifest}
    check_keys("manifest.json", manifest, MANIFEST_ENTRIES.keys())
    for name, wanted in MANIFEST_ENTRIES.items():
        if not isinstance(manifest[name], wanted):
            raise BundleError(
                f"manifest.json: {name} must be of type {wanted.__name__}, got "
                f"{shown(manifest[name])}."
            )
    _check_labels(manifest)
    return manifest


def _check_version(version: Any, min_reader: Any) -> None:
    if type(version) is not int or type(min_reader) is not int or not 1 <= min_reader <= version:
        raise BundleError(
            f"manifest.json: format_version and min_reader must be whole numbers with 1 <= "
            f"min_reader <= format_version, got {shown(version)} and {shown(min_reader)}."
        )
    if min_reader > FORMAT_VERSION:
        raise BundleError(
            f"the file has format_version {version} and needs a reader of at least {min_reader}; "
            f"this one reads {FORMAT_VERSION}: update ensemble_kd."
        )


def _check_new_scalars(scalars: Mapping[str, Any], min_reader: int) -> None:
    """Refuse a file that an older reader, to which it says it is open, would refuse."""
    for name, version in NEW_SCALARS.items():
        if name in scalars and min_reader < version:
            raise BundleError(
                f"model.json: {name} needs a min_reader of at least {version}, got {min_reader}."
            )


def _check_labels(manifest: Mapping[str, Any]) -> None:
    name, created = manifest["name"], manifest["created"]
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise BundleError(
            f"manifest.json: name must have 1 to {MAX_NAME_LENGTH} printable characters, got "
            f"{shown(name)}."
        )
    if not _is_utc_time(created):
        raise BundleError(
            f"manifest.json: created must be a UTC time like 2026-01-31T12:00:00Z, got "
            f"{shown(created)}."
        )
    for library, version in manifest["libraries"].items():
        if not isinstance(version, str):
            raise BundleError(
                f"manifest.json: the version of {shown(library)} must be a string, got "
                f"{shown(version)}."
            )


def _is_utc_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).strftime(CREATED_FORM) == text
    except ValueError:
        return False


def _check_digests(members: Members, files: Mapping[str, Any]) -> None:
    listed = set(members) - {"manifest.json"}
    if files.keys() != listed:
        raise BundleError(
            f"manifest.json must list the files {sorted(listed)}, got {shown(sorted(files))}."
        )
    for name in sorted(listed):
        wanted = files[name]
        if not isinstance(wanted, dict) or wanted.keys() != {"sha256", "bytes"}:
            raise BundleError(
                f"manifest.json: {name} must have sha256 and bytes, got {shown(wanted)}."
            )
        if type(wanted["bytes"]) is not int or wanted["bytes"] != len(members[name]):
            raise BundleError(
                f"{name} has {len(members[name])} bytes, but the manifest says "
                f"{shown(wanted['bytes'])}: copy the file again."
            )
        digest = hashlib.sha256(members[name]).hexdigest()
        if wanted["sha256"] != digest:
            raise BundleError(
                f"{name} was altered: its SHA-256 is {digest}, but the manifest says "
                f"{shown(wanted['sha256'])}; get the file again from its source."
            )


# --- the other members ----------------------------------------------------------------------------


def _read_card(data: memoryview) -> str:
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"README.md must be UTF-8 text: {error}.") from error


def _read_schema(data: memoryview) -> TableSchema:
    entries = decode_json(data, "schema.json")
    try:
        schema = TableSchema.from_dict(entries)
    except InputError as error:
        raise BundleError(f"schema.json: {error}") from error
    if schema.to_dict() != entries:
        raise BundleError("schema.json must hold the entries of this format and no others.")
    return schema


def _read_selftest(data: memoryview, n_outputs: int) -> SelfTest:
    entries = decode_json(data, "selftest.json")
    if not isinstance(entries, dict) or entries.keys() != {"rows", "expected", "tolerance"}:
        raise BundleError("selftest.json must hold rows, expected and tolerance, and nothing else.")
    rows, tolerance = entries["rows"], entries["tolerance"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BundleError("selftest.json: rows must be a list of lists.")
    if type(tolerance) not in (int, float):
        raise BundleError(f"selftest.json: tolerance must be a number, got {shown(tolerance)}.")
    return SelfTest(
        rows=tuple(tuple(row) for row in rows),
        expected=_read_expected(entries["expected"], n_outputs),
        tolerance=float(tolerance),
    )


def _read_expected(value: Any, n_outputs: int) -> NDArray[np.float64]:
    if not isinstance(value, list) or not all(
        isinstance(row, list)
        and len(row) == n_outputs
        and all(type(number) in (int, float) for number in row)
        for row in value
    ):
        raise BundleError(
            f"selftest.json: expected must be a list of lists of {n_outputs} number(s) each."
        )
    expected = np.array(value, dtype=np.float64).reshape(len(value), n_outputs)
    expected.flags.writeable = False
    return expected
