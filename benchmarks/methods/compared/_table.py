"""One data set and seed, cut into training and test rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.datasets import Dataset
from ensemble_kd.tasks import BaseTask, task_named


@dataclass(frozen=True)
class Cut:
    """One data set and seed.

    Parameters
    ----------
    name : str
        Of the data set.
    seed : int
        Of the cut, the teacher and the students.
    X, X_test : DataFrame
        Raw rows.
    y, y_test : ndarray
        True targets.
    task : BaseTask
        What is predicted, with the classes of the training rows.
    is_official : bool
        Whether the source fixed the test rows, so that seeds share them.
    """

    name: str
    seed: int
    X: Any
    y: NDArray[Any]
    X_test: Any
    y_test: NDArray[Any]
    task: BaseTask
    is_official: bool

    @property
    def hard(self) -> NDArray[Any]:
        """Index of the true class of each test row, or its true value."""
        return self.task.hard_of(self.y_test, "y_test")


def cut(dataset: Dataset, seed: int, n_train: int, n_test: int) -> Cut:
    """Cut a data set.

    Parameters
    ----------
    dataset : Dataset
        Loaded.
    seed : int
        Of the cut; where the source fixes the test rows, of the training rows alone.
    n_train, n_test : int
        Most rows; without test rows of the source, at most 7 and 3 of ten.

    Returns
    -------
    Cut
        Test rows of classes that no training row has are left out.
    """
    n, y, split = len(dataset.y), dataset.y.to_numpy(), dataset.split
    order = np.random.default_rng(seed).permutation(n)
    if split is None:
        train, test = np.split(order, [min(n_train, n * 7 // 10)])
    else:
        fixed = np.random.default_rng(0).permutation(n)
        train, test = order[split[order] == "train"][:n_train], fixed[split[fixed] == "test"]
    task = task_named(dataset.card.estimator_task).read_target(y[train])[0]
    test = test[task.knows(y[test])][:n_test]
    X, X_test = (dataset.X.iloc[rows].reset_index(drop=True) for rows in (train, test))
    return Cut(dataset.name, seed, X, y[train], X_test, y[test], task, split is not None)


def with_noise(table: Cut, share: float) -> Cut:
    """Return the same with wrong targets of some training rows, drawn evenly.

    Parameters
    ----------
    table : Cut
        It stays as it is.
    share : float
        Of the rows, in [0, 1): another class, or the value of another row.

    Returns
    -------
    Cut
    """
    rng, n = np.random.default_rng([table.seed, 20]), len(table.y)
    wrong = rng.choice(n, round(share * n), replace=False)
    y = table.y.copy()
    if table.task.has_classes:
        hard, k = table.task.hard_of(y[wrong], "y"), table.task.n_outputs
        y[wrong] = table.task.targets((hard + rng.integers(1, k, len(wrong))) % k)
    else:
        y[wrong] = table.y[rng.integers(0, n, len(wrong))]
    return replace(table, y=y)
