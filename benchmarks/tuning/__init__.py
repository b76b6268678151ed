"""Tuned students beside budgets and default: ``python -m ensemble_kd.benchmarks.tuning``."""
