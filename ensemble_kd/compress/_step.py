"""What every compression step offers: a compact model and rows in, a smaller compact model out."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

from sklearn.base import BaseEstimator

from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord
from ensemble_kd.rows import TransferSet


class Guide(NamedTuple):
    """What a step may learn from, and when its training has to end."""

    rows: TransferSet | None
    loss: DistillationLoss | None
    deadline: float | None


class CompressionStep(BaseEstimator):  # type: ignore[misc]
    """Base of the steps: parameters that clone well, and `apply`, which changes no argument."""

    @property
    def needs_rows(self) -> bool:
        """Whether the step cannot do without rows."""
        return False

    @property
    def trains(self) -> bool:
        """Whether the step trains, which takes its time."""
        return False

    def apply(
        self,
        model: CompactModel,
        rows: TransferSet | None = None,
        loss: DistillationLoss | None = None,
        *,
        deadline: float | None = None,
    ) -> CompactModel:
        """Return a smaller model.

        Parameters
        ----------
        model : CompactModel
            The model; its arrays stay as they are.
        rows : TransferSet or None, default=None
            Rows in the codes of the model's own schema, with the teacher's response.
        loss : DistillationLoss or None, default=None
            What the student was trained on; needed wherever `rows` are.
        deadline : float or None, default=None
            When a training has to end, by `time.monotonic`; the rest of a step takes what it takes.

        Returns
        -------
        CompactModel

        Raises
        ------
        InputError
            If a parameter is out of range, the student is of another kind, or rows are needed.
        """
        return self._smaller(model, Guide(rows, loss, deadline))

    @abstractmethod
    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        """Return a smaller model; see `apply`."""


def network_of(model: CompactModel, step: str) -> MLPRecord:
    """Return the network, or refuse trees."""
    if not isinstance(model.body, MLPRecord):
        raise InputError(
            f"{step} is for networks, got a model of trees; truncate or prune trees, or quantise."
        )
    return model.body


def trees_of(model: CompactModel, step: str) -> TreesRecord:
    """Return the trees, or refuse a network."""
    if not isinstance(model.body, TreesRecord):
        raise InputError(
            f"{step} is for trees, got a network; prune its neurons, factorise or quantise it."
        )
    return model.body


def with_rows(
    rows: TransferSet | None, loss: DistillationLoss | None, step: str
) -> tuple[TransferSet, DistillationLoss]:
    """Return rows and loss, or refuse their absence."""
    if rows is None or loss is None or not len(rows):
        raise InputError(f"{step} needs rows with a response, and a loss, got none; give both.")
    return rows, loss


def check_share(name: str, share: float) -> None:
    """Refuse a share outside (0, 1]."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise InputError(f"{name} must be in (0, 1], got {share!r}.")
