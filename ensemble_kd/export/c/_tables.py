"""The constant tables of a C file, and how many bytes they take."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.export._decimals import shortest
from ensemble_kd.export.c._text import floats, literal

_TYPES = {
    "f4": "float", "f8": "double", "i1": "int8_t", "i2": "int16_t", "i4": "int32_t",
    "u1": "uint8_t", "u2": "uint16_t", "u4": "uint32_t",
}  # fmt: skip


class Tables:
    """`static const` arrays, one after the other; `@` stands for the model's name.

    Parameters
    ----------
    real : dtype
        Type of edges and thresholds: float64 or float32.

    Attributes
    ----------
    n_bytes : int
        Bytes of the tables so far: what they take in flash.
    """

    def __init__(self, real: np.dtype[Any]) -> None:
        self.real = real
        self._text: list[str] = []
        self.n_bytes = 0

    def add(self, name: str, values: NDArray[Any]) -> None:
        """Add an array under @_name, of the C type that its dtype has."""
        if values.dtype.kind == "f":
            numbers = floats(shortest(values.ravel()), double=values.dtype.itemsize == 8)
        else:
            numbers = [str(value) for value in values.ravel().tolist()]
        self._declare(_TYPES[values.dtype.str[1:]], name, len(numbers), ", ".join(numbers))
        self.n_bytes += values.nbytes

    def add_index(self, name: str, values: NDArray[Any]) -> None:
        """Add whole numbers in the narrowest type that holds them."""
        values = np.asarray(values, dtype=np.int64)
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        kinds = (np.int8, np.int16, np.int32) if low < 0 else (np.uint8, np.uint16, np.uint32)
        fits = (k for k in kinds if low >= np.iinfo(k).min and high <= np.iinfo(k).max)
        self.add(name, values.astype(next(fits)))

    def add_texts(self, name: str, texts: Sequence[str]) -> None:
        """Add strings, counted with the pointers to them as on a machine of 32 bits."""
        rows = ",\n    ".join(literal(text) for text in texts)
        self._text.append(
            f"static const char *const @_{name}[{len(texts)}] = {{\n    {rows}\n}};\n"
        )
        self.n_bytes += sum(len(text.encode("utf-8")) + 1 + 4 for text in texts)

    def source(self) -> str:
        """Return the declarations."""
        return "\n".join(self._text)

    def _declare(self, kind: str, name: str, length: int, values: str) -> None:
        lines = textwrap.fill(values, 96, initial_indent="    ", subsequent_indent="    ")
        self._text.append(f"static const {kind} @_{name}[{length}] = {{\n{lines}\n}};\n")
