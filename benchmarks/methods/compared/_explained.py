"""Whether a student looks where its teacher does: what each column adds, sampled, and ranks.

Both are Shapley values against usual rows. A term of `ensemble_kd.losses.attention` learns from
other numbers, those of `AttributionView`, so agreement is not what is trained.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ensemble_kd.rows import RowDecoder
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import teacher_response

Array = NDArray[np.float64]


def sampled_shapley(
    teacher: Any, task: BaseTask, decoder: RowDecoder, schema: TableSchema, X: Any, X_test: Any
) -> Array:
    """Return what each column adds to the teacher's answer, beside 8 of the training rows."""
    rng = np.random.default_rng(0)
    own, others = schema.encode(X_test), schema.encode(X)
    found = np.zeros(own.shape)
    for b in rng.choice(len(others), 8):
        order = rng.permutation(own.shape[1])
        for way in (order, order[::-1]):
            codes = np.tile(others[b], (len(own), 1))
            steps = [codes.copy()]
            for j in way:
                codes[:, j] = own[:, j]
                steps.append(codes.copy())
            raw = decoder.decode(np.concatenate(steps))
            outputs = task.outputs_of(teacher_response(teacher, raw, task))
            outputs = outputs[:, -1] - (outputs[:, 0] if outputs.shape[1] == 2 else 0.0)
            found[:, way] += np.diff(outputs.reshape(len(steps), len(own)), axis=0).T / 16
    return found


def rank_agreement(one: Array, other: Array) -> float:
    """Return the mean over rows of Spearman's correlation over the columns."""
    ranks = [rankdata(each, axis=1) for each in (one, other)]
    centred = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    lengths = np.prod([np.linalg.norm(each, axis=1) for each in centred], axis=0)
    return float(((centred[0] * centred[1]).sum(axis=1) / np.maximum(lengths, 1e-12)).mean())
