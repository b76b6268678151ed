"""What the card of a data set says, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from ensemble_kd.model import Task as EstimatorTask

Task = Literal["binary", "multiclass", "regression", "anomaly"]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression", "anomaly")
TWO_CLASS_TASKS: tuple[Task, ...] = ("binary", "anomaly")
# What the estimators call each of them.
ESTIMATOR_TASKS: dict[Task, EstimatorTask] = {
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "anomaly": "classification",
}


@dataclass(frozen=True)
class Positive:
    """Which label of the target becomes 1, and what it stands for."""

    label: int
    meaning: str


@dataclass(frozen=True)
class BundledSource:
    """A table that comes with scikit-learn; ``loader`` names the function of sklearn.datasets."""

    loader: str

    @property
    def checked(self) -> tuple[str, ...]:
        """The keys of the card's checksum table."""
        return ("arrays",)


@dataclass(frozen=True)
class LocalSource:
    """File names in the data folder: the table and its side files.

    Parameters
    ----------
    file : str
        The table, the target among its columns.
    split : str or None
        One column ``split`` of ``train`` and ``test``, row by row as the table.
    unlabeled : str or None
        Further rows without a target.
    attack, groups : str or None
        Row by row as the table, for analysis; `load_dataset` does not read them.
    """

    file: str
    split: str | None = None
    unlabeled: str | None = None
    attack: str | None = None
    groups: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """File name by role, absent roles left out."""
        roles = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {role: file for role, file in roles if file is not None}

    @property
    def checked(self) -> tuple[str, ...]:
        """The keys of the card's checksum table."""
        return tuple(self.files)


@dataclass(frozen=True)
class OpenMLSource:
    """The data set on OpenML; ``note`` says how it differs from the local copy."""

    id: int
    target: str
    note: str
    positive: str | None = None


@dataclass(frozen=True)
class PackageSource:
    """A CSV file inside an installed package, which brings it for its own examples.

    Parameters
    ----------
    module : str
        The package; its folder is looked up, and nothing of it is imported.
    file : str
        Path inside the package.
    target : str
        Target column of the file.
    extra : str
        The extra of this package that installs it.
    """

    module: str
    file: str
    target: str
    extra: str


@dataclass(frozen=True)
class DatasetCard:
    """All that is known of a data set before it is loaded.

    Parameters
    ----------
    name, title : str
        Name to load it by, and name to print.
    task : {"binary", "multiclass", "regression", "anomaly"}
        What is predicted.
    target : str
        Target column of the table.
    source, licence : str
        Where the data comes from, and the terms of the original as commonly stated.
    n_rows, n_numeric, n_categorical : int
        Labelled rows, and features of each kind.
    note : str
        Traps: leakage, samples, duplicates, official splits.
    load : BundledSource or LocalSource
        How it is loaded.
    checksum : Mapping of str to str
        SHA-256 by role: ``arrays``, or one for each file, ``package`` that of an installed one.
    positive : Positive or None
        The positive label (binary and anomaly tasks alone).
    package : PackageSource or None
        Which package brings the same rows, to be read where no local file is.
    openml : OpenMLSource or None
        Where OpenML has it; None when it does not or that is not certain.
    """

    name: str
    title: str
    task: Task
    target: str
    source: str
    licence: str
    n_rows: int
    n_numeric: int
    n_categorical: int
    note: str
    load: BundledSource | LocalSource
    checksum: Mapping[str, str]
    positive: Positive | None = None
    package: PackageSource | None = None
    openml: OpenMLSource | None = None

    @property
    def checked(self) -> tuple[str, ...]:
        """The keys of the checksum table."""
        return (*self.load.checked, *(("package",) if self.package is not None else ()))

    @property
    def two_classes(self) -> bool:
        """Whether the target is 0 or 1, with 1 for the positive label."""
        return self.task in TWO_CLASS_TASKS

    @property
    def estimator_task(self) -> EstimatorTask:
        """What the estimators call the task."""
        return ESTIMATOR_TASKS[self.task]
