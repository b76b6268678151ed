"""How far answers in single precision may be from those in double: it grows with what is summed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord, with_outside
from ensemble_kd.runtime import MLPRuntime, TreesRuntime, response

# The largest relative error of one operation in float32.
UNIT = 2.0**-24
# So many standard deviations are allowed, tried in so many directions.
N_DEVIATIONS, N_DIRECTIONS = 3.0, 8

Float64 = NDArray[np.float64]


def rounding(model: CompactModel, codes: Float64) -> Float64:
    """Return by how much rounding may move the answers to some rows.

    A sum of n terms is rounded n times, each time by at most a share of what it has come to; as
    these errors are of either sign, they grow as the root of n [1]_.

    Parameters
    ----------
    model : CompactModel
        With the numbers that the file holds.
    codes : ndarray of shape (n_rows, n_columns), float64
        Encoded rows.

    Returns
    -------
    ndarray of shape (n_outputs,), float64
        The largest absolute difference of each number of a response.

    References
    ----------
    .. [1] Higham and Mary (2019). A New Approach to Probabilistic Rounding Error Analysis.
    """
    body = model.body
    if isinstance(body, MLPRecord):
        sums, error = _network(body, codes)
    else:
        sums, error = _trees(body, codes)
    # Of the last step: of `expf`, which takes a sum as it is, or of the sum alone.
    last = np.maximum(np.abs(sums), 1.0) if model.classes else np.abs(sums)
    error = N_DEVIATIONS * np.hypot(error, 2 * UNIT * last)
    if isinstance(body, MLPRecord):
        sums, error = body.output_mean + body.output_scale * sums, error * abs(body.output_scale)
    right, rng = response(model, sums), np.random.default_rng(0)
    signs = [rng.choice([-1.0, 1.0], sums.shape) for _ in range(N_DIRECTIONS)]
    moved = [np.abs(response(model, sums + sign * error) - right) for sign in signs]
    return np.asarray(np.max(moved, axis=(0, 1), initial=0.0))


def _of_sums(terms: Float64) -> Float64:
    """Return the standard deviation of sums over the first axis, by the most that they come to."""
    reached = np.abs(np.cumsum(terms, axis=0)).max(axis=0)
    return UNIT * np.sqrt(len(terms)) * (reached + np.abs(terms).max(axis=0))


def _network(record: MLPRecord, codes: Float64) -> tuple[Float64, Float64]:
    """Return the last sums of a network and their standard deviations, (n_rows, n_outputs)."""
    first = MLPRuntime(replace(record, layers=(), output_mean=0.0, output_scale=1.0))
    h = first.outputs(codes)
    error = np.array([_of_sums(terms) for terms in _first_terms(record, codes)])
    for layer in record.layers:
        weight, active = layer.weight.astype(np.float64), np.maximum(h, 0.0)
        inherited = (error * (active > 0)) ** 2 @ weight**2
        own = [_of_sums(np.vstack([row[:, None] * weight, layer.bias])) for row in active]
        h, error = active @ weight + layer.bias, np.sqrt(inherited + np.square(own))
    return h, error


def _first_terms(record: MLPRecord, codes: Float64) -> Iterator[Float64]:
    """Yield what the columns add to the first layer, in the order of the file, for each row."""
    n_numeric = len(record.numeric_columns)
    starts = record.edge_offsets[:-1] - np.arange(n_numeric)
    weight, rows = record.numeric_weight.astype(np.float64), record.category_weight
    low = np.delete(record.edges, record.edge_offsets[1:] - 1)
    high = np.delete(record.edges, record.edge_offsets[:-1])
    piece = np.repeat(np.arange(n_numeric), np.diff(record.edge_offsets) - 1)
    for row in with_outside(record.outside, codes):
        x, code = row[record.numeric_columns], row[record.category_columns]
        with np.errstate(over="ignore"):  # far above a narrow piece, which is then 1
            parts = np.clip((x[piece] - low) / (high - low), 0.0, 1.0)[:, None] * weight
        added = np.add.reduceat(parts, starts, axis=0) if n_numeric else weight
        missing = np.isnan(x)[:, None]
        last = np.diff(record.category_offsets) - 1
        code = np.where(np.isnan(code), last, code).astype(np.int64)
        yield np.vstack(
            [
                record.first_bias,
                np.where(missing, record.missing_weight, added),
                rows[record.category_offsets[:-1] + code],
            ]
        )


def _trees(record: TreesRecord, codes: Float64) -> tuple[Float64, Float64]:
    """Return the sums of trees and their standard deviations, (n_rows, n_sums)."""
    runtime, tree = TreesRuntime(record), np.arange(len(record.roots))
    errors = []
    for leaves in runtime.leaves(codes):
        value = record.value[leaves].astype(np.float64)
        if len(record.base) > 1 and value.shape[1] == 1:
            terms = np.zeros((len(tree), len(record.base)))
            terms[tree, record.tree_output] = value[:, 0]
            value = terms
        errors.append(_of_sums(np.vstack([value, record.base])))
    return runtime.outputs(codes), np.array(errors)
