"""How good a student is beside its teacher, plain training and rivals, and what it costs."""

from ensemble_kd.benchmarks.quality._objective import measure, split_dataset
from ensemble_kd.benchmarks.quality._run import DEFAULT_MAX_TRAIN, run_benchmark
from ensemble_kd.benchmarks.quality.methods import METHODS

__all__ = ["DEFAULT_MAX_TRAIN", "METHODS", "measure", "run_benchmark", "split_dataset"]
