"""How the teacher sees encoded rows: views found once, rows decoded as it takes them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.flow._clock import Stages
from ensemble_kd.flow.lessons import as_lessons
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching._taught import Teaching
from ensemble_kd.losses import DistillationLoss, needs_view
from ensemble_kd.rows import RealRows, RowDecoder, TransferSet, take_rows
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.views import View, as_view

# Rows that are decoded at once.
BLOCK = 10_000


def refuse_views(settings: Settings, task: BaseTask, why: str) -> None:
    """Refuse losses and lessons that look at how the teacher sees rows, where nobody can.

    Parameters
    ----------
    settings : Settings
        What was chosen.
    task : BaseTask
        What is predicted.
    why : str
        Why nobody can, for the message.

    Raises
    ------
    InputError
        If there is such a one.
    """
    for one in (*settings.losses_of(task), *as_lessons(settings.lessons)):
        if needs_view(one):
            raise InputError(
                f"{type(one).__name__} needs the teacher's view of each row, but {why}; choose "
                "another loss or lesson."
            )


class Views:
    """The views of whoever labels the rows.

    Parameters
    ----------
    rows : RealRows
        Real rows.
    found_on : ndarray of shape (n_samples,), bool
        Those of them that views are found on.
    stage : Stages
        Where the time is noted, as that of labels.
    teaching : Teaching
        With the teacher.
    """

    def __init__(
        self, rows: RealRows, found_on: NDArray[np.bool_], stage: Stages, teaching: Teaching
    ) -> None:
        self._rows, self._found_on, self._stage = rows, found_on, stage
        self._teaching, self._found = teaching, dict[str, View]()

    def on(self, transfer_set: TransferSet, loss: DistillationLoss) -> TransferSet:
        """Return rows with the teacher's view of each, where a loss needs it and they have none.

        Parameters
        ----------
        transfer_set : TransferSet
            Encoded rows.
        loss : DistillationLoss
            It says which view by an attribute `view`.

        Returns
        -------
        TransferSet
        """
        if not needs_view(loss) or transfer_set.view is not None:
            return transfer_set
        return replace(transfer_set, view=self(transfer_set.X, getattr(loss, "view", "auto")))

    def __call__(self, codes: NDArray[np.float64], view: Any = "auto") -> NDArray[np.float32]:
        """Return how the teacher sees rows.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows.
        view : View or str, default="auto"
            Which view.

        Returns
        -------
        ndarray of shape (n_rows, n_components), float32
        """
        chosen = as_view(view)
        with self._stage("labels"):
            found = self._found.get(repr(chosen))
            if found is None:
                rows, labeller = self._rows, self._teaching.labeller
                X = take_rows(rows.X, self._found_on)
                found = chosen.fit(labeller, X, rows.task, seed=rows.seed)
                self._found[repr(chosen)] = found
            blocks = (codes[i : i + BLOCK] for i in range(0, max(1, len(codes)), BLOCK))
            raw = (self._decoder.decode(block, widens=True) for block in blocks)
            return np.concatenate([found.transform(X) for X in raw])

    @cached_property
    def _decoder(self) -> RowDecoder:
        return RowDecoder(self._rows.X, self._rows.schema)
