"""Members weigh more where they are sure."""

from __future__ import annotations

from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.per_row._base import Array, RowWeights


class Confidence(RowWeights):
    """Weigh members by how sure they are: the doubt is the entropy of their probabilities [1]_.

    For classes alone. Of members that are sure and wrong it knows nothing: give it calibrated ones.

    Parameters
    ----------
    sharpness : float or "auto", default="auto"
        As of `RowWeights`.

    References
    ----------
    .. [1] Kwon, Na, Lee, Kim (2020). Adaptive Knowledge Distillation Based on Entropy.
    """

    def check(self, task: BaseTask) -> None:
        """Refuse what has no classes."""
        super().check(task)
        if not task.has_classes:
            raise InputError(
                "weights='confidence' is for classes, as values say nothing of how sure they are; "
                "choose 'competence' or 'disagreement'."
            )

    def _doubts(self, responses: Array, X: Any) -> Array:
        n_members, n_rows, n_outputs = responses.shape
        every = responses.reshape(n_members * n_rows, n_outputs)
        return self.task_.row_losses(every, every).reshape(n_members, n_rows)
