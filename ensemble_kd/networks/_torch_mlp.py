"""Train a small network on a transfer set with torch, and hand it back as a plain record."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm.auto import tqdm

from ensemble_kd._transfer_set import TransferSet
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.losses._torch import TorchLoss, torch_twin
from ensemble_kd.model import Dense, MLPRecord
from ensemble_kd.networks._encoding import Encoding


@dataclass(frozen=True)
class TrainingPlan:
    """How long and how fast to train.

    Parameters
    ----------
    n_updates : int
        Gradient steps; the learning rate falls to 0 along a cosine.
    batch_size : int
        Rows a step.
    learning_rate, weight_decay : float
        Of AdamW, at the start.
    averaging : float
        Decay of the moving average of the weights, in [0, 1); the average is the model.
    patience : int
        Checks of the held-out loss without a better one after which training ends.
    n_checks : int
        Checks, evenly spread over the steps.
    """

    n_updates: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    averaging: float = 0.998
    patience: int = 12
    n_checks: int = 40


class EncodedNetwork(nn.Module):
    """The network of `MLPRecord`, with the encoding inside."""

    starts: Tensor

    def __init__(self, encoding: Encoding, hidden: tuple[int, ...], n_outputs: int) -> None:
        super().__init__()
        sizes = [*hidden, n_outputs]
        n_numeric, n_categorical = len(encoding.numeric_columns), len(encoding.category_columns)
        self.n_bins = [len(edges) - 1 for edges in encoding.edges]
        widest = max(self.n_bins, default=1)
        self.register_buffer("starts", torch.arange(widest, dtype=torch.float32))
        scale = math.sqrt(2.0 / max(1, n_numeric + n_categorical))
        self.numeric_weight = nn.Parameter(
            torch.randn(n_numeric * widest, sizes[0]) * scale / math.sqrt(widest)
        )
        self.missing_weight = nn.Parameter(torch.zeros(n_numeric, sizes[0]))
        n_rows = int(encoding.category_sizes.sum())
        self.category_weight = nn.Parameter(torch.randn(n_rows, sizes[0]) * scale * 0.5)
        self.first_bias = nn.Parameter(torch.zeros(sizes[0]))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, numeric: Tensor, category: Tensor) -> Tensor:
        """Return outputs of shape (n_samples, n_outputs)."""
        h = self.first_bias.expand(len(numeric), -1)
        if numeric.shape[1]:
            missing = torch.isnan(numeric)
            filled = torch.nan_to_num(numeric)
            pieces = (filled[:, :, None] - self.starts).clamp(0.0, 1.0)
            pieces = pieces.masked_fill(missing[:, :, None], 0.0)
            h = h + pieces.flatten(1) @ self.numeric_weight
            if bool(missing.any()):
                h = h + missing.to(h.dtype) @ self.missing_weight
        if category.shape[1]:
            h = h + nn.functional.embedding_bag(category, self.category_weight, mode="sum")
        for layer in self.layers:
            h = layer(torch.relu(h))
        return h

    def to_record(self, encoding: Encoding, mean: float, scale: float) -> MLPRecord:
        """Return the weights as plain arrays."""
        hidden = self.first_bias.shape[0]
        by_column = _array(self.numeric_weight).reshape(len(self.n_bins), len(self.starts), hidden)
        used = [by_column[j, :n] for j, n in enumerate(self.n_bins)]
        dense = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return MLPRecord(
            numeric_columns=encoding.numeric_columns,
            edge_offsets=_offsets(np.array([len(edges) for edges in encoding.edges], dtype=int)),
            edges=np.concatenate([np.empty(0), *encoding.edges]),
            numeric_weight=np.concatenate([np.empty((0, hidden), np.float32), *used]),
            missing_weight=_array(self.missing_weight),
            category_columns=encoding.category_columns,
            category_offsets=_offsets(encoding.category_sizes),
            category_weight=_array(self.category_weight),
            first_bias=_array(self.first_bias),
            layers=tuple(
                Dense(np.ascontiguousarray(_array(layer.weight).T), _array(layer.bias))
                for layer in dense
            ),
            output_mean=mean,
            output_scale=scale,
        )


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32)


def _offsets(sizes: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)


@dataclass
class FittedNetwork:
    """A trained network that can still predict with torch.

    Parameters
    ----------
    network : EncodedNetwork
        The averaged weights of the best check.
    encoding : Encoding
        Its inputs.
    output_mean, output_scale : float
        Regression only: what turns the output into a value.
    history : list of float
        Held-out loss at each check.
    """

    network: EncodedNetwork
    encoding: Encoding
    output_mean: float
    output_scale: float
    history: list[float]

    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return logits, or values in regression, of shape (n_samples, n_outputs)."""
        inputs = _inputs(self.encoding, X, torch.device("cpu"))
        network = self.network.cpu().eval()
        with torch.no_grad():
            chunks = zip(*(tensor.split(8192) for tensor in inputs), strict=True)
            out = torch.cat([network(*chunk) for chunk in chunks]).double().numpy()
        return np.asarray(self.output_mean + self.output_scale * out)

    def to_record(self) -> MLPRecord:
        """Return the network as plain arrays."""
        return self.network.to_record(self.encoding, self.output_mean, self.output_scale)


def resolve_device(device: str) -> torch.device:
    """Return the device: with "auto" a GPU where there is one."""
    if device != "auto":
        return torch.device(device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train_network(
    transfer_set: TransferSet,
    loss: DistillationLoss,
    *,
    encoding: Encoding,
    hidden: tuple[int, ...],
    plan: TrainingPlan,
    device: str,
    seed: int,
    progress: str | None = None,
) -> FittedNetwork:
    """Train on the rows that are not held out, keep the check with the least held-out loss.

    Parameters
    ----------
    transfer_set : TransferSet
        Rows with the teacher's response; held-out rows stop the training.
    loss : DistillationLoss
        The loss of each row.
    encoding : Encoding
        The inputs.
    hidden : tuple of int
        Widths of the hidden layers, at least one.
    plan : TrainingPlan
        How long and how fast.
    device : str
        "auto", or a torch device.
    seed : int
        Seeds the weights and the order of rows.
    progress : str or None
        Title of a progress bar; None shows none.

    Returns
    -------
    FittedNetwork
    """
    place = resolve_device(device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = EncodedNetwork(encoding, hidden, transfer_set.n_outputs)
    network = network.to(place)
    scaled, mean, scale = _scale_targets(transfer_set)
    train, held_out = scaled.take(~scaled.held_out), scaled.take(scaled.held_out)
    train_rows = _tensors(train, encoding, place)
    check_rows = _tensors(held_out, encoding, place) if len(held_out) else train_rows
    twin = torch_twin(loss)

    averaged = copy.deepcopy(network)
    best_state, best_loss, best_check = copy.deepcopy(averaged.state_dict()), math.inf, 0
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _cosine(step, plan.n_updates)
    )
    history: list[float] = []
    batches = _batches(len(train), plan.batch_size, seed)
    steps = np.array_split(np.arange(plan.n_updates), min(plan.n_checks, plan.n_updates))
    bar = tqdm(steps, desc=progress, disable=progress is None, unit="check")
    with _one_thread(place):
        for check, updates in enumerate(bar):
            for update in updates:
                rows = next(batches).to(place)
                _train_step(network, optimizer, twin, [tensor[rows] for tensor in train_rows])
                schedule.step()
                _average(averaged, network, min(plan.averaging, (1 + update) / (10 + update)))
            history.append(_mean_loss(averaged, twin, check_rows))
            bar.set_postfix(held_out_loss=f"{history[-1]:.4f}")
            if history[-1] < best_loss:
                best_loss, best_check = history[-1], check
                best_state = copy.deepcopy(averaged.state_dict())
            elif check - best_check >= plan.patience:
                break
    bar.close()
    averaged.load_state_dict(best_state)
    _fill_unseen_rows(averaged, encoding, train_rows)
    return FittedNetwork(averaged.cpu().eval(), encoding, mean, scale, history)


def _batches(n_rows: int, batch_size: int, seed: int) -> Iterator[Tensor]:
    """Yield row indices without end, each pass over the rows in a new order."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(n_rows, generator=generator).split(batch_size)


@contextmanager
def _one_thread(place: torch.device) -> Iterator[None]:
    """Train on one thread: steps of a small network are too short to share out.

    Measured on 2 cores beside other OpenMP libraries: 3 s on one thread, 3 to 19 s on two.
    """
    n_threads = torch.get_num_threads()
    if place.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _cosine(step: int, n_steps: int) -> float:
    """Warm up over the first fiftieth, then fall to 0 along a cosine."""
    warm = max(1, n_steps // 50)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))


def _train_step(
    network: EncodedNetwork, optimizer: torch.optim.Optimizer, twin: TorchLoss, batch: list[Tensor]
) -> None:
    numeric, category, response, hard, weight = batch
    value = (twin(network(numeric, category), response, hard) * weight).mean()
    optimizer.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


@torch.no_grad()
def _average(averaged: EncodedNetwork, network: EncodedNetwork, decay: float) -> None:
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), 1 - decay)


@torch.no_grad()
def _mean_loss(network: EncodedNetwork, twin: TorchLoss, rows: list[Tensor]) -> float:
    total = 0.0
    for chunk in zip(*(tensor.split(8192) for tensor in rows), strict=True):
        numeric, category, response, hard, weight = chunk
        total += float((twin(network(numeric, category), response, hard) * weight).sum())
    return total / max(float(rows[-1].sum()), 1e-12)


@torch.no_grad()
def _fill_unseen_rows(network: EncodedNetwork, encoding: Encoding, rows: list[Tensor]) -> None:
    """Let a category or a missing value never seen in training add what an average row adds."""
    numeric, category = rows[0], rows[1]
    start = 0
    for c, size in enumerate(encoding.category_sizes.tolist()):
        counts = torch.bincount(category[:, c] - start, minlength=size).to(numeric.dtype)
        table = network.category_weight[start : start + size]
        table[counts == 0] = (counts @ table) / counts.sum()
        start += size
    for j in range(numeric.shape[1]):
        column = numeric[:, j]
        if not bool(torch.isnan(column).any()):
            pieces = (column[:, None] - network.starts).clamp(0.0, 1.0)
            widest = len(network.starts)
            weight = network.numeric_weight[j * widest : (j + 1) * widest]
            network.missing_weight[j] = pieces.mean(dim=0) @ weight


def _scale_targets(transfer_set: TransferSet) -> tuple[TransferSet, float, float]:
    """Bring regression targets to mean 0 and spread 1; leave probabilities alone."""
    if transfer_set.is_classification:
        return transfer_set, 0.0, 1.0
    values = transfer_set.response[transfer_set.origin == 0, 0]
    mean, scale = float(values.mean()), float(values.std())
    if scale == 0.0:  # A constant: the record says it whatever the network does.
        constant = np.zeros_like(transfer_set.response)
        return replace(transfer_set, response=constant, hard=transfer_set.hard - mean), mean, 0.0
    scaled = replace(
        transfer_set,
        response=(transfer_set.response - mean) / scale,
        hard=(transfer_set.hard - mean) / scale,
    )
    return scaled, mean, scale


def _inputs(encoding: Encoding, X: NDArray[np.float64], place: torch.device) -> list[Tensor]:
    return [
        torch.from_numpy(encoding.numeric_inputs(X)).to(place),
        torch.from_numpy(encoding.category_inputs(X)).to(place),
    ]


def _tensors(rows: TransferSet, encoding: Encoding, place: torch.device) -> list[Tensor]:
    hard_type = np.int64 if rows.is_classification else np.float32
    return [
        *_inputs(encoding, rows.X, place),
        torch.from_numpy(rows.response.astype(np.float32)).to(place),
        torch.from_numpy(rows.hard.astype(hard_type)).to(place),
        torch.from_numpy(rows.sample_weight.astype(np.float32)).to(place),
    ]
