"""What a step of training lowers, on which rows, and what the rows lose on their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ensemble_kd.losses import (
    DistillationLoss,
    needs_attributions,
    needs_hidden,
    needs_view,
    torch_batch_term,
    torch_twin,
)
from ensemble_kd.networks._encoded_network import EncodedInputs, EncodedNetwork
from ensemble_kd.networks.training._attributions import attributions
from ensemble_kd.rows import TransferSet


@dataclass
class Batch:
    """Inputs and targets of some rows."""

    inputs: tuple[Tensor, Tensor]
    response: Tensor
    hard: Tensor
    weight: Tensor
    view: Tensor | None = None
    offset: Tensor | None = None
    n_columns: int = 0  # of the table


@dataclass(frozen=True)
class Objective:
    """What a step lowers: the mean of the rows' losses, and what relates the rows to each other."""

    twin: Callable[[Tensor, Tensor, Tensor], Tensor]
    batch_term: Callable[..., Tensor] | None
    needs_hidden: bool = False
    needs_view: bool = False
    needs_attributions: bool = False

    @classmethod
    def of(cls, loss: DistillationLoss) -> Objective:
        """Return what a loss asks for."""
        return cls(
            torch_twin(loss), torch_batch_term(loss), needs_hidden(loss), needs_view(loss),
            needs_attributions(loss),
        )  # fmt: skip

    def __call__(self, network: EncodedNetwork, batch: Batch) -> Tensor:
        outputs, hidden = network.with_hidden(*batch.inputs)
        if batch.offset is not None:
            outputs = outputs + batch.offset
        loss = (self.twin(outputs, batch.response, batch.hard) * batch.weight).mean()
        if self.batch_term is None:
            return loss
        more = {"hidden": hidden} if self.needs_hidden else {}
        if self.needs_view:
            assert batch.view is not None
            more["view"] = batch.view
            if self.needs_attributions:
                more["attributions"] = attributions(network, batch.inputs, batch.n_columns,
                                                    batch.view.shape[1])  # fmt: skip
        return loss + self.batch_term(outputs, batch.response, batch.weight, **more)


class Rows:
    """Rows of a transfer set on the device."""

    def __init__(
        self,
        rows: TransferSet,
        inputs: EncodedInputs,
        place: torch.device,
        needs_view: bool = False,
        offset: NDArray[np.float64] | None = None,
    ) -> None:
        hard_type = np.float32 if rows.hard.dtype.kind == "f" else np.int64
        self._inputs, self._n_columns = inputs, rows.X.shape[1]
        self._response = torch.from_numpy(rows.response.astype(np.float32)).to(place)
        self._hard = torch.from_numpy(rows.hard.astype(hard_type)).to(place)
        self.weight = torch.from_numpy(rows.sample_weight.astype(np.float32)).to(place)
        self.view = self._offset = None
        if offset is not None:
            self._offset = torch.from_numpy(offset.astype(np.float32)).to(place)
        if needs_view and rows.view is not None:
            self.view = torch.from_numpy(rows.view.astype(np.float32)).to(place)

    def __len__(self) -> int:
        return len(self.weight)

    def batch(self, rows: Tensor) -> Batch:
        return Batch(
            self._inputs.batch(rows),
            self._response.index_select(0, rows),
            self._hard.index_select(0, rows),
            self.weight.index_select(0, rows),
            None if self.view is None else self.view.index_select(0, rows),
            None if self._offset is None else self._offset.index_select(0, rows),
            self._n_columns,
        )

    def mean(self, values: Tensor) -> float:
        """Return the weighted mean of a number a row."""
        return float((values * self.weight).sum() / self.weight.sum().clamp_min(1e-12))

    def chunks(self) -> Iterator[Batch]:
        for rows in torch.arange(len(self), device=self.weight.device).split(8192):
            yield self.batch(rows)


@torch.no_grad()
def row_losses(network: EncodedNetwork, objective: Objective, rows: Rows) -> Tensor:
    """Return the rows' own losses: what relates them depends on how they are cut into batches.

    Parameters
    ----------
    network : EncodedNetwork
        Asked as it is.
    objective : Objective
        Its twin gives the losses.
    rows : Rows
        Asked in chunks.

    Returns
    -------
    Tensor of shape (n_rows,), float64
    """
    losses = []
    for batch in rows.chunks():
        outputs = network(*batch.inputs)
        if batch.offset is not None:
            outputs = outputs + batch.offset
        losses.append(objective.twin(outputs, batch.response, batch.hard))
    return torch.cat(losses).double()
