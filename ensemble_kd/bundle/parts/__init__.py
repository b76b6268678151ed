"""The parts of a file, checked in form without numpy: what both readers begin with."""

from ensemble_kd.bundle.parts._arrays import check_shapes
from ensemble_kd.bundle.parts._read import Parts, read_parts
from ensemble_kd.bundle.parts._scalars import (
    check_calibrator,
    check_scalars,
    link_of,
    number_of_sums,
)
from ensemble_kd.bundle.parts._selftest import check_answers

__all__ = [
    "Parts",
    "check_answers",
    "check_calibrator",
    "check_scalars",
    "check_shapes",
    "link_of",
    "number_of_sums",
    "read_parts",
]
