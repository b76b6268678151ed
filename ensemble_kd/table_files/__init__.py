"""Tables in files: CSV and Parquet, read whole or in typed chunks, and written whole or not at all.

CSV takes numpy alone to be read in chunks; a whole table takes pandas, and Parquet pyarrow.
"""

from ensemble_kd.table_files._chunks import Chunk, read_chunks
from ensemble_kd.table_files._frame import read_frame
from ensemble_kd.table_files._kinds import check_column, separator_hint
from ensemble_kd.table_files._sinks import STDOUT, SinkFormat, arrow_type, open_sink, sink_format

__all__ = [
    "STDOUT",
    "Chunk",
    "SinkFormat",
    "arrow_type",
    "check_column",
    "open_sink",
    "read_chunks",
    "read_frame",
    "separator_hint",
    "sink_format",
]
