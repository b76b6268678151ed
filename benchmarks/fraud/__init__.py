"""Fraud: what a student keeps of its teacher where it counts, beside plain training, LightGBM."""

from ensemble_kd.benchmarks.fraud._methods import DETECTORS, METHODS
from ensemble_kd.benchmarks.fraud._report import report
from ensemble_kd.benchmarks.fraud._run import run_fraud

__all__ = ["DETECTORS", "METHODS", "report", "run_fraud"]
