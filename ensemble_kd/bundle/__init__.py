"""One file for one student: write it whole or not at all, read it only after checking it.

Each name is loaded when it is first used, so that the archive can be read without numpy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

    from ensemble_kd.bundle._format import FORMAT_VERSION, SelfTest
    from ensemble_kd.bundle._limits import MAX_BYTES
    from ensemble_kd.bundle._load import Bundle, load_bundle
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

_HOMES = {
    "FORMAT_VERSION": "_format",
    "SelfTest": "_format",
    "MAX_BYTES": "_limits",
    "Bundle": "_load",
    "load_bundle": "_load",
    "save_bundle": "_save",
    "stored_bytes": "_save",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ensemble_kd.bundle' has no attribute {name!r}")
    import importlib  # here, as most of a cold start is imports

    return getattr(importlib.import_module(f"ensemble_kd.bundle.{_HOMES[name]}"), name)
