"""Compress a tabular ensemble into one small, fast model, and say what was lost."""

from ensemble_kd.errors import EnsembleKDError

__version__ = "0.1.0"
__all__ = ["EnsembleKDError"]
