"""Whether a model knows what its answers are, as a program that calls an export will ask."""

from __future__ import annotations

from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel


def check_decided(model: CompactModel) -> None:
    """Refuse scores without a threshold on them.

    Parameters
    ----------
    model : CompactModel
        The student.

    Raises
    ------
    InputError
        If there is none.
    """
    if model.is_detector and model.threshold is None:
        raise InputError(
            "the model has scores, but no threshold on them; give one by "
            "ensemble_kd.decision.with_offset."
        )
