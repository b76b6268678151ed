"""Key files in PEM, as OpenSSL has them: PKCS#8 without a passphrase, and SubjectPublicKeyInfo."""

from __future__ import annotations

import hashlib
import os
from collections import namedtuple

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

MAX_KEY_BYTES = 64 * 1024
ID_DIGITS = 16


class KeyPair(namedtuple("KeyPair", ["private", "public", "id"])):
    """A key to sign with, and the one that tells its signatures.

    Parameters
    ----------
    private, public : str
        The paths of their files.
    id : str
        The name of both: 16 hexadecimal digits.
    """

    __slots__ = ()


def make_keys(stem: str | os.PathLike[str]) -> KeyPair:
    """Make a key to sign with and the one that tells its signatures, each in a file.

    Parameters
    ----------
    stem : str or path
        Where to write: the private key to ``stem.key``, which its owner alone may read, and the
        public one to ``stem.pub``.

    Returns
    -------
    KeyPair
        The paths `private` and `public`, and the key's `id`.

    Raises
    ------
    InputError
        If one of the files is there already, or cannot be written.
    MissingDependencyError
        If cryptography is not installed.
    """
    serialization = _serialization()
    key = _ed25519().Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    pair = KeyPair(f"{os.fspath(stem)}.key", f"{os.fspath(stem)}.pub", key_id(key.public_key()))
    _write_new(pair.private, private, 0o600)
    try:
        _write_new(pair.public, public, 0o644)
    except InputError:
        os.unlink(pair.private)
        raise
    return pair


def key_id(key: Any) -> str:
    """Return the name of a public key: the first digits of the SHA-256 of its 32 bytes.

    Parameters
    ----------
    key : Ed25519PublicKey
        The key.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:ID_DIGITS]


def read_private_key(path: str | os.PathLike[str]) -> Any:
    """Return the key to sign with that a file holds.

    Parameters
    ----------
    path : str or path
        A file as `make_keys` writes it.

    Returns
    -------
    Ed25519PrivateKey

    Raises
    ------
    InputError
        If it cannot be read, or holds something else.
    """
    pem = _read(path)
    try:
        key = _serialization().load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, _unsupported()) as error:
        raise InputError(
            f"the key to sign with must be a PEM file with a private Ed25519 key and no "
            f"passphrase, got {os.fspath(path)!r} ({_first_line(error)}); make one by: ensemble-kd "
            f"keygen."
        ) from error
    return _checked(key, _ed25519().Ed25519PrivateKey, "private", os.fspath(path))


def read_public_key(path_or_pem: str | os.PathLike[str] | bytes) -> Any:
    """Return the key that tells signatures.

    Parameters
    ----------
    path_or_pem : str, path or bytes
        A file as `make_keys` writes it, or its content.

    Returns
    -------
    Ed25519PublicKey

    Raises
    ------
    InputError
        If it cannot be read, or holds something else.
    """
    is_content = isinstance(path_or_pem, bytes)
    pem = path_or_pem if isinstance(path_or_pem, bytes) else _read(path_or_pem)
    name = "bytes" if is_content else repr(os.fspath(path_or_pem))
    try:
        key = _serialization().load_pem_public_key(pem)
    except (ValueError, TypeError, _unsupported()) as error:
        raise InputError(
            f"the key of a signature must be a PEM file with a public Ed25519 key, got {name} "
            f"({_first_line(error)}); give the .pub file of: ensemble-kd keygen."
        ) from error
    return _checked(key, _ed25519().Ed25519PublicKey, "public", name)


def is_signed_by(key: Any, signature: bytes, message: bytes | memoryview) -> bool:
    """Tell whether a key's owner signed the message.

    Parameters
    ----------
    key : Ed25519PublicKey
        The key.
    signature : bytes
        64 bytes.
    message : bytes-like
        What was signed.

    Returns
    -------
    bool
    """
    invalid = require("cryptography.exceptions", extra="sign").InvalidSignature
    try:
        key.verify(signature, bytes(message))
    except invalid:
        return False
    return True


def _ed25519() -> Any:
    return require("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")


def _serialization() -> Any:
    return require("cryptography.hazmat.primitives.serialization", extra="sign")


def _unsupported() -> Any:
    return require("cryptography.exceptions", extra="sign").UnsupportedAlgorithm


def _checked(key: Any, wanted: Any, kind: str, name: str) -> Any:
    if not isinstance(key, wanted):
        raise InputError(
            f"the {kind} key must be of Ed25519, got {type(key).__name__} in {name}; make one by: "
            f"ensemble-kd keygen."
        )
    return key


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")[:80]


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(os.fspath(path), "rb") as file:  # a number would be a descriptor
            return file.read(MAX_KEY_BYTES)
    except (OSError, TypeError, ValueError) as error:
        raise InputError(f"the key {path!r} cannot be read: {error}.") from error


def _write_new(path: str, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise InputError(
            f"a key is never written over, but {path!r} is there; choose another name, or move it."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"the key {path!r} cannot be written: {error}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        os.unlink(path)
        raise InputError(f"the key {path!r} cannot be written: {error}.") from error
