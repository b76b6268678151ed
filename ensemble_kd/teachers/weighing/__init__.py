"""How members become one: which have a weight, how sharp each is, what is made of them."""

from ensemble_kd.teachers.weighing._blending import (
    Blend,
    find_blend,
    member_temperatures,
    sharpen,
)
from ensemble_kd.teachers.weighing._selection import (
    MOST_COMPARED,
    cross_fitted_responses,
    greedy_weights,
    some_of,
)
from ensemble_kd.teachers.weighing._weighing import Weighing

__all__ = [
    "MOST_COMPARED",
    "Blend",
    "Weighing",
    "cross_fitted_responses",
    "find_blend",
    "greedy_weights",
    "member_temperatures",
    "sharpen",
    "some_of",
]
