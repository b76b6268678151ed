"""Which data sets a benchmark takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ensemble_kd.datasets import read_card

BUNDLED_DATASETS = ("breast_cancer", "digits", "diabetes")


def chosen_datasets(
    names: Sequence[str] | None, usual: Sequence[str], data_dir: str | None = None
) -> list[str]:
    """Return the data sets that are named; without any, the usual ones or those at hand.

    Parameters
    ----------
    names : sequence of str or None
        What the caller wants.
    usual : sequence of str
        Taken where a data folder is named; else, and it is said, those that come with scikit-learn.
    data_dir : str or None, default=None
        The folder; None reads the variable ``ENSEMBLE_KD_DATA``.

    Raises
    ------
    InputError
        If there is no such data set.
    """
    for name in names or ():
        read_card(name)
    if names:
        return list(dict.fromkeys(names))
    if data_dir is not None or os.environ.get("ENSEMBLE_KD_DATA"):
        return list(usual)
    print(
        f"No data folder is named (data_dir or ENSEMBLE_KD_DATA), so the benchmark runs on the "
        f"small data sets that come with scikit-learn: {', '.join(BUNDLED_DATASETS)}.",
        file=sys.stderr,
    )
    return list(BUNDLED_DATASETS)
