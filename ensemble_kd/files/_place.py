"""What stands at a path: a file to replace, something to write through, or what is to be left."""

from __future__ import annotations

import os
import re
import stat

# Links in these are no paths: they lead to what a process has open, or this one has.
_OPEN_FILES = re.compile(r"/proc/\d+(/task/\d+)?/fd")
_OWN_OPEN_FILES = ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")
_MOST_LINKS = 40
_ACL = "system.posix_acl_access"


class WriteError(OSError):
    """A file may not be written, or not be safe yet; the text says why, and what to do."""


def write_failure(error: OSError) -> str:
    """Return why a file could not be written, and the remedy.

    Parameters
    ----------
    error : OSError
        What stopped it.

    Returns
    -------
    str
        Sentences that go on after a colon.
    """
    if isinstance(error, WriteError):
        return str(error)
    return (
        f"{error.strerror or error}; make sure that its directory exists, may be written to and "
        f"has room. A file that was there before is unchanged."
    )


def place_of(path: str | os.PathLike[str]) -> str | int:
    """Return where links lead, or the number of the open file of this process that they lead to.

    Raises
    ------
    WriteError
        If they lead in a circle.
    """
    place = os.path.abspath(os.fsdecode(path))
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(place)
        folder = os.path.realpath(folder)
        place = os.path.join(folder, name)
        if name.isdigit() and folder in map(os.path.realpath, _OWN_OPEN_FILES):
            return int(name)
        if _OPEN_FILES.fullmatch(folder):
            return place
        try:
            place = os.path.join(folder, os.readlink(place))
        except OSError:  # no link, or nothing there
            return place
    raise WriteError("its links lead in a circle; remove them, or write elsewhere.")


def file_at(place: str) -> os.stat_result | None:
    """Return what is known of the regular file at a place, None where there is nothing.

    Raises
    ------
    WriteError
        If it is a directory, or may not be written to.
    """
    try:
        status = os.stat(place)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise WriteError("it must be a file, got the directory of this name; give another path.")
    # The bits alone: root may write everywhere, and a file made read-only is meant to stay.
    if not status.st_mode & 0o222 or not os.access(place, os.W_OK):
        raise WriteError("it is read-only; make it writable (chmod u+w), or write elsewhere.")
    return status


def keep_rights(descriptor: int, place: str, status: os.stat_result) -> None:
    """Give a new file owner, mode and access list of the one that it will replace.

    Raises
    ------
    WriteError
        If the system does not let it.
    """
    if os.name != "posix":
        return
    new = os.fstat(descriptor)
    try:
        if (new.st_uid, new.st_gid) != (status.st_uid, status.st_gid):
            os.fchown(descriptor, status.st_uid, status.st_gid)
        if stat.S_IMODE(new.st_mode) != stat.S_IMODE(status.st_mode):
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        access = _access_list(place)
        if access is not None:
            os.setxattr(descriptor, _ACL, access)
    except OSError as error:
        raise WriteError(
            f"it belongs to user {status.st_uid} and group {status.st_gid}, and its owner and "
            f"rights would not be kept ({error.strerror}); write elsewhere, or remove it first."
        ) from error


def _access_list(place: str) -> bytes | None:
    try:
        return os.getxattr(place, _ACL)
    except (OSError, AttributeError):  # none, or a system that has none
        return None
