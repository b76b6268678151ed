"""A loss of each row with a term for the rows of a batch beside it, which sees what it asks for."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._asked import loss_at
from ensemble_kd.losses._base import (
    Array,
    DistillationLoss,
    needs_attributions,
    needs_hidden,
    needs_view,
    torch_batch_term,
    torch_twin,
)

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchBatchTerm, TorchLoss

NEEDS = {"hidden": needs_hidden, "view": needs_view, "attributions": needs_attributions}


@dataclass(frozen=True)
class LossWithTerm:
    """Base of the losses of each row that add a term which compares rows with the teacher's view.

    Parameters
    ----------
    base : DistillationLoss
        The loss of each row.
    strength : float, default=1.0
        Weight of the term, at least 0.
    view : View or str, default="auto"
        How the teacher sees a row.

    Raises
    ------
    InputError
        If the strength is below 0, or the base looks at another view.
    """

    base: DistillationLoss
    strength: float = 1.0
    view: Any = "auto"

    def __post_init__(self) -> None:
        if not 0 <= self.strength < np.inf:
            raise InputError(f"strength must be >= 0 and finite, got {self.strength!r}.")
        view = getattr(self.base, "view", "auto")
        if needs_view(self.base) and repr(view) != repr(self.view):
            raise InputError(f"view must be that of the base, {view!r}, got {self.view!r}.")

    @property
    def needs_view(self) -> bool:
        """The term compares with it."""
        return True

    @property
    def needs_hidden(self) -> bool:
        """Whether the term of the base, or this one, looks at the last hidden layer."""
        return needs_hidden(self.base)

    @property
    def needs_attributions(self) -> bool:
        """Whether the term of the base, or this one, looks at what columns add."""
        return needs_attributions(self.base)

    @property
    def alpha(self) -> float:
        """Weight of the teacher's response on rows with a true target."""
        return self.base.alpha

    @property
    def temperature(self) -> float:
        """Of the loss of each row, where it has one."""
        return float(self.base.temperature)  # type: ignore[attr-defined]

    def __call__(self, outputs: Array, response: Array, hard: NDArray[Any]) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient, without the term."""
        return self.base(outputs, response, hard)

    def curvature(self, outputs: Array, response: Array, hard: NDArray[Any]) -> Array:
        """Return the diagonal of the Hessian of each row's loss, without the term."""
        return self.base.curvature(outputs, response, hard)

    def torch_twin(self) -> TorchLoss:
        """Return the loss of each row, differentiable."""
        return torch_twin(self.base)

    def at(self, share: float) -> Self:
        """Return the loss when a share of the training is done, as its base is by then."""
        return replace(self, base=loss_at(self.base, share))

    def torch_batch_term(self) -> TorchBatchTerm:
        """Return the term, and that of the base where it has one."""
        below = torch_batch_term(self.base)
        asked = [name for name, needs in NEEDS.items() if needs(self.base)]

        def value(outputs: Tensor, response: Tensor, weight: Tensor, **seen: Tensor) -> Tensor:
            found = self.strength * self._term(weight, seen)
            if below is None:
                return found
            return found + below(outputs, response, weight, **{name: seen[name] for name in asked})

        return value

    @abstractmethod
    def _term(self, weight: Tensor, seen: dict[str, Tensor]) -> Tensor:
        """Return the term at strength 1, of the rows' weights and what the loss asks for."""


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Return the mean of values by weights of the same shape."""
    return (values * weight).sum() / weight.sum().clamp_min(1e-12)
