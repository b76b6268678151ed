"""Scales on which scores of different detectors can be compared."""

from ensemble_kd.teachers.detectors.scales._asinh import AsinhScale
from ensemble_kd.teachers.detectors.scales._base import Scale
from ensemble_kd.teachers.detectors.scales._probit import ProbitScale
from ensemble_kd.teachers.detectors.scales._rank import RankScale
from ensemble_kd.teachers.detectors.scales._unscaled import NoScale

SCALES: dict[str, type[Scale]] = {
    "asinh": AsinhScale,
    "rank": RankScale,
    "probit": ProbitScale,
    "none": NoScale,
}

__all__ = ["SCALES", "AsinhScale", "NoScale", "ProbitScale", "RankScale", "Scale"]
