"""What `manifest.json` says: what the file is, for whom, and the digests of the other members."""

from __future__ import annotations

# Python's own digest, by its names in 3.12 and in 3.11.
try:
    from _sha2 import sha256 as _built_in  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256 as _built_in  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        _built_in = None

from ensemble_kd.bundle._json import check_keys, check_types, decode_json, is_hex, shown
from ensemble_kd.bundle._table import (
    DIGEST_DIGITS,
    FILE_ENTRIES,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST_ENTRIES,
    MAX_NAME_LENGTH,
    OWN_DIGEST,
    SIGNATURE,
    SIGNED_VERSION,
    TASK_OF_LABELS,
    TASK_WITH_CLASSES,
    TASKS,
)
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_PLAIN = (str, int, float, bool)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# From so many bytes on, the digest of OpenSSL is worth the 2 ms that loading it takes.
_LARGE = 1024 * 1024


def read_manifest(members: Mapping[str, memoryview]) -> dict[str, Any]:
    """Return the manifest, which the lengths and digests of the other members agree with.

    Parameters
    ----------
    members : mapping of str to memoryview
        All that there are, by name.

    Returns
    -------
    dict
        Without entries of a later version, and without its own digest.

    Raises
    ------
    BundleError
        If it is not as the format says, or a member is not as it says.
    """
    manifest = decode_json(members["manifest.json"], "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"manifest.json must name the format {FORMAT!r}; this is another's file.")
    _check_version(manifest.get("format_version"), manifest.get("min_reader"))
    if manifest["format_version"] > FORMAT_VERSION:  # its further entries are safe to ignore
        manifest = {name: manifest[name] for name in MANIFEST_ENTRIES if name in manifest}
    check_keys("manifest.json", manifest, MANIFEST_ENTRIES.keys())
    check_types("manifest.json", manifest, MANIFEST_ENTRIES)
    _check_own_digest(members["manifest.json"], manifest)
    _check_labels(manifest)
    _check_classes(manifest["task"], manifest["classes"])
    _check_digests(members, manifest["files"])
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


def _check_own_digest(data: memoryview, manifest: Mapping[str, Any]) -> None:
    """Check the digest of the manifest itself, and take it out, as it tells nothing of training."""
    training = manifest["training"]
    if OWN_DIGEST not in training:
        if manifest["min_reader"] >= SIGNED_VERSION:
            raise BundleError(
                f"manifest.json: training must hold {OWN_DIGEST!r}, which is missing."
            )
        return
    wanted, text = training.pop(OWN_DIGEST), bytes(data)
    if not is_hex(wanted, DIGEST_DIGITS) or text.count(wanted.encode("ascii")) != 1:
        raise BundleError(
            f"manifest.json: {OWN_DIGEST} must be {DIGEST_DIGITS} hexadecimal digits that stand in "
            f"it once, got {shown(wanted)}."
        )
    digest = _sha256(text.replace(wanted.encode("ascii"), b"0" * DIGEST_DIGITS))
    if wanted != digest:
        raise BundleError(
            f"manifest.json was altered: its SHA-256 is {digest}, but it says {wanted}; get the "
            f"file again from its source."
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
    """Tell it without datetime, which takes as long to import as a bundle to read."""
    digits = [text[a:b] for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))]
    if not all(part.isascii() and part.isdigit() for part in digits):
        return False
    if "{}-{}-{}T{}:{}:{}Z".format(*digits) != text:
        return False
    year, month, day, hour, minute, second = map(int, digits)
    if not (year >= 1 and 1 <= month <= 12):
        return False
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    n_days = _DAYS[month - 1] + (month == 2 and is_leap)
    return 1 <= day <= n_days and hour < 24 and minute < 60 and second < 60


def _check_classes(task: str, classes: list[Any]) -> None:
    if task not in TASKS:
        raise BundleError(
            f"task must be {', '.join(TASKS[:-1])} or {TASKS[-1]}, got {shown(task)}."
        )
    for label in classes:
        if type(label) not in _PLAIN:
            raise BundleError(
                f"a class must be a plain string, number or boolean, got {shown(label)}."
            )
    if len(set(classes)) != len(classes):
        raise BundleError(f"classes must be unique, got {shown(classes)}.")
    has_classes = task in (TASK_WITH_CLASSES, TASK_OF_LABELS)
    if not has_classes and classes:
        raise BundleError(f"the task {task} has no classes, got {shown(classes)}.")
    if has_classes and len(classes) < 2:
        raise BundleError(f"a {task} needs at least two classes, got {shown(classes)}.")


def _check_digests(members: Mapping[str, memoryview], files: Mapping[str, Any]) -> None:
    listed = members.keys() - {"manifest.json", SIGNATURE}
    if files.keys() != listed:
        raise BundleError(
            f"manifest.json must list the files {sorted(listed)}, got {shown(sorted(files))}."
        )
    for name in sorted(listed):
        wanted, content = files[name], members[name]
        if not isinstance(wanted, dict) or wanted.keys() != FILE_ENTRIES.keys():
            raise BundleError(
                f"manifest.json: {name} must have sha256 and bytes, got {shown(wanted)}."
            )
        if type(wanted["bytes"]) is not int or wanted["bytes"] != len(content):
            raise BundleError(
                f"{name} has {len(content)} bytes, but the manifest says "
                f"{shown(wanted['bytes'])}: copy the file again."
            )
        digest = _sha256(content)
        if wanted["sha256"] != digest:
            raise BundleError(
                f"{name} was altered: its SHA-256 is {digest}, but the manifest says "
                f"{shown(wanted['sha256'])}; get the file again from its source."
            )


def _sha256(content: bytes | memoryview) -> str:
    if _built_in is not None and len(content) < _LARGE:
        return str(_built_in(content).hexdigest())
    from hashlib import sha256

    return sha256(content).hexdigest()
