"""What a file may hold: how many bytes, how many knots a curve, and which task has classes."""

from __future__ import annotations

_KIB, _MIB = 1024, 1024 * 1024

# The one task whose files name classes.
TASK_WITH_CLASSES = "classification"
MAX_BYTES = 256 * _MIB
MAX_TENSOR_HEADER_BYTES = 1 * _MIB
# Of a calibrator's curve, so that it fits in model.json.
MAX_KNOTS = 1024
# Every member there may be, all required, and the most bytes it may have. Parsed JSON takes many
# times its length in memory, so those members have narrow limits; the arrays have that of the file.
MEMBER_MAX_BYTES: dict[str, int | None] = {
    "README.md": 4 * _MIB,
    "manifest.json": 1 * _MIB,
    "model.json": 64 * _KIB,
    "model.safetensors": None,
    "schema.json": 16 * _MIB,
    "selftest.json": 16 * _MIB,
}
