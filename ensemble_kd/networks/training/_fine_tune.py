"""Train a network record on for a while, from where it stands."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ensemble_kd.losses import DistillationLoss, check_view
from ensemble_kd.model import MLPRecord, SharedRows, expand
from ensemble_kd.networks._encoded_network import EncodedInputs, EncodedNetwork
from ensemble_kd.networks._encoding import Encoding
from ensemble_kd.networks._modes import one_thread, own_modes
from ensemble_kd.networks.training._objective import Objective, Rows, row_losses
from ensemble_kd.networks.training._plan import batches_of, cosine
from ensemble_kd.networks.training._training import _average, _train_step
from ensemble_kd.rows import TargetScale, TransferSet

N_CHECKS = 10
AVERAGING = 0.99


@own_modes()
def fine_tune(
    record: MLPRecord,
    transfer_set: TransferSet,
    loss: DistillationLoss,
    *,
    n_updates: int,
    learning_rate: float,
    seed: int,
    batch_size: int = 512,
    deadline: float | None = None,
) -> MLPRecord:
    """Return the network trained on, or as it was if no check of the held-out loss is better.

    Parameters
    ----------
    record : MLPRecord
        Where the training starts.
    transfer_set : TransferSet
        Rows in the codes of the record's schema; those held out choose among the checks.
    loss : DistillationLoss
        The loss of each row.
    n_updates : int
        Gradient steps, at least 1; the learning rate falls to 0 along a cosine.
    learning_rate : float
        Of Adam, at the start.
    seed : int
        Of the order of rows.
    batch_size : int, default=512
        Rows a step, fewer on small sets.
    deadline : float or None, default=None
        When to end, by `time.monotonic`; the learning rate falls faster to be at 0 by then.

    Returns
    -------
    MLPRecord
        All of it kept as float32; categories that shared a row still do.
    """
    if record.output_scale == 0.0 or not record.layers:
        return record
    check_view(loss, transfer_set.view)
    progress = _progress(deadline)
    place = torch.device("cpu")
    encoding = _encoding_of(record)
    widths = tuple(len(layer.weight) for layer in record.layers)
    network = EncodedNetwork(encoding, widths, transfer_set.n_outputs, torch.Generator())
    _load(network, record)
    scaled = TargetScale(record.output_mean, record.output_scale).scale_rows(transfer_set)
    train, held_out = scaled.take(~scaled.held_out), scaled.take(scaled.held_out)
    objective = Objective.of(loss)
    rows = Rows(
        train, EncodedInputs(encoding, train.X, network, place), place, objective.needs_view
    )
    check = rows
    if len(held_out):
        check = Rows(held_out, EncodedInputs(encoding, held_out.X, network, place), place)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
    batches = batches_of(len(train), int(np.clip(len(train) // 20, 16, batch_size)), seed)
    averaged = copy.deepcopy(network)
    with one_thread(place):
        best, best_loss = record, check.mean(row_losses(network, objective, check))
        for updates in np.array_split(np.arange(n_updates), min(N_CHECKS, n_updates)):
            for update in updates:
                step = progress(update / n_updates) * n_updates
                if step >= n_updates:
                    break
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * cosine(step, n_updates)
                _train_step(network, [optimizer], objective, rows.batch(next(batches)))
                _average(averaged, network, min(AVERAGING, (1 + update) / (10 + update)))
            now = check.mean(row_losses(averaged, objective, check))
            if now < best_loss:
                best_loss = now
                best = replace(
                    averaged.to_record(encoding),
                    output_mean=record.output_mean,
                    output_scale=record.output_scale,
                )
            if step >= n_updates:
                break
    return best


def _progress(deadline: float | None) -> Callable[[float], float]:
    """Return the function that turns a share of the steps into a share of steps or time used up."""
    start = time.monotonic()

    def progress(share: float) -> float:
        if deadline is None:
            return share
        if deadline <= start:
            return 1.0
        return max(share, (time.monotonic() - start) / (deadline - start))

    return progress


def _encoding_of(record: MLPRecord) -> Encoding:
    """Return the inputs of a record, whose categories are as its schema has them."""
    parts = np.split(record.edges, record.edge_offsets[1:-1])
    sizes = np.diff(record.category_offsets).tolist()
    return Encoding(
        record.numeric_columns,
        tuple(parts) if len(record.numeric_columns) else (),
        record.category_columns,
        _shared_codes(record) or tuple(np.arange(size - 1) for size in sizes),
        record.outside,
    )


def _shared_codes(record: MLPRecord) -> tuple[NDArray[np.int64], ...]:
    """Return the row that each code of a column shares; () where each has its own.

    Each column's last row but one is that of a category never seen, the last that of a missing
    value; a file may be forged, and then each code gets a row of its own.
    """
    shared = record.storage.get("category_weight")
    if not isinstance(shared, SharedRows):
        return ()
    codes, start = [], 0
    for part in np.split(shared.index.astype(np.int64), record.category_offsets[1:-1]):
        own = part - start
        if own[-1] != own[-2] + 1 or own.min() < 0 or (own[:-2] >= own[-2]).any():
            return ()
        codes.append(own[:-1])
        start += int(own[-1]) + 1
    return tuple(codes)


@torch.no_grad()
def _load(network: EncodedNetwork, record: MLPRecord) -> None:
    shared = record.storage.get("category_weight")
    category = record.category_weight
    if isinstance(shared, SharedRows) and _shared_codes(record):
        category = expand(shared.rows)
    parts = (record.numeric_weight, record.missing_weight, category)
    for place, values in zip(network.first_layer(), parts, strict=True):
        place.copy_(torch.tensor(values))
    network.first_bias.copy_(torch.tensor(record.first_bias))
    for module, layer in zip(network.layers, record.layers, strict=True):
        assert isinstance(module, torch.nn.Linear)
        module.weight.copy_(torch.tensor(layer.weight.T))
        module.bias.copy_(torch.tensor(layer.bias))
