"""The salted hash that stands for a category in a model file; section 9.3 of the format's page."""

from __future__ import annotations

# Of hashlib's, which would load OpenSSL first; the names are those of Python 3.12 and of 3.11.
try:
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from hashlib import sha256

SALT_BYTES, HASH_BYTES = 16, 16
# Of a whole number: no category has more.
_MOST_BITS = 1100


def category_hash(salt: str, value: str | float) -> str:
    """Return what stands for a category; values that count as equal have one hash.

    Parameters
    ----------
    salt : str
        32 hexadecimal digits.
    value : str, int, float or bool
        The category, a plain value of Python.

    Returns
    -------
    str
        32 hexadecimal digits; of a number that no file can hold, none.

    Examples
    --------
    >>> salt = "00" * 16
    >>> category_hash(salt, 1) == category_hash(salt, 1.0) == category_hash(salt, True)
    True
    >>> category_hash(salt, "1") == category_hash(salt, 1)
    False
    """
    if isinstance(value, str):
        text = f"s{value}"
    elif isinstance(value, int) or float.is_integer(value):
        if abs(value) >= 2**_MOST_BITS:
            return ""
        text = f"n{int(value)}"
    else:
        import struct

        text = f"f{struct.pack('>d', value).hex()}"
    # A lone surrogate, which a text of Python may hold, as the three bytes that stand for it.
    data = bytes.fromhex(salt) + text.encode("utf-8", "surrogatepass")
    return str(sha256(data).hexdigest()[: 2 * HASH_BYTES])
