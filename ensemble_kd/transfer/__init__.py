"""Synthesizers: new rows, like the real ones, for the teacher to label."""

from ensemble_kd.transfer._base import Synthesizer
from ensemble_kd.transfer._marginals import MarginalSynthesizer
from ensemble_kd.transfer._munge import MungeSynthesizer

__all__ = ["MarginalSynthesizer", "MungeSynthesizer", "Synthesizer"]
