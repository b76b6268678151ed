"""The numbers of one fitted method on one table."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from ensemble_kd.benchmarks.detectors._fitted import Scores
from ensemble_kd.benchmarks.detectors._outside import Outside
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods import Method
from ensemble_kd.metrics import latency_us, rank_correlation, top_overlap

SHARES = {"top_1": 0.01, "top_5": 0.05}
# A row is flagged that scores lower than all but this share of the usual rows.
FLAGGED = 0.01
N_LATENCY_ROWS = 200


def measure(
    method: Method, table: DetectorTable, outside: Outside, teacher: Method
) -> dict[str, float]:
    """Return all numbers of a fitted method but the time of its fit.

    Parameters
    ----------
    method : Method
        Fitted.
    table : DetectorTable
        Test rows.
    outside : Outside
        Rows outside of the table.
    teacher : Method
        The ensemble.

    Returns
    -------
    dict
        `auc`, `average_precision` and `auc_new_kinds` where labels are known; `rank_correlation`
        with the ensemble, `top_1` and `top_5` (`top_overlap`) and what these would be of the
        ensemble with itself, `top_1_ceiling` and `top_5_ceiling`, if rows that score alike were
        told apart by chance; of the rows of `outside` the share that the ensemble flags, such as
        `far_10_flagged`, and of these the share that the method flags, `far_10_kept`; `latency_us`
        and `size_bytes`.
    """
    of_teacher, own = teacher.score(table.X_test), method.score(table.X_test)
    found = _quality(table, own)
    correlation = rank_correlation(of_teacher, own)
    found["rank_correlation"] = math.nan if correlation is None else correlation
    for name, share in SHARES.items():
        found[name] = top_overlap(of_teacher, own, share)
        found[f"{name}_ceiling"] = ceiling(of_teacher, share)
    limits = [np.quantile(who.score(table.X_usual), FLAGGED) for who in (teacher, method)]
    for name, rows in outside.rows.items():
        flagged = teacher.score(rows) < limits[0]
        kept = method.score(rows)[flagged] < limits[1]
        found[f"{name}_flagged"] = float(flagged.mean())
        found[f"{name}_kept"] = float(kept.mean()) if len(kept) else math.nan
    rows = method.rows(table.X_test.head(N_LATENCY_ROWS))
    found["latency_us"] = latency_us(method.score_one, rows, n_calls=1000, seconds=1.0)
    return found | {"size_bytes": float(method.size_bytes())}


def ceiling(scores: Scores, share: float) -> float:
    """Return the overlap of a score with itself, rows that score alike drawn by chance.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        Low is abnormal.
    share : float
        In (0, 1]: of the rows, rounded up.

    Returns
    -------
    float
        In (0, 1]; 1 where no rows tie at the last place.

    Examples
    --------
    >>> import numpy as np
    >>> ceiling(np.array([1.0, 2.0, 2.0, 3.0]), 0.5)  # the first row, and one of two others
    0.75
    """
    n_top = math.ceil(share * len(scores))
    last = np.partition(scores, n_top - 1)[n_top - 1]
    n_sure = int((scores < last).sum())
    return (n_sure + (n_top - n_sure) ** 2 / int((scores == last).sum())) / n_top


def _quality(table: DetectorTable, scores: Scores) -> dict[str, float]:
    abnormal = table.abnormal
    if abnormal is None or not 0 < abnormal.sum() < len(abnormal):
        return {}
    found = {
        "auc": float(roc_auc_score(abnormal, -scores)),
        "average_precision": float(average_precision_score(abnormal, -scores)),
    }
    if table.new_kinds is not None and table.new_kinds.any():
        asked: NDArray[np.bool_] = table.new_kinds | ~abnormal
        found["auc_new_kinds"] = float(roc_auc_score(abnormal[asked], -scores[asked]))
    return found
