"""How much the answers need a hidden unit: by size of weights, by gradient, by curvature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.compress.networks._forward import Array, forward, unit_gradients
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import MLPRecord
from ensemble_kd.rows import TransferSet

# Share of the mean curvature that is added to all, so that units that say the same can be solved.
DAMPING = 1e-3


def incoming_size(record: MLPRecord, i: int) -> Array:
    """Return the Euclidean length of the weights and bias that lead into each unit of layer i."""
    if i == 0:
        weights = [record.numeric_weight, record.missing_weight, record.category_weight]
        parts = np.vstack([*weights, record.first_bias[None, :]])
    else:
        parts = np.vstack([record.layers[i - 1].weight, record.layers[i - 1].bias[None, :]])
    return np.asarray(np.linalg.norm(parts.astype(np.float64), axis=0))


def by_magnitude(record: MLPRecord) -> list[Array]:
    """Return the length of a unit's incoming weights times that of its outgoing ones.

    The product is the same however a rectified unit is scaled inside.

    Parameters
    ----------
    record : MLPRecord
        The network.

    Returns
    -------
    list of ndarray of shape (width,)
        One array for each hidden layer.

    References
    ----------
    .. [1] Han, Mao, Dally (2016). Deep Compression.
    """
    return [
        incoming_size(record, i) * np.linalg.norm(layer.weight.astype(np.float64), axis=1)
        for i, layer in enumerate(record.layers)
    ]


def by_taylor(record: MLPRecord, rows: TransferSet, loss: DistillationLoss) -> list[Array]:
    """Return the mean first-order change of the loss if a unit were 0: ``mean |a * dL/da|``.

    Parameters
    ----------
    record : MLPRecord
        The network.
    rows : TransferSet
        Calibration rows.
    loss : DistillationLoss
        The loss.

    Returns
    -------
    list of ndarray of shape (width,)
        One array for each hidden layer.

    References
    ----------
    .. [1] Molchanov et al. (2017). Pruning Convolutional Neural Networks for Resource Efficient
       Inference, Eq. 8.
    """
    done = forward(record, rows.X)
    gradients = unit_gradients(record, done, rows, loss)
    return [
        np.average(np.abs(active * (g @ layer.weight.T)), axis=0, weights=rows.sample_weight)
        for active, g, layer in zip(done.active, gradients, record.layers, strict=True)
    ]


def surgeon(
    active: Array, weight: NDArray[np.float32], bias: NDArray[np.float32],
    sensitivity: Array, n_keep: int,
) -> tuple[NDArray[np.intp], Array, Array]:  # fmt: skip
    """Remove units one by one, the others taking over what they can of each.

    For the squared error of a layer's outputs the Hessian is that of its inputs, ``H = E[a a^T]``;
    without unit q it rises by ``|w_q|^2 / [H^-1]_qq`` once the other weights have moved by
    ``- [H^-1]_:q / [H^-1]_qq * w_q`` [1]_. The bias is one more input, which is never removed.

    Parameters
    ----------
    active : ndarray of shape (n_rows, width)
        Inputs of the layer.
    weight : ndarray of shape (width, n_outputs)
    bias : ndarray of shape (n_outputs,)
    sensitivity : ndarray of shape (n_outputs,)
        What a squared error of each of the layer's outputs weighs, greater than 0.
    n_keep : int
        Units that are left, at least 1.

    Returns
    -------
    kept : ndarray of shape (n_keep,)
        Indices of the units that are left, in order.
    weight : ndarray of shape (n_keep, n_outputs)
    bias : ndarray of shape (n_outputs,)

    References
    ----------
    .. [1] Hassibi, Stork (1993). Second Order Derivatives for Network Pruning: Optimal Brain
       Surgeon, Eq. 5. LeCun, Denker, Solla (1990). Optimal Brain Damage, keeps the diagonal of H.
    """
    width = len(weight)
    inputs = np.hstack([active, np.ones((len(active), 1))])
    hessian = inputs.T @ inputs / len(inputs)
    hessian[np.diag_indices(width + 1)] += DAMPING * np.trace(hessian) / (width + 1)
    inverse = np.linalg.inv(hessian)
    outgoing = np.vstack([weight, bias[None, :]]).astype(np.float64)
    left = np.ones(width, dtype=bool)
    for _ in range(width - n_keep):
        rise = (outgoing[:width] ** 2 @ sensitivity) / np.diag(inverse)[:width].clip(min=1e-300)
        q = int(np.argmin(np.where(left, rise, np.inf)))
        column = inverse[:, q] / inverse[q, q]
        outgoing -= np.outer(column, outgoing[q])
        inverse -= np.outer(column, inverse[q])
        # What rounding left must not come back once its row is divided by.
        inverse[q], inverse[:, q], inverse[q, q] = 0.0, 0.0, 1.0
        outgoing[q] = 0.0
        left[q] = False
    kept = np.flatnonzero(left)
    return kept, outgoing[kept], outgoing[width]
