"""Where a table comes from: scikit-learn, a folder of Parquet files, a package, or OpenML."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.datasets._card import (
    BundledSource,
    DatasetCard,
    LocalSource,
    OpenMLSource,
    PackageSource,
)
from ensemble_kd.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# The raw units are part of the file; scaling is computed on load and differs in the last digit.
_LOADER_OPTIONS: dict[str, dict[str, Any]] = {"load_diabetes": {"scaled": False}}


@dataclass(frozen=True)
class RawTable:
    """A table as its source gives it, the target not yet coded."""

    X: pd.DataFrame
    y: pd.Series
    positive: object = None
    split: np.ndarray | None = None
    unlabeled: pd.DataFrame | None = None


def read_bundled(card: DatasetCard, source: BundledSource, verify: bool) -> RawTable:
    """Read a table that scikit-learn brings along; ``verify`` compares its values' checksum."""
    require("pandas", extra="train")
    loaders = require("sklearn.datasets", extra="train")
    options = _LOADER_OPTIONS.get(source.loader, {})
    frame = getattr(loaders, source.loader)(as_frame=True, **options).frame
    if verify:
        received = arrays_sha256(frame)
        if received != card.checksum["arrays"]:
            raise InputError(
                f"The arrays of sklearn.datasets.{source.loader} must have the SHA-256 "
                f"{card.checksum['arrays']}, got {received}. Another version of scikit-learn may "
                "ship other values; pass verify=False to accept them."
            )
    return _split_target(card, frame)


def read_local(card: DatasetCard, source: LocalSource, folder: Path, verify: bool) -> RawTable:
    """Read the table and its side files; ``verify`` compares each file's checksum first."""
    pandas = require("pandas", extra="train")
    require("pyarrow", extra="tables")

    def read(role: str) -> pd.DataFrame:
        path = folder / source.files[role]
        if not path.is_file():
            raise InputError(
                f"The data set {card.name!r} needs the side file {path.name}, which is not in "
                f"{folder}. Put it beside {source.file}."
            )
        if verify:
            _check_file(path, card.checksum[role])
        return pandas.read_parquet(path, engine="pyarrow")

    table = _split_target(card, read("file"))
    split = None
    if source.split is not None:
        split = read("split")["split"].astype(str).to_numpy(dtype=np.str_)
        if len(split) != len(table.X):
            raise InputError(
                f"{source.split} must have one row for each of the {len(table.X)} rows of "
                f"{source.file}, got {len(split)}. Fetch both files of the same version."
            )
    unlabeled = read("unlabeled") if source.unlabeled is not None else None
    return RawTable(table.X, table.y, table.positive, split, unlabeled)


def installed_file(source: PackageSource) -> Path | None:
    """Return where an installed package keeps the file; None where it does not."""
    spec = importlib.util.find_spec(source.module)
    folders = (spec.submodule_search_locations or ()) if spec is not None else ()
    paths = (Path(folder) / source.file for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def read_installed(card: DatasetCard, source: PackageSource, path: Path, verify: bool) -> RawTable:
    """Read the table a package brings, in the types of the local files."""
    pandas = require("pandas", extra="train")
    if verify:
        _check_file(path, card.checksum["package"])
    frame = pandas.read_csv(path).rename(columns={source.target: card.target})
    features = frame.drop(columns=card.target)
    types = {
        name: "category" if not pandas.api.types.is_numeric_dtype(column) else np.float32
        for name, column in features.items()
        if not pandas.api.types.is_integer_dtype(column)
    }
    return _split_target(card, frame.astype(types))


def fetch_from_openml(card: DatasetCard, source: OpenMLSource, cache: Path | None) -> RawTable:
    """Download a table, or read it from the cache; scikit-learn compares OpenML's own MD5."""
    require("pandas", extra="train")
    loaders = require("sklearn.datasets", extra="train")
    try:
        bunch = loaders.fetch_openml(
            data_id=source.id,
            target_column=source.target,
            data_home=None if cache is None else str(cache),
            as_frame=True,
            parser="auto",
        )
    except (OSError, ValueError, HTTPException) as error:
        raise InputError(
            f"The data set {card.name!r} could not be fetched from OpenML (id {source.id}, target "
            f"{source.target!r}): {type(error).__name__}: {error}. Check the network, or pass "
            f"openml_cache with a folder that holds it, or {local_remedy(card)}."
        ) from error
    y = bunch.target.reset_index(drop=True)
    if card.two_classes:
        y = y.astype(str).str.strip()
    return RawTable(bunch.data.reset_index(drop=True), y, source.positive)


def local_remedy(card: DatasetCard) -> str:
    """Say how the local copy is found."""
    file = card.load.file if isinstance(card.load, LocalSource) else "the file"
    remedy = f"put {file} in a folder named by data_dir or by the variable ENSEMBLE_KD_DATA"
    if card.package is not None:
        remedy += f', or run: pip install "ensemble_kd[{card.package.extra}]"'
    return remedy


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def arrays_sha256(frame: pd.DataFrame) -> str:
    """SHA-256 of a table's values, target last, as little-endian float64 row by row."""
    return hashlib.sha256(np.ascontiguousarray(frame.to_numpy(dtype="<f8")).tobytes()).hexdigest()


def _split_target(card: DatasetCard, frame: pd.DataFrame) -> RawTable:
    if card.target not in frame.columns:
        raise InputError(
            f"The table of {card.name!r} must have the target column {card.target!r}, got the "
            f"columns {', '.join(map(str, frame.columns[:8]))}. Fetch the file the card describes."
        )
    positive = None if card.positive is None else card.positive.label
    return RawTable(frame.drop(columns=card.target), frame[card.target], positive)


def _check_file(path: Path, expected: str) -> None:
    received = file_sha256(path)
    if received != expected:
        raise InputError(
            f"The file {path} must have the SHA-256 {expected}, got {received}. Fetch it anew, "
            "or pass verify=False to load it as it is."
        )
