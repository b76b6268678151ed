"""The first stage of a training by hints: hidden layers that can tell the teacher's view."""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from torch import Tensor, nn

from ensemble_kd.errors import InputError
from ensemble_kd.networks._encoded_network import EncodedNetwork, drawn
from ensemble_kd.networks._modes import one_thread
from ensemble_kd.networks.training._objective import Rows
from ensemble_kd.networks.training._plan import Clock, TrainingPlan, batches_of, cosine


def hint_gap(told: Tensor, view: Tensor, weight: Tensor) -> Tensor:
    """Return half the mean squared distance of what is told of a view from the view itself."""
    return (0.5 * ((told - view) ** 2).mean(dim=1) * weight).mean()


def learn_hint(
    network: EncodedNetwork,
    rows: Rows,
    plan: TrainingPlan,
    share: float,
    optimizers: list[torch.optim.Optimizer],
    seed: int,
) -> float:
    """Train the hidden layers so that a linear map of the last one is the teacher's view [1]_.

    The map is learned with them and then forgotten; the output layer stays as it was.

    Parameters
    ----------
    network : EncodedNetwork
        Trained in place.
    rows : Rows
        With a view.
    plan : TrainingPlan
        Of the training that follows.
    share : float
        Steps, and time where there is a deadline, as a multiple of those that follow.
    optimizers : list of Optimizer
        Of the network's parameters.
    seed : int
        Draws the map and the order of rows.

    Returns
    -------
    float
        The gap of the last batch, of a view of spread 1.

    Raises
    ------
    InputError
        If the rows have no view.

    References
    ----------
    .. [1] Romero et al. (2015). FitNets: Hints for Thin Deep Nets, Eq. 3.
    """
    if rows.view is None:
        raise InputError(
            "hints need the teacher's view of each row, got rows without one; put lessons that add "
            "rows before 'hints'."
        )
    view = rows.view - rows.view.mean(dim=0)
    view = view / view.square().mean().sqrt().clamp_min(1e-12)
    generator = torch.Generator().manual_seed(seed)
    last = network.layers[-1]
    assert isinstance(last, nn.Linear)
    slope = drawn(last.in_features, view.shape[1], generator) / last.in_features**0.5
    to_view = nn.Parameter(slope.to(view.device))
    shift = nn.Parameter(torch.zeros_like(view[0]))
    of_map = torch.optim.AdamW([to_view, shift], plan.learning_rate, weight_decay=0.0)
    until = plan.deadline
    if until is not None:
        now = time.monotonic()
        until = now + (until - now) * share / (1 + share)
    own = replace(plan, n_updates=max(1, round(share * plan.n_updates)), deadline=until)
    clock, batches = Clock(own), batches_of(len(rows), own.batch_size, seed)
    gap = torch.zeros(())
    with one_thread(view.device):
        for update in range(own.n_updates):
            step = clock.effective_step(update)
            if clock.is_over:
                break
            for group in (g for each in (*optimizers, of_map) for g in each.param_groups):
                group["lr"] = own.learning_rate * cosine(step, own.n_updates)
            chosen = next(batches).to(view.device)
            batch = rows.batch(chosen)
            _, hidden = network.with_hidden(*batch.inputs)
            gap = hint_gap(hidden @ to_view + shift, view[chosen], batch.weight)
            for each in (*optimizers, of_map):
                each.zero_grad(set_to_none=True)
            gap.backward()  # type: ignore[no-untyped-call]
            for each in (*optimizers, of_map):
                each.step()
    network.zero_grad(set_to_none=True)
    return float(gap.detach())
