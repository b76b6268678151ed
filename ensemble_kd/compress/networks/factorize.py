"""Keep a weight matrix as the product of a tall and a wide one, where that takes fewer bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.compress._arrays import holding, weights_of
from ensemble_kd.compress._rows import calibration_rows
from ensemble_kd.compress._step import CompressionStep, Guide, check_share, network_of
from ensemble_kd.compress.networks._forward import Array, first_inputs, forward
from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, LowRank, MLPRecord, SharedRows, Storage
from ensemble_kd.rows import TransferSet

# Share of the mean curvature that is added to all inputs, so that rare ones are not given up.
DAMPING = 1e-3


def factorize(
    model: CompactModel,
    *,
    rank: int | None = None,
    energy: float = 0.997,
    rows: TransferSet | None = None,
) -> CompactModel:
    """Keep the matrices of a network as products of low rank.

    Parameters
    ----------
    model : CompactModel
        A network.
    rank : int or None, default=None
        Of every matrix, at least 1; None takes the least rank that keeps `energy`.
    energy : float, default=0.997
        Share of the squared size that is kept, in (0, 1]: of the layer's outputs on the rows, or of
        the weights where there are no rows.
    rows : TransferSet or None, default=None
        Rows in the codes of the model's schema, by which errors are weighed.

    Returns
    -------
    CompactModel
        A matrix that takes no fewer bytes as a product stays as it is.

    Raises
    ------
    InputError
        If a parameter is out of range, or the model is of trees.

    Notes
    -----
    With inputs X of the layer, ``|X (W - U V)|`` is least for the truncated singular value
    decomposition of ``C W``, where ``C^T C = X^T X`` [1]_. The file holds U and V, which are
    multiplied when it is read: it is smaller, but no answer is faster.

    References
    ----------
    .. [1] Eckart, Young (1936). The approximation of one matrix by another of lower rank.
    """
    body = network_of(model, "factorisation")
    if rank is not None and (isinstance(rank, bool) or rank < 1):
        raise InputError(f"rank must be >= 1 or None, got {rank!r}.")
    check_share("energy", energy)
    inputs = {} if rows is None else _inputs(body, calibration_rows(rows))
    storage: dict[str, Storage] = dict(body.storage)
    for name, weight in weights_of(body).items():
        if isinstance(storage.get(name), SharedRows):  # of few rows already
            continue
        product = _product(weight, inputs.get(name), rank, energy)
        if product is not None:
            storage[name] = product
    return replace(model, body=holding(body, storage))


def _inputs(body: MLPRecord, rows: TransferSet) -> dict[str, Array]:
    """Return what multiplies each matrix."""
    active = forward(body, rows.X).active
    return first_inputs(body, rows.X) | {f"layers.{i}.weight": a for i, a in enumerate(active)}


def _product(
    weight: NDArray[np.float32], inputs: Array | None, rank: int | None, energy: float
) -> LowRank | None:
    """Return the product, or None where it would take as many bytes."""
    n, m = weight.shape
    if min(n, m) < 2:
        return None
    root = _root(inputs, n)
    left, size, right = np.linalg.svd(root @ weight.astype(np.float64), full_matrices=False)
    if rank is None:
        kept = np.cumsum(size**2)
        rank = int(np.searchsorted(kept, energy * kept[-1] * (1 - 1e-12))) + 1
    if rank * (n + m) >= n * m:
        return None
    left = np.linalg.solve(root, left[:, :rank]) * np.sqrt(size[:rank])
    right = np.sqrt(size[:rank])[:, None] * right[:rank]
    return LowRank(left.astype(np.float32), right.astype(np.float32))


def _root(inputs: Array | None, n: int) -> Array:
    """Return C with ``C^T C`` the mean of ``x x^T``, damped."""
    if inputs is None:
        return np.eye(n)
    gram = inputs.T @ inputs / len(inputs)
    gram[np.diag_indices(n)] += DAMPING * max(np.trace(gram) / n, 1e-12)
    return np.asarray(np.linalg.cholesky(gram).T)


class FactorizeWeights(CompressionStep):
    """Keep weights as products of low rank; see `factorize`.

    Parameters
    ----------
    rank : int or None, default=None
        Of every matrix, at least 1; None takes the least rank that keeps `energy`.
    energy : float, default=0.997
        Share of the squared size of the layer's outputs that is kept, in (0, 1].
    """

    def __init__(self, rank: int | None = None, *, energy: float = 0.997) -> None:
        self.rank = rank
        self.energy = energy

    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        return factorize(model, rank=self.rank, energy=self.energy, rows=guide.rows)
