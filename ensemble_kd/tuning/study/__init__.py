"""A study that several processes share: where it is kept, who works on it, who died at it.

This room knows trials and their states, and nothing of what a trial trains.
"""

from ensemble_kd.tuning.study._pool import Pool
from ensemble_kd.tuning.study._storage import SAMPLERS, StudyPlace, open_storage, quiet
from ensemble_kd.tuning.study._work import ERROR, enqueue, tally
from ensemble_kd.tuning.study._workdir import claim

__all__ = [
    "ERROR",
    "SAMPLERS",
    "Pool",
    "StudyPlace",
    "claim",
    "enqueue",
    "open_storage",
    "quiet",
    "tally",
]
