"""How a file comes to its place, whatever stands there: whole or not at all."""

from ensemble_kd.files._place import WriteError, write_failure
from ensemble_kd.files._replacing import check_writable, is_replaced, replacing, write_atomically

__all__ = [
    "WriteError",
    "check_writable",
    "is_replaced",
    "replacing",
    "write_atomically",
    "write_failure",
]
