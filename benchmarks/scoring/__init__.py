"""What one answer costs, beside its rivals: ``python -m ensemble_kd.benchmarks.scoring``."""
