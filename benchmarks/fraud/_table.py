"""A data set with rare rows, cut into rows to learn from and rows to ask about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ensemble_kd.datasets import load_dataset
from ensemble_kd.errors import InputError
from ensemble_kd.tasks import Classification

DATASETS = ("creditcard_ulb_sub", "nsl_kdd", "sales_fraud", "give_me_some_credit", "lending_club")
# Those on which detectors learn, without labels: the six largest.
WITHOUT_LABELS = (
    "ad_http", "ad_smtp", "ad_aloi", "ad_shuttle", "ad_campaign", "ad_mammography",
)  # fmt: skip
TEST_SHARE = 0.4
MAX_TRAIN, MAX_TEST, MAX_UNLABELED = 10_000, 30_000, 20_000
# Rows that detectors learn from.
MAX_NORMAL = 5_000


@dataclass(frozen=True)
class FraudTable:
    """One data set, cut.

    Parameters
    ----------
    name : str
        Name of the data set.
    seed : int
        Of the cut, the teacher and the students.
    X_train, X_test : DataFrame
        Raw rows.
    y_train, y_test : ndarray of int
        1 for the positive class.
    X_unlabeled : DataFrame or None
        Further rows, which nobody has looked into.
    split : {"official", "random"}
        Who cut it.
    has_labels : bool
        Whether methods may learn the classes; else detectors learn the rows alone.
    """

    name: str
    seed: int
    X_train: pd.DataFrame
    y_train: NDArray[np.int64]
    X_test: pd.DataFrame
    y_test: NDArray[np.int64]
    X_unlabeled: pd.DataFrame | None
    split: str
    has_labels: bool

    @property
    def is_kept(self) -> NDArray[np.bool_]:
        """Which of the test rows choose thresholds, drawn by lot; the others are fresh."""
        kept = np.zeros(len(self.y_test), dtype=bool)
        kept[np.random.default_rng(self.seed).permutation(len(kept))[: len(kept) // 2]] = True
        return kept


def read_fraud_table(
    name: str, seed: int, data_dir: str | None = None, max_train: int = MAX_TRAIN
) -> FraudTable:
    """Return a data set cut by its source, or at random by class.

    Parameters
    ----------
    name : str
        Name of the data set.
    seed : int
        Of the cut.
    data_dir : str or None, default=None
        Folder of the local data sets.
    max_train : int, default=10_000
        Most training rows; of detectors never more than 5,000.

    Raises
    ------
    InputError
        If it has no two classes.
    """
    dataset = load_dataset(name, data_dir=data_dir)
    has_labels = name not in WITHOUT_LABELS
    max_train = max_train if has_labels else min(max_train, MAX_NORMAL)
    labels = np.asarray(dataset.y)
    if len(np.unique(labels)) != 2:
        raise InputError(f"data sets of fraud have two classes, got {name!r}.")
    _, y = Classification().read_target(labels)
    rows = np.arange(len(y))
    if dataset.split is None:
        train, test = train_test_split(rows, test_size=TEST_SHARE, random_state=seed, stratify=y)
    else:
        part = np.asarray(dataset.split)
        train, test = rows[part == "train"], rows[part == "test"]
    train, test = (_at_most(part, y, most, seed)
                   for part, most in ((train, max_train), (test, MAX_TEST)))  # fmt: skip
    X_train, X_test = (dataset.X.iloc[part].reset_index(drop=True) for part in (train, test))
    unlabeled = dataset.unlabeled
    if unlabeled is not None and len(unlabeled) > MAX_UNLABELED:
        unlabeled = unlabeled.sample(MAX_UNLABELED, random_state=seed).reset_index(drop=True)
    return FraudTable(
        name, seed, X_train, y[train], X_test, y[test], unlabeled,
        "random" if dataset.split is None else "official", has_labels,
    )  # fmt: skip


def _at_most(
    rows: NDArray[np.int64], y: NDArray[np.int64], most: int, seed: int
) -> NDArray[np.int64]:
    if len(rows) > most:
        rows, _ = train_test_split(rows, train_size=most, random_state=seed, stratify=y[rows])
    return np.sort(rows)
