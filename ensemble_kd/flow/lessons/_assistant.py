"""A wide network between teacher and student, where the two are far apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.rows import SYNTHETIC, TransferSet
from ensemble_kd.students import MLPStudent


class Assistant(Lesson):
    """Let a wide network learn the transfer set first, and label its synthetic rows [1]_.

    It takes some five times the student's time; in a trial with one seed the loss was 1 % lower on
    letter and no lower on wine_quality.

    Parameters
    ----------
    hidden : tuple of int, default=(512, 256)
        Widths of its hidden layers.
    max_bytes : int, default=4_000_000
        Bytes that its arrays may take, greater than 0.

    References
    ----------
    .. [1] Mirzadeh et al. (2020). Improved Knowledge Distillation via Teacher Assistant.
    """

    def __init__(self, hidden: tuple[int, ...] = (512, 256), max_bytes: int = 4_000_000) -> None:
        self.hidden = hidden
        self.max_bytes = max_bytes

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set with synthetic rows labelled by the network."""
        if desk.n_synthetic == 0:
            return transfer_set
        assistant = MLPStudent(
            hidden=self.hidden,
            max_bytes=self.max_bytes,
            random_state=desk.student.get_params(deep=False)["random_state"],
        )
        assistant.fit_transfer(transfer_set, desk.loss, deadline=desk.clock.assistant)
        is_synthetic = (transfer_set.origin == SYNTHETIC)[:, None]
        answer = assistant.respond(transfer_set.X)
        response = np.where(is_synthetic, answer, transfer_set.response)
        return replace(transfer_set, response=response)
