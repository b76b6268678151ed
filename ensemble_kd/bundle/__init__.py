"""One file for one student: write it whole or not at all, read it only after checking it."""

from ensemble_kd.bundle._format import FORMAT_VERSION, SelfTest
from ensemble_kd.bundle._load import MAX_BYTES, Bundle, load_bundle
from ensemble_kd.bundle._save import save_bundle, stored_bytes

__all__ = [
    "FORMAT_VERSION",
    "MAX_BYTES",
    "Bundle",
    "SelfTest",
    "load_bundle",
    "save_bundle",
    "stored_bytes",
]
