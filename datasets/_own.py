"""A table of one's own, as the benchmark takes data sets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.datasets._card import DatasetCard, LocalSource, Task
from ensemble_kd.datasets._load import Dataset

if TYPE_CHECKING:
    import pandas as pd


def own_dataset(name: str, X: pd.DataFrame, y: Any, target: str, *, has_classes: bool) -> Dataset:
    """Return a table as a data set.

    Parameters
    ----------
    name : str
        To tell it by; what is no letter, digit, dot or hyphen becomes "_".
    X : DataFrame of shape (n_samples, n_features)
        Features.
    y : array of shape (n_samples,)
        Targets, none of them missing: labels, or values.
    target : str
        Name of their column.
    has_classes : bool
        Whether they are labels; of two, the second in sorted order is the positive one.

    Returns
    -------
    Dataset
    """
    import pandas as pd

    y = np.asarray(y)
    task: Task = "regression"
    if has_classes:
        labels, codes = np.unique(y, return_inverse=True)
        task = "binary" if len(labels) == 2 else "multiclass"
        y = codes if task == "binary" else y
    else:
        y = y.astype(np.float64)
    name = re.sub(r"[^\w.-]+", "_", name)
    n_numeric = X.select_dtypes("number").shape[1]
    card = DatasetCard(
        name, name, task, target, "a table of one's own", "", len(y), n_numeric,
        X.shape[1] - n_numeric, "", LocalSource(name), {},
    )  # fmt: skip
    return Dataset(name, task, X, pd.Series(y, name=target), card, None, None, "local")
