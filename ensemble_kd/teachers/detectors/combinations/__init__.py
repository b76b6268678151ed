"""Ways to make one score of those of several detectors."""

from ensemble_kd.teachers.detectors.combinations._base import Combination
from ensemble_kd.teachers.detectors.combinations._maximum import Maximum
from ensemble_kd.teachers.detectors.combinations._mean import Mean
from ensemble_kd.teachers.detectors.combinations._top_half import TopHalf
from ensemble_kd.teachers.detectors.combinations._weighted import Weighted

# `Weighted` needs its weights, so it is given as an object.
COMBINATIONS: dict[str, type[Combination]] = {
    "top_half": TopHalf,
    "mean": Mean,
    "maximum": Maximum,
}

__all__ = ["COMBINATIONS", "Combination", "Maximum", "Mean", "TopHalf", "Weighted"]
