"""The models written by hand for the tests of the bundle, and what they are written with."""

import importlib.util
from pathlib import Path

# tests/ is no package, so that the folder beside this one is found by its place.
_spec = importlib.util.spec_from_file_location(
    "hand_made_bundles", Path(__file__).parents[1] / "bundle" / "hand_made.py"
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

MODELS, SCHEMA, f32, f64, i32 = (
    getattr(_module, name) for name in ("MODELS", "SCHEMA", "f32", "f64", "i32")
)
