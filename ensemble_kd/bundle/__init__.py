"""One file for one student: write it whole or not at all, read it only after checking it.

Each name is loaded when it is first used, so that the archive can be read without numpy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

    from ensemble_kd.bundle._decision import (
        decision_from_scalars,
        decision_scalars,
        several_values,
    )
    from ensemble_kd.bundle._file import read_file
    from ensemble_kd.bundle._format import SelfTest, body_from_parts, body_to_parts
    from ensemble_kd.bundle._json import shown
    from ensemble_kd.bundle._load import Bundle, load_bundle
    from ensemble_kd.bundle._plain_storage import expand_all
    from ensemble_kd.bundle._save import save_bundle, stored_bytes
    from ensemble_kd.bundle._sign import sign_bundle
    from ensemble_kd.bundle._table import FORMAT_VERSION, MAX_BYTES
    from ensemble_kd.bundle.parts import Parts, check_answers, link_of, read_parts
    from ensemble_kd.files import write_atomically

_NAMES = {
    "_decision": ["decision_from_scalars", "decision_scalars", "several_values"],
    "_file": ["read_file"],
    "_format": ["SelfTest", "body_from_parts", "body_to_parts"],
    "_json": ["shown"],
    "_load": ["Bundle", "load_bundle"],
    "_plain_storage": ["expand_all"],
    "_save": ["save_bundle", "stored_bytes", "write_atomically"],
    "_sign": ["sign_bundle"],
    "_table": ["FORMAT_VERSION", "MAX_BYTES"],
    "parts": ["Parts", "check_answers", "link_of", "read_parts"],
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = [
    "FORMAT_VERSION",
    "MAX_BYTES",
    "Bundle",
    "Parts",
    "SelfTest",
    "body_from_parts",
    "body_to_parts",
    "check_answers",
    "decision_from_scalars",
    "decision_scalars",
    "expand_all",
    "link_of",
    "load_bundle",
    "read_file",
    "read_parts",
    "save_bundle",
    "several_values",
    "shown",
    "sign_bundle",
    "stored_bytes",
    "write_atomically",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ensemble_kd.bundle' has no attribute {name!r}")
    # Not by importlib: most of a cold start is imports.
    return getattr(__import__(f"ensemble_kd.bundle.{_HOMES[name]}", fromlist=[name]), name)
