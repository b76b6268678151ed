"""Public data sets for benchmarks: a card each, and one function that loads any of them."""

from ensemble_kd.datasets._card import ESTIMATOR_TASKS, DatasetCard, Task
from ensemble_kd.datasets._catalogue import list_datasets, read_card
from ensemble_kd.datasets._load import Dataset, load_dataset
from ensemble_kd.datasets._own import own_dataset

__all__ = [
    "ESTIMATOR_TASKS",
    "Dataset",
    "DatasetCard",
    "Task",
    "list_datasets",
    "load_dataset",
    "own_dataset",
    "read_card",
]
