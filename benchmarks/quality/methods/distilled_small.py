"""The distilled network in a quarter of the bytes."""

from __future__ import annotations

from typing import Any

from ensemble_kd.benchmarks.quality.methods._base import Shared, TaskData
from ensemble_kd.benchmarks.quality.methods._student import StudentMethod
from ensemble_kd.students import MLPStudent

# With 30 columns such a file takes less than 64 kB as float32, and less than 24 kB as int8.
MAX_BYTES = 48_000


class DistilledSmall(StudentMethod):
    """The default student, distilled from the shared teacher, in at most 48 kB."""

    name = "distilled_small"
    label = "distilled, 48 kB"
    family = "mlp"
    distilled = True

    def candidates(self, data: TaskData, shared: Shared) -> list[Any]:
        """Return the small network alone."""
        return [MLPStudent(max_bytes=MAX_BYTES)]
