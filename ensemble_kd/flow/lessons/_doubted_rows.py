"""Noisy labels: where the teachers contradict a row's target, it counts for less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.rows import REAL, UNLABELLED, TransferSet
from ensemble_kd.tasks import BaseTask

Array = NDArray[np.float64]

# A value is contradicted beyond so many spreads of a teacher's errors, as told by their median.
FAR = 3.0
# The median of the absolute errors of a normal distribution of spread 1.
MEDIAN_OF_NORMAL = 0.6745


class DoubtedRows(Lesson):
    """Let the true target of a real row count for less, the more teachers contradict it.

    A teacher contradicts a label as in confident learning [1]_ (Eq. 1 and 2): of the classes whose
    probability is at least the mean that rows labelled so have, out of fold, the likeliest one is
    another; of several labels, one is enough. A value is contradicted where it is further from the
    teacher's than three spreads of its errors. Of t teachers, c of which contradict, the share
    ``1 - c / t`` of the row is learned with its target and the rest from the teacher alone; where
    all contradict, the target is dropped. The whole row weighs less where the teachers contradict
    the target and each other, too, in a class: by c / t times the mean distance between two of
    them, half the sum of absolute differences of probabilities.

    The teachers are the members of an ensemble, else the teacher. Rows that are held out stay as
    they are. It does nothing for ``alpha=1``, and little where synthetic rows are many, as the
    truth then counts for little anyway; the teachers themselves are fitted to all labels.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang (2021). Confident Learning: Estimating Uncertainty in Dataset
       Labels.
    """

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set with other weights, and rows that are learned in two parts."""
        real = np.flatnonzero(transfer_set.origin == REAL)
        rows, task = transfer_set.take(real), transfer_set.task
        responses = desk.out_of_fold
        if not task.is_supervised or responses is None:
            return transfer_set
        learned = ~rows.held_out & task.has_target(rows.hard)
        against = contradicts(responses, rows.hard, learned, task)
        answers = ~np.isnan(responses[..., 0])
        share = (against & answers).sum(axis=0) / np.maximum(answers.sum(axis=0), 1)
        share = np.where(learned, share, 0.0)
        apart = _distance(responses) if task.has_classes else 0.0
        weight, hard = transfer_set.sample_weight.copy(), transfer_set.hard.copy()
        whole = rows.sample_weight * (1 - share * apart)
        in_doubt, dropped = (share > 0) & (share < 1), share == 1
        weight[real] = np.where(in_doubt, whole * (1 - share), whole)
        hard[real[dropped]] = task.no_target(int(dropped.sum()))
        changed = replace(transfer_set, sample_weight=weight, hard=hard)
        if not in_doubt.any():
            return changed
        parts = rows.X[in_doubt], rows.response[in_doubt]
        return changed.extend(*parts, UNLABELLED, (whole * share)[in_doubt])


def contradicts(
    responses: Array, hard: NDArray[Any], learned: NDArray[np.bool_], task: BaseTask
) -> NDArray[np.bool_]:
    """Return which teachers contradict the target of which rows.

    Parameters
    ----------
    responses : ndarray of shape (n_teachers, n_rows, n_outputs)
        Out of fold; NaN where there is none.
    hard : ndarray of shape (n_rows,)
        Index of each row's class, or its value.
    learned : ndarray of shape (n_rows,), bool
        The rows that say what is usual.
    task : BaseTask
        What is predicted.

    Returns
    -------
    ndarray of shape (n_teachers, n_rows), bool
    """
    one_teacher: Callable[[Array, Any, NDArray[np.bool_]], NDArray[np.bool_]] = _contradicts_value
    if task.has_probabilities:
        one_teacher = _contradicts_class if task.has_classes else _contradicts_label
    return np.array([one_teacher(response, hard, learned) for response in responses])


def _contradicts_class(
    response: Array, hard: NDArray[np.int64], learned: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    known = learned & ~np.isnan(response[:, 0])
    thresholds = np.array(
        [
            response[known & (hard == k), k].mean() if (known & (hard == k)).any() else np.inf
            for k in range(response.shape[1])
        ]
    )
    sure = response >= thresholds
    likeliest = np.where(sure, response, -1.0).argmax(axis=1)
    return sure.any(axis=1) & (likeliest != hard)


def _contradicts_label(
    response: Array, hard: NDArray[np.float64], learned: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    found = [
        _contradicts_class(np.column_stack([1 - one, one]), np.nan_to_num(true, nan=-1), learned)
        for one, true in zip(response.T, hard.T, strict=True)
    ]
    return np.any(found, axis=0)


def _contradicts_value(
    response: Array, hard: Array, learned: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    if hard.ndim == 2:  # in one of its outputs
        each = zip(response.T, hard.T, strict=True)
        found = [_contradicts_value(one[:, None], true, learned) for one, true in each]
        return np.any(found, axis=0)
    error = np.abs(response[:, 0] - hard)
    known = error[learned & ~np.isnan(error)]
    spread = np.median(known) / MEDIAN_OF_NORMAL if known.size else np.inf
    return np.asarray(error > FAR * spread)


def _distance(responses: Array) -> Array:
    """Return the mean distance between the answers of two teachers to each row, 0 of one."""
    total, n_pairs = np.zeros(responses.shape[1]), np.zeros(responses.shape[1])
    for i in range(len(responses)):
        for j in range(i):
            apart = np.abs(responses[i] - responses[j]).sum(axis=1) / 2
            both = ~np.isnan(apart)
            total[both] += apart[both]
            n_pairs += both
    return np.asarray(total / np.maximum(n_pairs, 1))
