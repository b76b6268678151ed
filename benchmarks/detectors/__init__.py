"""Detectors, their ensemble, its student and rivals on tables with abnormal rows."""

from ensemble_kd.benchmarks.detectors._goals import Goal, check_goals
from ensemble_kd.benchmarks.detectors._report import report
from ensemble_kd.benchmarks.detectors._run import run_detectors

__all__ = ["Goal", "check_goals", "report", "run_detectors"]
