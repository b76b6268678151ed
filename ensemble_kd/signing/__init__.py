"""Ed25519 keys: made, read from files, and asked what they signed; needs the extra `sign`."""

from ensemble_kd.signing._keys import (
    KeyPair,
    is_signed_by,
    key_id,
    make_keys,
    read_private_key,
    read_public_key,
)

__all__ = [
    "KeyPair",
    "is_signed_by",
    "key_id",
    "make_keys",
    "read_private_key",
    "read_public_key",
]
