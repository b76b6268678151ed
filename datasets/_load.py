"""How a data set is loaded: find the source, check it, code the target."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ensemble_kd.datasets._card import BundledSource, DatasetCard, Task
from ensemble_kd.datasets._catalogue import read_card
from ensemble_kd.datasets._sources import (
    RawTable,
    fetch_from_openml,
    installed_file,
    local_remedy,
    read_bundled,
    read_installed,
    read_local,
)
from ensemble_kd.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Origin = Literal["sklearn", "local", "package", "openml"]

DATA_DIR_VARIABLE = "ENSEMBLE_KD_DATA"


@dataclass(frozen=True)
class Dataset:
    """A loaded data set.

    Parameters
    ----------
    name : str
        Name of its card.
    task : {"binary", "multiclass", "regression", "anomaly"}
        What is predicted.
    X : DataFrame of shape (n_samples, n_features)
        The features with the types of the source: numbers, and categories where it has them.
    y : Series of shape (n_samples,)
        0 or 1, with 1 for the positive label (binary, anomaly); the labels of the source
        (multiclass); float64 (regression).
    card : DatasetCard
        Source, licence and traps.
    split : ndarray of shape (n_samples,) or None
        ``"train"`` or ``"test"`` where the source fixes it.
    unlabeled : DataFrame of shape (n_unlabeled, n_features) or None
        Further rows whose target is unknown.
    origin : {"sklearn", "local", "package", "openml"}
        Where the rows were read. Figures from "local" and "openml" rows are not to be compared
        where the card's ``openml.note`` tells of a difference.
    """

    name: str
    task: Task
    X: pd.DataFrame
    y: pd.Series
    card: DatasetCard
    split: np.ndarray | None
    unlabeled: pd.DataFrame | None
    origin: Origin


def load_dataset(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    openml_cache: str | os.PathLike[str] | None = None,
    verify: bool = True,
) -> Dataset:
    """Load a data set: from scikit-learn, a local folder, an installed package, else from OpenML.

    Parameters
    ----------
    name : str
        Name of the data set, as `list_datasets` gives it.
    data_dir : path or None, default=None
        Folder of the local Parquet files; None reads the variable ``ENSEMBLE_KD_DATA``.
    openml_cache : path or None, default=None
        Folder where OpenML's files are kept; None leaves it to scikit-learn.
    verify : bool, default=True
        Compare bundled arrays and files with the card's SHA-256. What OpenML sends is
        compared with the MD5 that OpenML states, in either case.

    Returns
    -------
    Dataset
        Features, target and card.

    Raises
    ------
    InputError
        If the name or the folder is unknown, a checksum differs, OpenML cannot be reached, or
        the data is nowhere to be had.
    MissingDependencyError
        If pandas, scikit-learn or pyarrow is not installed.

    Examples
    --------
    >>> from ensemble_kd.datasets import load_dataset
    >>> wine = load_dataset("wine")
    >>> wine.task, wine.X.shape, wine.origin
    ('multiclass', (178, 13), 'sklearn')
    """
    card = read_card(name)
    origin, table = _read_table(card, data_dir, openml_cache, verify)
    y = _code_target(card, table)
    return Dataset(card.name, card.task, table.X, y, card, table.split, table.unlabeled, origin)


def _read_table(
    card: DatasetCard,
    data_dir: str | os.PathLike[str] | None,
    openml_cache: str | os.PathLike[str] | None,
    verify: bool,
) -> tuple[Origin, RawTable]:
    if isinstance(card.load, BundledSource):
        return "sklearn", read_bundled(card, card.load, verify)
    folder = _data_folder(data_dir)
    if folder is not None and (folder / card.load.file).is_file():
        return "local", read_local(card, card.load, folder, verify)
    installed = None if card.package is None else installed_file(card.package)
    if card.package is not None and installed is not None:
        return "package", read_installed(card, card.package, installed, verify)
    if card.openml is not None:
        cache = None if openml_cache is None else Path(openml_cache)
        return "openml", fetch_from_openml(card, card.openml, cache)
    where = f"not in {folder}" if folder is not None else "sought in no folder, as none is named"
    raise InputError(
        f"The data set {card.name!r} must be at hand, got {card.load.file} {where}, and its card "
        f"names no copy on OpenML. Remedy: {local_remedy(card)}. Source: {card.source}"
    )


def _data_folder(data_dir: str | os.PathLike[str] | None) -> Path | None:
    """Return the folder that the caller or the environment names; a mistyped one is an error."""
    named_by = "data_dir" if data_dir is not None else f"the variable {DATA_DIR_VARIABLE}"
    folder = data_dir if data_dir is not None else os.environ.get(DATA_DIR_VARIABLE)
    if not folder:
        return None
    if not Path(folder).is_dir():
        raise InputError(f"{named_by} must name a folder, got {os.fspath(folder)!r}. Create it.")
    return Path(folder)


def _code_target(card: DatasetCard, table: RawTable) -> pd.Series:
    """Name the target after the card; 0/1 for two classes, float64 for regression."""
    y = table.y.rename(card.target)
    if y.isna().any():
        raise InputError(
            f"The target of {card.name!r} must have no missing value, got {int(y.isna().sum())}. "
            "Use the copy that the card describes."
        )
    if card.task == "regression":
        return y.astype(np.float64)
    if not card.two_classes:
        return y
    labels = sorted(y.unique().tolist())
    if len(labels) != 2 or table.positive not in labels:
        raise InputError(
            f"The target of {card.name!r} must hold two labels, {table.positive!r} the positive "
            f"one, got {labels[:5]}. Use the copy that the card describes."
        )
    return (y == table.positive).astype(np.int64)
