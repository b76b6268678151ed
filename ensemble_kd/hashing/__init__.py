"""Salted hashes that stand for categories; it needs neither numpy nor the rest of the package."""

from ensemble_kd.hashing._category import HASH_BYTES, SALT_BYTES, category_hash

__all__ = ["HASH_BYTES", "SALT_BYTES", "category_hash"]
