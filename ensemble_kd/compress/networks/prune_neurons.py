"""Fewer hidden units: those that matter least go, and the others learn on for a short while."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.compress._rows import calibration_rows
from ensemble_kd.compress._step import CompressionStep, Guide, check_share, network_of, with_rows
from ensemble_kd.compress.networks._forward import forward, unit_gradients
from ensemble_kd.compress.networks._importance import by_magnitude, by_taylor, surgeon
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import (
    CompactModel,
    Dense,
    MLPRecord,
    SharedRows,
    Storage,
    expand,
    in_units,
)
from ensemble_kd.rows import TargetScale, TransferSet

FIRST_LAYER = ("numeric_weight", "missing_weight", "category_weight")
IMPORTANCES = ("magnitude", "taylor", "obs")


def prune_neurons(
    model: CompactModel,
    keep: float = 0.5,
    importance: str = "obs",
    rows: TransferSet | None = None,
    loss: DistillationLoss | None = None,
) -> CompactModel:
    """Remove the hidden units that matter least, the same share of each layer.

    Parameters
    ----------
    model : CompactModel
        A network.
    keep : float, default=0.5
        Share of each hidden layer that is left, in (0, 1]; at least one unit is. With 1 the model
        is returned as it is.
    importance : {"obs", "taylor", "magnitude"}, default="obs"
        What a unit is judged by: the rise of the next layer's squared error once the other units
        make up for it; the first-order change of the loss; the size of its weights, which alone
        needs no rows.
    rows : TransferSet or None, default=None
        Rows in the codes of the model's schema.
    loss : DistillationLoss or None, default=None
        The loss.

    Returns
    -------
    CompactModel
        With fewer units; what was kept in fewer bits is float32 again, so quantise last.

    Raises
    ------
    InputError
        If `keep` or `importance` is out of range, the model is of trees, or rows are needed.
    """
    body = network_of(model, "pruning of neurons")
    check_share("keep", keep)
    if importance not in IMPORTANCES:
        raise InputError(f"importance must be one of {IMPORTANCES}, got {importance!r}.")
    if keep == 1:
        return model
    if importance == "magnitude":
        scores = by_magnitude(body)
    else:
        rows, loss = with_rows(rows, loss, f"pruning by {importance!r}")
        rows = calibration_rows(rows)
        if importance == "obs":
            return replace(model, body=_by_surgery(body, keep, rows, loss))
        scores = by_taylor(body, rows, loss)
    for i, score in enumerate(scores):
        n_keep = _n_keep(keep, len(score))
        body = keep_units(body, i, np.sort(np.argsort(-score, kind="stable")[:n_keep]))
    return replace(model, body=body)


def keep_units(body: MLPRecord, i: int, kept: NDArray[np.intp]) -> MLPRecord:
    """Return the network with some units of hidden layer i alone, in any order.

    Parameters
    ----------
    body : MLPRecord
        The network.
    i : int
        Index of the hidden layer, 0 for the one after the inputs.
    kept : ndarray of shape (n_kept,)
        Indices of its units, at least one.

    Returns
    -------
    MLPRecord
        All of it kept as float32; rows that categories share are still kept once.
    """
    layers = list(body.layers)
    layers[i] = Dense(np.ascontiguousarray(layers[i].weight[kept]), layers[i].bias)
    fields: dict[str, Any] = {}
    if i == 0:
        fields = {n: np.ascontiguousarray(getattr(body, n)[:, kept]) for n in FIRST_LAYER}
        fields["first_bias"] = body.first_bias[kept]
    else:
        before = layers[i - 1]
        weight = np.ascontiguousarray(before.weight[:, kept])
        layers[i - 1] = Dense(weight, before.bias[kept])
    shared = body.storage.get("category_weight")
    storage: dict[str, Storage] = {}
    if isinstance(shared, SharedRows):
        rows = expand(shared.rows)
        storage["category_weight"] = SharedRows(rows[:, kept] if i == 0 else rows, shared.index)
    return replace(body, **fields, layers=tuple(layers), storage=storage)


def _by_surgery(
    body: MLPRecord, keep: float, rows: TransferSet, loss: DistillationLoss
) -> MLPRecord:
    for i in range(len(body.layers)):
        done = forward(body, rows.X)  # of the layers before, as they are by now
        gradients = unit_gradients(body, done, rows, loss)
        sensitivity = np.mean(gradients[i] ** 2, axis=0)
        sensitivity = sensitivity / max(sensitivity.mean(), 1e-300) + 1e-3
        layer = body.layers[i]
        kept, weight, bias = surgeon(
            done.active[i], layer.weight, layer.bias, sensitivity, _n_keep(keep, len(layer.weight))
        )
        body = keep_units(body, i, kept)
        layers = list(body.layers)
        layers[i] = Dense(weight.astype(np.float32), bias.astype(np.float32))
        body = replace(body, layers=tuple(layers))
    return body


def _n_keep(keep: float, width: int) -> int:
    return max(1, round(keep * width))


class PruneNeurons(CompressionStep):
    """Remove hidden units, then train the rest on for a short while; see `prune_neurons`.

    Parameters
    ----------
    keep : float, default=0.5
        Share of each hidden layer that is left, in (0, 1].
    importance : {"obs", "taylor", "magnitude"}, default="obs"
        What a unit is judged by.
    n_updates : int, default=1500
        Gradient steps of the training afterwards, on the transfer set; 0 for none.
    learning_rate : float, default=0.003
        At its start, greater than 0.
    random_state : int, default=0
        Of the order of rows, at least 0.
    """

    def __init__(
        self,
        keep: float = 0.5,
        *,
        importance: str = "obs",
        n_updates: int = 1500,
        learning_rate: float = 0.003,
        random_state: int = 0,
    ) -> None:
        self.keep = keep
        self.importance = importance
        self.n_updates = n_updates
        self.learning_rate = learning_rate
        self.random_state = random_state

    @property
    def needs_rows(self) -> bool:
        """Whether importance or training take rows."""
        return self.keep < 1 and (self.importance != "magnitude" or self.n_updates > 0)

    @property
    def trains(self) -> bool:
        """Whether what is left learns on."""
        return self.keep < 1 and self.n_updates > 0

    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        if self.n_updates < 0 or not self.learning_rate > 0:
            raise InputError(
                f"n_updates must be >= 0 and learning_rate > 0, got {self.n_updates!r} and "
                f"{self.learning_rate!r}."
            )
        if guide.rows is None or model.classes or model.n_outputs == 1:
            return self._pruned(model, guide)
        # Of several outputs, in units in which none of them outweighs another.
        scale = TargetScale.of_rows(guide.rows)
        unit = np.where(scale.spread == 0, 1.0, scale.spread)
        own = replace(model, body=in_units(model.body, -scale.mean / unit, 1 / unit))
        one_unit = replace(scale, spread=unit)
        pruned = self._pruned(own, guide._replace(rows=one_unit.scale_rows(guide.rows)))
        if pruned is own:
            return model
        return replace(pruned, body=in_units(pruned.body, np.asarray(scale.mean), unit))

    def _pruned(self, model: CompactModel, guide: Guide) -> CompactModel:
        pruned = prune_neurons(model, self.keep, self.importance, guide.rows, guide.loss)
        if pruned is model or self.n_updates == 0:
            return pruned
        rows, loss = with_rows(guide.rows, guide.loss, "training after pruning")
        fine_tune = require("ensemble_kd.networks.with_torch", extra="train").fine_tune
        body = fine_tune(
            pruned.body, rows, loss,
            n_updates=self.n_updates, learning_rate=self.learning_rate, seed=self.random_state,
            deadline=guide.deadline,
        )  # fmt: skip
        return replace(pruned, body=body)
