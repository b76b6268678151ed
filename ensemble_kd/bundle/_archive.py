"""Members to one ZIP file and back, in the one form a bundle has: every byte is accounted for.

A reader of ZIP files usually trusts the directory at the end and overlooks what it does not
mention. Here the members are walked from the first byte, and the directory must then be exactly the
one that follows from them, so nothing can be hidden, prefixed, appended, overlapped or inflated.
"""

from __future__ import annotations

import struct
import zlib
from collections import namedtuple
from collections.abc import Mapping

from ensemble_kd.bundle._table import MAX_MEMBERS
from ensemble_kd.errors import BundleError

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

_ZIP_VERSION = 20
_MADE_ON_UNIX = (3 << 8) | _ZIP_VERSION
_DATE_1980_01_01 = (1 << 5) | 1
_REGULAR_FILE_0644 = 0o100644 << 16


# Not typing.NamedTuple: importing typing takes as long as reading a bundle.
_Entry = namedtuple("_Entry", ["name", "crc", "size", "offset"])


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file of stored members, sorted by name; the same members give the same bytes.

    Parameters
    ----------
    members : mapping of str to bytes
        ASCII names and contents; less than 4 GiB in all.

    Returns
    -------
    bytes
        The file.
    """
    parts: list[bytes] = []
    entries: list[_Entry] = []
    offset = 0
    for name, content in sorted(members.items()):
        entry = _Entry(name.encode("ascii"), zlib.crc32(content), len(content), offset)
        header = _local_header(entry)
        parts += [header, content]
        entries.append(entry)
        offset += len(header) + len(content)
    return b"".join([*parts, _directory(entries, offset)])


def unpack(data: bytes) -> dict[str, memoryview]:
    """Return the members of the file that `pack` wrote, as views of `data`.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    dict of str to memoryview
        Contents by name, in the order of the file. Names are decoded, not judged.

    Raises
    ------
    BundleError
        If the file is truncated, has anything before, between or after its members, or a member
        is compressed, encrypted, damaged or named twice.
    """
    if not data:
        raise BundleError("the file is empty: copy it again.")
    if not data.startswith(_LOCAL_MARK[: len(data)]):
        raise BundleError(
            f"not a bundle: it must begin with {_LOCAL_MARK!r}, got {bytes(data[:4])!r}; give a "
            f"file that ensemble_kd saved."
        )
    view = memoryview(data)
    members: dict[str, memoryview] = {}
    entries: list[_Entry] = []
    offset = 0
    while data[offset : offset + 4] == _LOCAL_MARK:
        if len(entries) == MAX_MEMBERS:
            raise BundleError(f"a bundle has at most {MAX_MEMBERS} members, got more.")
        entry, start = _read_entry(data, offset)
        name = entry.name.decode("ascii")
        content = view[start : start + entry.size]
        if name in members:
            raise BundleError(f"member names must be unique, got {name!r} more than once.")
        if zlib.crc32(content) != entry.crc:
            raise BundleError(f"{name} is damaged: its CRC-32 does not match; copy the file again.")
        members[name] = content
        entries.append(entry)
        offset = start + entry.size
    _check_directory(data[offset:], _directory(entries, offset), len(data))
    return members


def _local_header(entry: _Entry) -> bytes:
    fields = (_ZIP_VERSION, 0, 0, 0, _DATE_1980_01_01, entry.crc, entry.size, entry.size)
    return _LOCAL.pack(_LOCAL_MARK, *fields, len(entry.name), 0) + entry.name


def _directory(entries: list[_Entry], offset: int) -> bytes:
    directory = b"".join(
        _CENTRAL.pack(
            _CENTRAL_MARK,
            *(_MADE_ON_UNIX, _ZIP_VERSION, 0, 0, 0, _DATE_1980_01_01),
            *(entry.crc, entry.size, entry.size, len(entry.name), 0, 0, 0, 0),
            *(_REGULAR_FILE_0644, entry.offset),
        )
        + entry.name
        for entry in entries
    )
    n = len(entries)
    return directory + _END.pack(_END_MARK, 0, 0, n, n, len(directory), offset, 0)


def _read_entry(data: bytes, offset: int) -> tuple[_Entry, int]:
    """Return the entry whose header stands at `offset`, and where its content begins."""
    _check_length(data, offset + _LOCAL.size, "the header of a member")
    _, _, flags, method, _, _, crc, packed, size, n_name, _ = _LOCAL.unpack_from(data, offset)
    start = offset + _LOCAL.size + n_name
    _check_length(data, start, "the name of a member")
    entry = _Entry(bytes(data[start - n_name : start]), crc, size, offset)
    label = ascii(entry.name.decode("ascii", "backslashreplace"))
    if not entry.name.isascii():
        raise BundleError(f"member names must be ASCII, got {label}.")
    if flags & 1:
        raise BundleError(
            f"members must not be encrypted, got {label} with ZIP flags {flags:#06x}."
        )
    if method != 0:
        raise BundleError(
            f"members must be stored, not compressed, got {label} by method {method}."
        )
    if packed != size:
        raise BundleError(
            f"a stored member has one size, got {packed} and {size} bytes for {label}."
        )
    if data[offset:start] != _local_header(entry):
        raise BundleError(
            f"the ZIP header of {label} must be plain (version 2.0, no flags, no extra field, "
            f"dated 1980-01-01); this is a file of another program, or was packed anew by one."
        )
    _check_length(data, start + size, label)
    return entry, start


def _check_length(data: bytes, needed: int, where: str) -> None:
    if len(data) < needed:
        raise BundleError(
            f"the file ends after {len(data)} of at least {needed} bytes, inside {where}: copy it "
            f"again."
        )


def _check_directory(tail: bytes, expected: bytes, n_bytes: int) -> None:
    if tail == expected:
        return
    whole = n_bytes - len(tail) + len(expected)
    if _LOCAL_MARK.startswith(tail) or expected.startswith(tail):
        raise BundleError(
            f"the file ends after {n_bytes} of at least {whole} bytes: copy it again."
        )
    if tail.startswith(expected):
        raise BundleError(
            f"the file must end with its ZIP directory, got {n_bytes - whole} more bytes after it."
        )
    raise BundleError(
        "the ZIP directory must list the members as they lie in the file; this one hides, "
        "overlaps, renames or misplaces one, or holds a comment."
    )
