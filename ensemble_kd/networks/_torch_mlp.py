"""Train a small network on a transfer set with torch, and hand it back as a plain record."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm.auto import tqdm

from ensemble_kd._transfer_set import TransferSet
from ensemble_kd.losses import DistillationLoss, softmax
from ensemble_kd.losses._torch import TorchLoss, torch_twin
from ensemble_kd.model import Dense, MLPRecord, SharedRows, expand
from ensemble_kd.networks._encoding import Encoding
from ensemble_kd.networks._muon import Muon


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
        Of the optimizer, at the start.
    muon : bool
        Whether the weight matrices of the first and the hidden layers are trained by Muon, in place
        of AdamW, which then has the rest.
    averaging : float
        Decay of the moving average of the weights, in [0, 1); the average is the model.
    patience : int
        Checks of the held-out loss without a better one after which training ends.
    n_checks : int
        Checks, evenly spread over the steps.
    deadline : float or None
        Time of `time.monotonic` by which training ends. Where the steps would take longer, the
        learning rate falls with the time that has passed instead of the steps taken.
    """

    n_updates: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    muon: bool = False
    averaging: float = 0.998
    patience: int = 12
    n_checks: int = 40
    deadline: float | None = None


# Category tables of up to this many rows enter as indicators: one product with the numeric inputs
# is faster than a look-up and its scattered gradient.
MOST_INDICATORS = 384
# Inputs are kept as float16 up to this many bytes, and beyond it made anew for each batch.
MOST_INPUT_BYTES = 600_000_000


class EncodedNetwork(nn.Module):
    """The network of `MLPRecord` on dense inputs, with a table for categories that are many.

    The rows of `first_weight` are the intervals of the numeric columns, then one row for each
    numeric column where it is missing, then, if they are few, the rows of all category tables.
    """

    def __init__(self, encoding: Encoding, hidden: tuple[int, ...], n_outputs: int) -> None:
        super().__init__()
        sizes = [*hidden, n_outputs]
        n_numeric, n_categorical = len(encoding.numeric_columns), len(encoding.category_columns)
        n_rows = int(encoding.category_sizes.sum())
        self.n_bins = [len(edges) - 1 for edges in encoding.edges]
        self.has_indicators = n_rows <= MOST_INDICATORS
        scale = math.sqrt(2.0 / max(1, n_numeric + n_categorical))
        pieces = torch.cat(
            [torch.randn(n, sizes[0]) * scale / math.sqrt(n) for n in self.n_bins]
            or [torch.zeros(0, sizes[0])]
        )
        category = torch.randn(n_rows, sizes[0]) * scale * 0.5
        blocks = [pieces, torch.zeros(n_numeric, sizes[0])]
        self.first_weight = nn.Parameter(
            torch.cat([*blocks, category] if self.has_indicators else blocks)
        )
        self.first_bias = nn.Parameter(torch.zeros(sizes[0]))
        self.category_weight = nn.Parameter(
            torch.zeros(0, sizes[0]) if self.has_indicators else category
        )
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, dense: Tensor, category: Tensor) -> Tensor:
        """Return outputs of shape (n_samples, n_outputs)."""
        h = torch.addmm(self.first_bias, dense.to(self.first_bias.dtype), self.first_weight)
        if not self.has_indicators:
            h = h + nn.functional.embedding_bag(category, self.category_weight, mode="sum")
        for layer in self.layers:
            h = layer(torch.relu(h))
        return h

    def first_layer(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rows of the intervals, of missing values and of categories."""
        n_pieces, n_numeric = sum(self.n_bins), len(self.n_bins)
        pieces, missing, category = self.first_weight.split(
            [n_pieces, n_numeric, len(self.first_weight) - n_pieces - n_numeric]
        )
        return pieces, missing, category if self.has_indicators else self.category_weight

    def to_record(self, encoding: Encoding, mean: float, scale: float) -> MLPRecord:
        """Return the weights as plain arrays."""
        pieces, missing, category = (_array(part) for part in self.first_layer())
        starts = np.cumsum(encoding.category_sizes) - encoding.category_sizes
        rows = [start + at for start, at in zip(starts, encoding.table_rows, strict=True)]
        index = np.concatenate([np.empty(0, dtype=np.int16), *rows]).astype(np.int16)
        shared = SharedRows(category, index)
        is_shared = len(category) < len(index) and len(category) <= np.iinfo(np.int16).max
        dense = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return MLPRecord(
            numeric_columns=encoding.numeric_columns,
            edge_offsets=_offsets(np.array([len(edges) for edges in encoding.edges], dtype=int)),
            edges=np.concatenate([np.empty(0), *encoding.edges]),
            numeric_weight=pieces,
            missing_weight=missing,
            category_columns=encoding.category_columns,
            category_offsets=_offsets(np.array([len(at) for at in rows], dtype=int)),
            category_weight=expand(shared),
            first_bias=_array(self.first_bias),
            layers=tuple(
                Dense(np.ascontiguousarray(_array(layer.weight).T), _array(layer.bias))
                for layer in dense
            ),
            output_mean=mean,
            output_scale=scale,
            storage={"category_weight": shared} if is_shared else {},
        )


class _Inputs:
    """Encoded rows as the network takes them, batch by batch."""

    def __init__(
        self,
        encoding: Encoding,
        X: NDArray[np.float64],
        network: EncodedNetwork,
        place: torch.device,
        keep: bool = True,
    ) -> None:
        self._encoding, self._place = encoding, place
        self._has_indicators = network.has_indicators
        self._numeric = encoding.numeric_inputs(X)
        self._category = encoding.category_inputs(X)
        n_bytes = 2 * len(X) * len(network.first_weight)
        self._kept = None
        if keep and n_bytes <= MOST_INPUT_BYTES:
            self._kept = torch.from_numpy(self._dense(slice(None), np.float16)).to(place)
        table = self._category[:, :0] if self._has_indicators else self._category
        self._table = torch.from_numpy(table).to(place)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return dense inputs and rows of the category table, for indices on the device."""
        if self._kept is not None:
            dense = self._kept.index_select(0, rows)
        else:
            dense = torch.from_numpy(self._dense(rows.cpu().numpy(), np.float32)).to(self._place)
        return dense, self._table.index_select(0, rows)

    def _dense(self, rows: Any, dtype: Any) -> NDArray[Any]:
        """Return intervals passed, missing values and, if they are few, categories."""
        numeric = self._numeric[rows]
        category = self._category[rows]
        n_bins = [len(edges) - 1 for edges in self._encoding.edges]
        n_rows = int(self._encoding.category_sizes.sum()) if self._has_indicators else 0
        out = np.zeros((len(numeric), sum(n_bins) + len(n_bins) + n_rows), dtype=dtype)
        start = 0
        for c, n in enumerate(n_bins):
            place = np.nan_to_num(numeric[:, c])[:, None]
            missing = np.isnan(numeric[:, c])
            pieces = np.clip(place - np.arange(n, dtype=np.float32), 0.0, 1.0)
            pieces[missing] = 0.0
            out[:, start : start + n] = pieces
            out[:, sum(n_bins) + c] = missing
            start += n
        if n_rows:
            base = sum(n_bins) + len(n_bins)
            np.put_along_axis(out, base + category, 1, axis=1)
        return out


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
        network = self.network.cpu().eval()
        inputs = _Inputs(self.encoding, X, network, torch.device("cpu"), keep=False)
        with torch.no_grad():
            chunks = torch.arange(len(X)).split(8192)
            out = torch.cat([network(*inputs.batch(rows)) for rows in chunks]).double().numpy()
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
    watch: Callable[[float, Callable[[Any], Any]], None] | None = None,
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
    watch : callable or None, default=None
        Called at each check with the share of the steps that is done and a function from encoded
        rows to the response by then.

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
    train_rows = _Rows(train, _Inputs(encoding, train.X, network, place), place)
    check_rows = train_rows
    if len(held_out):
        check_rows = _Rows(held_out, _Inputs(encoding, held_out.X, network, place), place)
    twin = torch_twin(loss)

    averaged = copy.deepcopy(network)
    best_state, best_loss, best_check = copy.deepcopy(averaged.state_dict()), math.inf, 0
    optimizers = _make_optimizers(network, plan)
    clock = _Clock(plan)
    history: list[float] = []
    batches = _batches(len(train), plan.batch_size, seed)
    steps = np.array_split(np.arange(plan.n_updates), min(plan.n_checks, plan.n_updates))
    bar = tqdm(steps, desc=progress, disable=progress is None, unit="check")
    with _one_thread(place):
        for check, updates in enumerate(bar):
            for update in updates:
                step = clock.effective_step(update)
                if clock.is_over:
                    break
                for group in (group for each in optimizers for group in each.param_groups):
                    group["lr"] = plan.learning_rate * _cosine(step, plan.n_updates)
                _train_step(network, optimizers, twin, train_rows.batch(next(batches).to(place)))
                _average(averaged, network, min(plan.averaging, (1 + update) / (10 + update)))
            history.append(_mean_loss(averaged, twin, check_rows))
            bar.set_postfix(held_out_loss=f"{history[-1]:.4f}")
            if watch is not None:
                watch((check + 1) / len(steps), _responder(averaged, encoding, mean, scale, scaled))
            if history[-1] < best_loss:
                best_loss, best_check = history[-1], check
                best_state = copy.deepcopy(averaged.state_dict())
            elif check - best_check >= plan.patience:
                break
            if clock.is_over:
                break
    bar.close()
    averaged.load_state_dict(best_state)
    _fill_unseen_rows(averaged, encoding, train.X)
    return FittedNetwork(averaged.cpu().eval(), encoding, mean, scale, history)


def _responder(
    network: EncodedNetwork, encoding: Encoding, mean: float, scale: float, rows: TransferSet
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what the network responds by now; it trains on, so what is asked is a copy."""

    def respond(X: NDArray[np.float64]) -> NDArray[np.float64]:
        outputs = FittedNetwork(copy.deepcopy(network), encoding, mean, scale, []).outputs(X)
        return softmax(outputs) if rows.is_classification else outputs

    return respond


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


# A network that was never trained is of no use to anyone: it gets so long in any case.
LEAST_SECONDS = 0.5


class _Clock:
    """How far the training is, by steps or by the time that has passed, whichever is further."""

    def __init__(self, plan: TrainingPlan) -> None:
        self._plan, self._start = plan, time.monotonic()
        self._deadline = plan.deadline
        if self._deadline is not None:
            self._deadline = max(self._deadline, self._start + LEAST_SECONDS)
        self.is_over = False

    def effective_step(self, step: int) -> float:
        """Return the step, or a later one where the time would not last for all steps."""
        effective = float(step)
        if self._deadline is not None:
            passed = (time.monotonic() - self._start) / (self._deadline - self._start)
            effective = max(effective, passed * self._plan.n_updates)
        self.is_over = effective >= self._plan.n_updates
        return min(effective, float(self._plan.n_updates))


def _cosine(step: float, n_steps: int) -> float:
    """Warm up over the first fiftieth, then fall to 0 along a cosine."""
    warm = max(1, n_steps // 50)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))


@dataclass
class _Batch:
    """Inputs and targets of some rows."""

    inputs: tuple[Tensor, Tensor]
    response: Tensor
    hard: Tensor
    weight: Tensor


class _Rows:
    """Rows of a transfer set on the device."""

    def __init__(self, rows: TransferSet, inputs: _Inputs, place: torch.device) -> None:
        hard_type = np.int64 if rows.is_classification else np.float32
        self._inputs = inputs
        self._response = torch.from_numpy(rows.response.astype(np.float32)).to(place)
        self._hard = torch.from_numpy(rows.hard.astype(hard_type)).to(place)
        self._weight = torch.from_numpy(rows.sample_weight.astype(np.float32)).to(place)

    def __len__(self) -> int:
        return len(self._weight)

    def batch(self, rows: Tensor) -> _Batch:
        return _Batch(
            self._inputs.batch(rows),
            self._response.index_select(0, rows),
            self._hard.index_select(0, rows),
            self._weight.index_select(0, rows),
        )

    def chunks(self) -> Iterator[_Batch]:
        for rows in torch.arange(len(self), device=self._weight.device).split(8192):
            yield self.batch(rows)


def _make_optimizers(network: EncodedNetwork, plan: TrainingPlan) -> list[torch.optim.Optimizer]:
    """Return what trains each parameter: Muon the matrices it is made for, AdamW what is left.

    The output layer, biases and a table of categories, of which a step sees few rows, are AdamW's.
    """
    hidden = [layer.weight for layer in network.layers[:-1] if isinstance(layer, nn.Linear)]
    matrices = [w for w in (network.first_weight, *hidden) if plan.muon and w.numel()]
    rest = [p for p in network.parameters() if not any(p is w for w in matrices)]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
    ]
    if matrices:
        optimizers.append(Muon(matrices, plan.learning_rate, plan.weight_decay))
    return optimizers


def _train_step(
    network: EncodedNetwork,
    optimizers: list[torch.optim.Optimizer],
    twin: TorchLoss,
    batch: _Batch,
) -> None:
    losses = twin(network(*batch.inputs), batch.response, batch.hard)
    network.zero_grad(set_to_none=True)
    (losses * batch.weight).mean().backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers:
        optimizer.step()


@torch.no_grad()
def _average(averaged: EncodedNetwork, network: EncodedNetwork, decay: float) -> None:
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), 1 - decay)


@torch.no_grad()
def _mean_loss(network: EncodedNetwork, twin: TorchLoss, rows: _Rows) -> float:
    total = weight = 0.0
    for batch in rows.chunks():
        losses = twin(network(*batch.inputs), batch.response, batch.hard)
        total += float((losses * batch.weight).sum())
        weight += float(batch.weight.sum())
    return total / max(weight, 1e-12)


# Rows that an average input is taken from.
MOST_AVERAGED = 10_000


@torch.no_grad()
def _fill_unseen_rows(network: EncodedNetwork, encoding: Encoding, X: NDArray[np.float64]) -> None:
    """Let a category or a missing value never seen in training add what an average row adds."""
    pieces, missing, category = network.first_layer()  # views of the parameters
    codes, start = encoding.category_inputs(X), 0
    for c, size in enumerate(encoding.category_sizes.tolist()):
        counts = torch.from_numpy(np.bincount(codes[:, c] - start, minlength=size))
        counts = counts.to(category)
        table = category[start : start + size]
        table[counts == 0] = (counts @ table) / counts.sum()
        start += size
    numeric, start = encoding.numeric_inputs(X), 0
    for j, n in enumerate(network.n_bins):
        if not np.isnan(numeric[:, j]).any():
            sample = numeric[:MOST_AVERAGED, j, None]
            passed = np.clip(sample - np.arange(n), 0.0, 1.0).mean(axis=0)
            missing[j] = torch.from_numpy(passed).to(pieces) @ pieces[start : start + n]
        start += n


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
