"""Train a small network on a transfer set with torch: the steps, and which of them is kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm.auto import tqdm

from ensemble_kd.log import logger
from ensemble_kd.losses import DistillationLoss, check_view
from ensemble_kd.networks._encoded_network import EncodedInputs, EncodedNetwork, FittedNetwork
from ensemble_kd.networks._encoding import Encoding
from ensemble_kd.networks._modes import one_thread, own_modes
from ensemble_kd.networks._periodic import PeriodicNetwork
from ensemble_kd.networks._soft_tree import SoftTreeNetwork, SoftTreePlan
from ensemble_kd.networks.training._hints import learn_hint
from ensemble_kd.networks.training._kept import Kept
from ensemble_kd.networks.training._muon import Muon
from ensemble_kd.networks.training._objective import Batch, Objective, Rows, row_losses
from ensemble_kd.networks.training._pace import Pace
from ensemble_kd.networks.training._plan import Clock, TrainingPlan, batches_of, cosine
from ensemble_kd.rows import TransferSet

LOG = logger(__name__)


def resolve_device(device: str) -> torch.device:
    """Return the device: with "auto" a GPU where there is one."""
    if device != "auto":
        return torch.device(device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@own_modes()
def train_network(
    transfer_set: TransferSet,
    loss: DistillationLoss,
    *,
    encoding: Encoding,
    hidden: tuple[int, ...],
    plan: TrainingPlan,
    device: str,
    seed: int,
    frequency_scale: float | None = None,
    hint_share: float = 0.0,
    offset: NDArray[np.float64] | None = None,
    soft_tree: SoftTreePlan | None = None,
    progress: str | None = None,
    watch: Callable[[float, Callable[[Any], Any]], None] | None = None,
) -> FittedNetwork:
    """Train on the rows that are not held out, keep the check with the least held-out loss.

    Parameters
    ----------
    transfer_set : TransferSet
        Rows with the teacher's response, values of mean 0 and spread 1; held-out rows stop the
        training.
    loss : DistillationLoss
        The loss of each row.
    encoding : Encoding
        The inputs.
    hidden : tuple of int
        Widths of the hidden layers; without any the first one's numbers are the outputs.
    plan : TrainingPlan
        How long and how fast.
    device : str
        "auto", or a torch device.
    seed : int
        Seeds the weights and the order of rows.
    frequency_scale : float or None, default=None
        Of the waves that curves of numeric columns are made of while training, see
        `PeriodicNetwork`; None makes them of no waves.
    hint_share : float, default=0.0
        Above 0 the hidden layers first learn the teacher's view of the rows, for so many times the
        steps that follow; see `learn_hint`.
    offset : ndarray of shape (n_samples, n_outputs) or None, default=None
        Added to the outputs for each row, as those of a network that is trained already.
    soft_tree : SoftTreePlan or None, default=None
        Makes it a soft tree, without hidden layers.
    progress : str or None, default=None
        Title of a progress bar; None shows none.
    watch : callable or None, default=None
        Called at each check with the share of the steps that is done and a function from encoded
        rows to the response by then.

    Returns
    -------
    FittedNetwork
    """
    check_view(loss, transfer_set.view)
    place = resolve_device(device)
    generator = torch.Generator().manual_seed(seed)
    network = (
        SoftTreeNetwork(encoding, soft_tree, transfer_set.n_outputs, generator)
        if soft_tree is not None
        else _make_network(encoding, hidden, transfer_set.n_outputs, frequency_scale, generator)
    ).to(place)
    train = transfer_set.take(~transfer_set.held_out)
    judged = _judged_rows(transfer_set.held_out, plan)
    pace = Pace(loss, train.enters)
    judge = Objective.of(pace.final)
    asks = judge.needs_view or hint_share > 0

    def on_device(rows: TransferSet, chosen: NDArray[Any]) -> Rows:
        inputs = EncodedInputs(encoding, rows.X, network, place)
        return Rows(rows, inputs, place, asks, None if offset is None else offset[chosen])

    train_rows = on_device(train, ~transfer_set.held_out)
    check_rows = on_device(transfer_set.take(judged), judged) if len(judged) else train_rows

    if hint_share > 0:
        learn_hint(network, train_rows, plan, hint_share, _make_optimizers(network, plan), seed)
    averaged = copy.deepcopy(network)
    kept = Kept(averaged, plan.span)
    optimizers = _make_optimizers(network, plan)
    clock = Clock(plan)
    batches = batches_of(len(train), plan.batch_size, seed, pace.rows)
    steps = np.array_split(np.arange(plan.n_updates), min(plan.n_checks, plan.n_updates))
    bar = tqdm(steps, desc=progress, disable=progress is None, unit="check")
    with one_thread(place):
        for check, updates in enumerate(bar):
            pace.go_on(clock.effective_step(updates[0]) / plan.n_updates)
            objective = Objective.of(pace.loss)
            for update in updates:
                step = clock.effective_step(update)
                if clock.is_over:
                    break
                for group in (group for each in optimizers for group in each.param_groups):
                    group["lr"] = plan.learning_rate * cosine(step, plan.n_updates)
                _train_step(
                    network, optimizers, objective, train_rows.batch(next(batches).to(place))
                )
                _average(averaged, network, min(plan.averaging, (1 + update) / (10 + update)))
            loss_now = check_rows.mean(row_losses(averaged, judge, check_rows))
            kept.add(averaged, loss_now, is_last=plan.stop_after is not None)
            bar.set_postfix(held_out_loss=f"{loss_now:.4f}")
            if watch is not None:
                watch((check + 1) / len(steps), _responder(averaged, encoding, train))
            if pace.in_vain(kept.n_worse) >= plan.patience:
                break
            if clock.is_over or check + 1 == plan.stop_after:
                break
    bar.close()
    LOG.info("network: loss %.5g, kept of %d checks", kept.history[kept.check], len(kept.history))
    averaged.load_state_dict(kept.state)
    averaged = averaged.settled()
    _fill_unseen_rows(averaged, encoding, train.X)
    return FittedNetwork(averaged.cpu().eval(), encoding, kept.history, kept.check)


# Rows that show how a training goes whose end is known.
MOST_SHOWN = 2000


def _judged_rows(held_out: NDArray[np.bool_], plan: TrainingPlan) -> NDArray[np.int64]:
    """Return the rows of the checks, none for all that are learned.

    Where training ends at a given check, nothing is chosen by the rows, and some will do: all of
    them, ten synthetic ones for each real one, took longer than the steps.
    """
    if held_out.any() or plan.stop_after is None:
        return np.flatnonzero(held_out)
    n_rows = len(held_out)
    return np.linspace(0, n_rows - 1, min(n_rows, MOST_SHOWN)).astype(np.int64)


def _make_network(
    encoding: Encoding,
    hidden: tuple[int, ...],
    n_outputs: int,
    frequency_scale: float | None,
    generator: torch.Generator,
) -> EncodedNetwork:
    if frequency_scale is None:
        return EncodedNetwork(encoding, hidden, n_outputs, generator)
    return PeriodicNetwork(encoding, hidden, n_outputs, frequency_scale, generator)


def _responder(
    network: EncodedNetwork, encoding: Encoding, rows: TransferSet
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what the network responds by now; it trains on, so what is asked is a copy."""

    def respond(X: NDArray[np.float64]) -> NDArray[np.float64]:
        outputs = FittedNetwork(copy.deepcopy(network), encoding, []).outputs(X)
        return rows.task.respond(outputs)

    return respond


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
    objective: Objective,
    batch: Batch,
) -> None:
    loss = objective(network, batch)
    extra = network.extra_term()
    if extra is not None:
        loss = loss + extra
    network.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers:
        optimizer.step()


@torch.no_grad()
def _average(averaged: EncodedNetwork, network: EncodedNetwork, decay: float) -> None:
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), 1 - decay)


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
