"""A file signed: its manifest sealed anew as one of version 4, and the signature over it."""

from __future__ import annotations

import os
from pathlib import Path

from ensemble_kd.bundle._archive import pack, unpack
from ensemble_kd.bundle._file import read_file
from ensemble_kd.bundle._json import decode_json, encode_json
from ensemble_kd.bundle._load import parse_bundle
from ensemble_kd.bundle._save import encode_manifest, telling
from ensemble_kd.bundle._table import ALGORITHM, MAX_BYTES, SIGNATURE, SIGNED_VERSION
from ensemble_kd.files import write_atomically
from ensemble_kd.signing import key_id, read_private_key


def sign_bundle(
    path: str | os.PathLike[str],
    key: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
) -> str:
    """Sign a file, so that nobody without the key alters it unseen; its answers stay as they are.

    Parameters
    ----------
    path : str or path
        The file. A signature that it has gives way.
    key : str or path
        The file of a private key, as `ensemble_kd.signing.make_keys` writes it.
    out : str, path or None, default=None
        Where to write; None for the file itself, replaced once the new one is complete.

    Returns
    -------
    str
        The id of the key.

    Raises
    ------
    BundleError
        If the file is not valid, or the new one cannot be written.
    InputError
        If the key cannot be read, or is none.
    """
    private = read_private_key(key)
    by = key_id(private.public_key())
    with telling(f"signing {path}"):
        data = read_file(path, MAX_BYTES)
        parse_bundle(data)
        members = {name: bytes(content) for name, content in unpack(data).items()}
        manifest = decode_json(members["manifest.json"], "manifest.json")
        manifest["format_version"] = max(SIGNED_VERSION, manifest["format_version"])
        manifest["min_reader"] = SIGNED_VERSION
        sealed = members["manifest.json"] = encode_manifest(manifest)
        signature = {"algorithm": ALGORITHM, "key_id": by, "signature": private.sign(sealed).hex()}
        members[SIGNATURE] = encode_json(signature, SIGNATURE)
        signed = pack(members)
        parse_bundle(signed)
        write_atomically(signed, Path(path if out is None else out))
    return by
