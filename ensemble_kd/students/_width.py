"""How wide a table a student of outliers may take, and which columns to choose of a wider one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, shown
from ensemble_kd.rows import TransferSet
from ensemble_kd.schema import TableSchema

# Up to so many columns it was measured that far-out rows stay abnormal; of 1,555 columns a student
# of 180 kB has too few weights for each.
MOST_COLUMNS = 200
# Groups that the values of a numeric column are put into, of about as many rows each.
N_GROUPS = 10
# Names that a message has.
N_NAMED = 20


def check_width(rows: TransferSet, most_columns: int = MOST_COLUMNS) -> None:
    """Refuse a table of more columns than a student can tell far-out rows of.

    Parameters
    ----------
    rows : TransferSet
        Real rows with the teacher's response.
    most_columns : int, default=200
        Columns that are taken, at least 1.

    Raises
    ------
    InputError
        If there are more, naming columns to choose.
    """
    n_columns = len(rows.schema.columns)
    if n_columns <= most_columns:
        return
    best = telling_columns(rows.X, rows.schema, rows.response, most_columns)
    names = ", ".join(map(shown, best[:N_NAMED]))
    raise InputError(
        f"a student that tells outliers must have at most {most_columns} columns, or rows far "
        f"outside in one of them pass for normal, got {n_columns}; choose columns, and fit the "
        f"detectors on them. Those that tell most of the detectors' scores begin with {names} "
        f"(ensemble_kd.students.telling_columns gives as many as you ask for)."
    )


def telling_columns(
    X: NDArray[np.float64], schema: TableSchema, response: NDArray[np.float64], n_columns: int
) -> list[str]:
    """Return the columns that say most about a teacher's response, the most telling first.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded rows.
    schema : TableSchema
        What the columns mean.
    response : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The teacher's response to them.
    n_columns : int
        How many to return, at least 1.

    Returns
    -------
    list of str
        Names. A column says as much as the share of the response's variance that lies between
        groups of its values: tenths of the rows, categories, and missing values.
    """
    response = response.reshape(len(response), -1)
    shares = [
        _share_between(_groups(X[:, j], bool(is_discrete)), response)
        for j, is_discrete in enumerate(schema.is_discrete)
    ]
    best = np.argsort(-np.array(shares), kind="stable")[:n_columns]
    return [schema.names[j] for j in best]


def _groups(values: NDArray[np.float64], is_discrete: bool) -> NDArray[np.int64]:
    """Return the group of each row: by its category, or by its place among the numbers."""
    if not is_discrete:
        known = values[~np.isnan(values)]
        cuts = np.quantile(known, np.arange(1, N_GROUPS) / N_GROUPS) if len(known) else known
        places = np.searchsorted(np.unique(cuts), values, side="left").astype(np.float64)
        values = np.where(np.isnan(values), np.nan, places)
    group: NDArray[np.int64] = np.unique(values, return_inverse=True, equal_nan=True)[1]
    return group.reshape(-1)


def _share_between(group: NDArray[np.int64], response: NDArray[np.float64]) -> float:
    """Return the share of variance between groups, less what as many groups have by chance."""
    spread = response - response.mean(axis=0)
    total = float((spread**2).sum())
    counts = np.bincount(group)
    n_groups = len(counts)
    if n_groups < 2 or total == 0.0 or n_groups >= len(group):
        return 0.0
    sums = np.stack([np.bincount(group, weights=part) for part in spread.T], axis=1)
    between = float((sums**2 / counts[:, None]).sum())
    return between / total - (n_groups - 1) / (len(group) - 1)
