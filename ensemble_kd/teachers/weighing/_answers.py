"""The mean of the members that answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mean_of_answers(responses: Array, weights: Array) -> Array:
    """Return the weighted mean of the members that answer a row, each row by itself.

    Parameters
    ----------
    responses : ndarray of shape (n_members, n_rows, n_outputs)
        NaN where a member has no answer.
    weights : ndarray of shape (n_members, n_rows) or (n_members, 1)
        At least 0.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
        NaN where no member answers.
    """
    answers = ~np.isnan(responses[..., 0])
    given = np.where(answers, weights, 0.0)
    with np.errstate(invalid="ignore"):
        shares = given / given.sum(axis=0)
    return np.asarray(
        (shares[..., None] * np.where(answers[..., None], responses, 0.0)).sum(axis=0)
    )
