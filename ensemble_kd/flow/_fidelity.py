"""How close the student came, and what it decides, on real rows that it was not trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision import with_offset
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import has_label
from ensemble_kd.metrics import Fidelity, measure_fidelity
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import respond


def held_out_fidelity(model: CompactModel, real: TransferSet) -> Fidelity:
    """Measure on held-out real rows, or on all real rows of a table too small to hold any out.

    Parameters
    ----------
    model : CompactModel
        The student.
    real : TransferSet
        Real rows with the teacher's response.

    Returns
    -------
    Fidelity
    """
    rows, response = _held_out(model, real)
    return measure_fidelity(
        rows.response, response, rows.task, held_out=bool(real.held_out.any()),
        weight=rows.sample_weight,
    )  # fmt: skip


def decided(model: CompactModel, real: TransferSet, settings: Settings) -> CompactModel:
    """Return the model with what only its own answers to rows tell: the offset of a score.

    Parameters
    ----------
    model : CompactModel
        The student.
    real : TransferSet
        Real rows; those are looked at that are held out.
    settings : Settings
        How many rows are to be outliers.

    Returns
    -------
    CompactModel
        The same where there is a target.
    """
    if real.task.is_supervised:
        return model
    rows, response = _held_out(model, real)
    score, weight = response[:, 0], rows.sample_weight
    if np.ptp(weight) == 0:
        return with_offset(model, score, settings.contamination)
    counts = weight > 0  # a table too small to hold any out has others, too
    return with_offset(model, score[counts], settings.contamination, weight[counts])


def _held_out(model: CompactModel, real: TransferSet) -> tuple[TransferSet, NDArray[np.float64]]:
    """Return held-out rows that have a label, or all real ones, and the model's response."""
    chosen = real.held_out if real.held_out.any() else real.origin == REAL
    rows = real.take(chosen & has_label(real.response))
    # The student's codes may be pooled, so its rows go through its own schema.
    codes = model.schema.encode_rows(rows.schema.decode_rows(rows.X))
    return rows, respond(model, codes)
