"""The member `manifest.sig`: who vouches for the manifest, and by its digests for all of the file.

Both readers ask it before they parse anything else. A file may be signed without the reader's
asking; whose signature it then is, nobody has checked.
"""

from __future__ import annotations

from ensemble_kd.bundle._json import check_keys, decode_json, is_hex, shown
from ensemble_kd.bundle._table import ALGORITHM, SIGNATURE, SIGNATURE_DIGITS
from ensemble_kd.errors import BundleError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any


def read_signature(
    members: Mapping[str, memoryview], required: str | os.PathLike[str] | bytes | None
) -> str | None:
    """Return the id of the key that the file says it is signed by, or refuse the file.

    Parameters
    ----------
    members : mapping of str to memoryview
        Content by name.
    required : str, path, bytes or None
        The public key whose signature the file must have; None asks for none, and checks the form
        alone of one that is there.

    Returns
    -------
    str or None
        None where there is no signature.

    Raises
    ------
    BundleError
        If the signature is of another form, or not the one that is required.
    InputError
        If `required` is no public key.
    """
    entries = _entries(members[SIGNATURE]) if SIGNATURE in members else None
    if required is not None:
        _check(entries, members["manifest.json"], required)
    return None if entries is None else str(entries["key_id"])


def _entries(data: memoryview) -> dict[str, Any]:
    entries: dict[str, Any] = decode_json(data, SIGNATURE)
    check_keys(SIGNATURE, entries, {"algorithm", *SIGNATURE_DIGITS})
    if entries["algorithm"] != ALGORITHM:
        raise BundleError(
            f"{SIGNATURE}: algorithm must be {ALGORITHM!r}, got {shown(entries['algorithm'])}."
        )
    for name, n_digits in SIGNATURE_DIGITS.items():
        if not is_hex(entries[name], n_digits):
            raise BundleError(
                f"{SIGNATURE}: {name} must be {n_digits} hexadecimal digits, got "
                f"{shown(entries[name])}."
            )
    return entries


def _check(entries: dict[str, Any] | None, manifest: memoryview, required: Any) -> None:
    # Here, as most files are read without it.
    from ensemble_kd.signing import is_signed_by, key_id, read_public_key

    key = read_public_key(required)
    wanted = key_id(key)
    if entries is None:
        raise BundleError(
            f"the file must be signed by the key {wanted}, got no signature; get the signed file "
            f"from its source."
        )
    if entries["key_id"] != wanted:
        raise BundleError(
            f"the file must be signed by the key {wanted}, got a signature of the key "
            f"{entries['key_id']}; get the file from its source, or give that key if you trust it."
        )
    if not is_signed_by(key, bytes.fromhex(entries["signature"]), manifest):
        raise BundleError(
            f"the signature of the key {wanted} does not fit manifest.json, which was altered or "
            f"signed by another key; get the file again from its source."
        )
