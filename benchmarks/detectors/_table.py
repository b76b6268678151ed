"""A data set as detectors see it: rows to learn from without labels, and rows to ask about."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ensemble_kd.datasets import Dataset, list_datasets, load_dataset
from ensemble_kd.rows import EncodedTable
from ensemble_kd.students import MOST_COLUMNS, telling_columns
from ensemble_kd.teachers.detectors import DetectorEnsemble

# A table of inspected sales reports has few columns and thousands of names: no row is far out.
LEFT_OUT = ("sales_fraud",)
TEST_SHARE = 0.4
MAX_TRAIN, MAX_TEST = 5_000, 10_000
# Attacks that the training part of NSL-KDD has (Tavallaee et al. 2009, Table V).
SEEN_ATTACKS = (
    *("back", "buffer_overflow", "ftp_write", "guess_passwd", "imap", "ipsweep", "land"),
    *("loadmodule", "multihop", "neptune", "nmap", "normal", "perl", "phf", "pod", "portsweep"),
    *("rootkit", "satan", "smurf", "spy", "teardrop", "warezclient", "warezmaster"),
)


@dataclass(frozen=True)
class DetectorTable:
    """One data set, cut into rows to learn from and rows to ask about.

    Parameters
    ----------
    name : str
        Name of the data set.
    seed : int
        Of the cut, the detectors and the students.
    X_train, X_test : DataFrame
        Raw rows.
    X_usual : DataFrame
        Rows like the training ones, which nothing was fitted on, to find what score is unusual: the
        test rows, or where the source fixed these, others of the training part.
    abnormal : ndarray of shape (n_test,), bool, or None
        Which test rows are abnormal; None where nobody knows. No method learns from it.
    new_kinds : ndarray of shape (n_test,), bool, or None
        Which of them are so in a way that no training row is; None where nobody knows.
    n_given : int
        Columns that the data set has; `X_train` has fewer where those were chosen.
    split : {"official", "random"}
        Whether the source fixed the test rows.
    """

    name: str
    seed: int
    X_train: Any
    X_test: Any
    X_usual: Any
    abnormal: NDArray[np.bool_] | None
    new_kinds: NDArray[np.bool_] | None
    n_given: int
    split: str

    @property
    def n_columns(self) -> int:
        """Number of columns that are looked at."""
        return int(self.X_train.shape[1])


def usual_datasets() -> list[str]:
    """Return the names of the data sets with abnormal rows, those with a fixed split last."""
    names = [name for name in list_datasets("anomaly") if name not in LEFT_OUT]
    return sorted(names, key=lambda name: (not name.startswith("ad_"), name))


def read_detector_table(
    name: str,
    seed: int = 0,
    data_dir: str | None = None,
    max_train: int = MAX_TRAIN,
    max_test: int = MAX_TEST,
) -> DetectorTable:
    """Load and cut a data set.

    Parameters
    ----------
    name : str
        Name of the data set; one without two classes has no labels.
    seed : int, default=0
        Of the cut.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    max_train, max_test : int, default=5000 and 10000
        Most rows; random samples are kept, abnormal rows in their share.

    Returns
    -------
    DetectorTable
        Of a wider table than a student takes the columns that tell most of the detectors' scores.
    """
    dataset = load_dataset(name, data_dir)
    labels = dataset.y.to_numpy() if dataset.card.two_classes else None
    rows = np.arange(len(dataset.y))
    if dataset.split is not None:
        train, test = rows[dataset.split == "train"], rows[dataset.split == "test"]
    else:
        train, test = _cut(rows, labels, TEST_SHARE, seed)
    pool, train = train, _at_most(train, labels, max_train, seed)
    test = _at_most(test, labels, max_test, seed)
    X_train, X_test = (dataset.X.iloc[part].reset_index(drop=True) for part in (train, test))
    X_usual = X_test
    if dataset.split is not None and len(train) < len(pool):
        others = _at_most(np.setdiff1d(pool, train), labels, max_test, seed)
        X_usual = dataset.X.iloc[others].reset_index(drop=True)
    if X_train.shape[1] > MOST_COLUMNS:
        chosen = _telling(X_train, seed)
        X_train, X_test, X_usual = (X[chosen] for X in (X_train, X_test, X_usual))
    attacks = _attacks(dataset, data_dir)
    return DetectorTable(
        name,
        seed,
        X_train,
        X_test,
        X_usual,
        None if labels is None else labels[test] == 1,
        None if attacks is None else ~np.isin(attacks[test], SEEN_ATTACKS),
        dataset.X.shape[1],
        "random" if dataset.split is None else "official",
    )


def _cut(
    rows: NDArray[np.int64], labels: NDArray[Any] | None, size: float | int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    strata = None if labels is None else labels[rows]
    rest, part = train_test_split(rows, test_size=size, random_state=seed, stratify=strata)
    return np.sort(rest), np.sort(part)


def _at_most(
    rows: NDArray[np.int64], labels: NDArray[Any] | None, most: int, seed: int
) -> NDArray[np.int64]:
    return rows if len(rows) <= most else _cut(rows, labels, most, seed)[1]


def _telling(X: pd.DataFrame, seed: int) -> list[str]:
    """Return the columns to keep, in their order: those that say most about the whole table."""
    read = EncodedTable.read(X)
    scores = DetectorEnsemble(random_state=seed).fit(X).fit_scores_
    best = telling_columns(read.codes, read.schema, scores, MOST_COLUMNS)
    return [column for column in X.columns if column in set(best)]


def _attacks(dataset: Dataset, data_dir: str | None) -> NDArray[Any] | None:
    """Return the name of each row's attack, where the source tells those of test rows."""
    file = getattr(dataset.card.load, "attack", None)
    folder = data_dir or os.environ.get("ENSEMBLE_KD_DATA")
    if file is None or not folder or dataset.origin != "local":
        return None
    attack = pd.read_parquet(Path(folder) / file)
    names: NDArray[Any] = attack.iloc[:, 0].astype(object).to_numpy()
    return names
