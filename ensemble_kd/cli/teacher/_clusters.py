"""A clustering as the teacher: found here in so many clusters, or out of a file; no target."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ensemble_kd.cli._console import Console
from ensemble_kd.cli._data import Data
from ensemble_kd.cli._without_target import OF_TARGETS, read_data_of_outliers
from ensemble_kd.cli.teacher._named import load_teacher, with_columns_of
from ensemble_kd.errors import InputError

FEWEST = 2


def read_clusters(
    args: argparse.Namespace, console: Console, test_share: float, test: str | None
) -> tuple[Any, bool, Data]:
    """Read the rows, and what is to group them.

    Parameters
    ----------
    args : Namespace
        The command's options, of which `clusters` is a number or a joblib file.
    console : Console
        Told what is inferred.
    test_share : float
        Share of the rows to keep apart.
    test : str or None
        A table of the rows to keep apart, in place of a share.

    Returns
    -------
    teacher : ClusterTeacher
        Unfitted.
    frozen : bool
        Whether the clustering is used as it is.
    data : Data
        The rows; no target.

    Raises
    ------
    InputError
        If an option is for models that learn a target, or there would be a single cluster.
    """
    from ensemble_kd.tasks import Classification
    from ensemble_kd.teachers.unsupervised import ClusterTeacher

    if args.task not in ("auto", Classification.name):
        raise InputError(f"--clusters makes a {Classification.name}, got --task {args.task}.")
    others = {"teacher": "auto", "scores_col": []}
    for name, default in (OF_TARGETS | others).items():
        if name != "min_agreement" and getattr(args, name, default) != default:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"give --clusters or {flag}, not both: the clusters are the target.")
    clusterer, frozen = _clusterer(args, console)
    data = read_data_of_outliers(args, Classification(), console, test_share, test)
    if frozen:
        data = with_columns_of(clusterer, data, console)
    if not Path(args.clusters).is_file() and int(args.clusters) > len(data.X):
        raise InputError(
            f"--clusters must be at most the {len(data.X):,} rows that are learned from, got "
            f"{args.clusters}."
        )
    return ClusterTeacher(clusterer), frozen, data


def _clusterer(args: argparse.Namespace, console: Console) -> tuple[Any, bool]:
    from sklearn.cluster import KMeans
    from sklearn.pipeline import make_pipeline

    from ensemble_kd.teachers.detectors import TableNumbers

    if Path(args.clusters).is_file():
        return load_teacher(args.clusters, console, "--clusters")
    try:
        n_clusters = int(args.clusters)
    except ValueError:
        n_clusters = 0
    if n_clusters < FEWEST:
        raise InputError(
            f"--clusters must be a joblib file or a whole number >= {FEWEST}, got "
            f"{args.clusters!r}."
        )
    console.note(f"KMeans finds {n_clusters} clusters, columns scaled by their deciles.")
    return make_pipeline(TableNumbers(), KMeans(n_clusters, random_state=args.seed)), False
