"""Named places of the format: what a file may hold that this reader does not serve yet."""

from __future__ import annotations

from ensemble_kd.bundle._table import PLACES_VERSION, WAITING
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from collections.abc import Iterable


def refuse_waiting(where: str, names: Iterable[str]) -> None:
    """Refuse a file that uses a place which waits for its reader, in words that say what it is.

    Parameters
    ----------
    where : str
        A key of `WAITING`.
    names : iterable of str
        What the file has there.

    Raises
    ------
    BundleError
        If one of them is such a place.
    """
    waiting = WAITING[where]
    for name in names:
        if name in waiting:
            raise BundleError(
                f"the file holds {waiting[name]} ({where}: {name}), a place of format version "
                f"{PLACES_VERSION} that this version of ensemble_kd does not serve yet: update "
                f"ensemble_kd."
            )
