"""How close the student came, on real rows."""

from __future__ import annotations

from ensemble_kd.flow._teaching import has_label
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
    held_out = bool(real.held_out.any())
    chosen = real.held_out if held_out else real.origin == REAL
    rows = real.take(chosen & has_label(real.response))
    # The student's codes may be pooled, so its rows go through its own schema.
    codes = model.schema.encode_rows(rows.schema.decode_rows(rows.X))
    return measure_fidelity(
        rows.response, respond(model, codes), rows.task, held_out=held_out,
        weight=rows.sample_weight,
    )  # fmt: skip
