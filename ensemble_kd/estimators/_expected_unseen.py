"""Which share of new values a student can be expected not to know."""

from __future__ import annotations

import numpy as np

from ensemble_kd.model import CompactModel
from ensemble_kd.rows import REAL, TransferSet


def expected_unseen(rows: TransferSet, model: CompactModel) -> dict[str, float]:
    """Return the share of categories never seen to be expected of each categorical column.

    Parameters
    ----------
    rows : TransferSet
        What the student learned from.
    model : CompactModel
        The student, which may tell fewer categories apart.

    Returns
    -------
    dict of str to float
        For each categorical column, in [0, 1].

    Notes
    -----
    It is the share of real rows whose category the student does not tell apart, and of those whose
    category no other row has: by Good and Turing, the probability that the next one is new.

    References
    ----------
    .. [1] Good (1953). The Population Frequencies of Species and the Estimation of Population
       Parameters, Eq. 9.
    """
    real = rows.X[rows.origin == REAL]
    shares = {}
    for column, own, codes in zip(rows.schema.columns, model.schema.columns, real.T, strict=True):
        if column.kind == "categorical":
            present = codes[~np.isnan(codes)].astype(np.int64)
            counts = np.bincount(present, minlength=len(column.categories))
            is_known = np.array([c in own.code_of for c in column.categories], dtype=bool)
            n_new = counts[~is_known].sum() + (counts[is_known] == 1).sum()
            shares[column.name] = float(n_new / max(1, len(present)))
    return shares
