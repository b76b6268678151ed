"""The model as one C99 file for small machines."""

from ensemble_kd.export.c._source import CSource, build_c, export_c
from ensemble_kd.export.c._text import macro_name

__all__ = ["CSource", "build_c", "export_c", "macro_name"]
