"""Students that label the synthetic rows beside the teacher, for the student that follows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._transfer_set import SYNTHETIC, TransferSet
from ensemble_kd.compress._rows import in_codes_of
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import build_runtime, response

# Of the label of a synthetic row.
PEER_SHARE = 0.5


def blended(rows: TransferSet, models: Sequence[CompactModel]) -> TransferSet:
    """Return the rows, with synthetic ones labelled half by the teacher and half by students.

    The mean of several students is smoother than the teacher, and nearer to what a student can
    learn: one that is taught by both comes out better than any of them [1]_.

    Parameters
    ----------
    rows : TransferSet
        Labelled by the teacher.
    models : sequence of CompactModel
        Students, taught by these rows or like ones; with none the rows stay as they are.

    References
    ----------
    .. [1] Furlanello et al. (2018). Born-Again Neural Networks.
    """
    synthetic = rows.origin == SYNTHETIC
    if not models or not synthetic.any():
        return rows
    own = rows.take(synthetic)
    said = np.mean([_respond(model, own) for model in models], axis=0)
    mixed = rows.response.copy()
    mixed[synthetic] += PEER_SHARE * (said - mixed[synthetic])
    return replace(rows, response=mixed)


def _respond(model: CompactModel, rows: TransferSet) -> NDArray[np.float64]:
    coded = in_codes_of(model.schema, rows)
    return response(model, build_runtime(model).outputs(coded.X))
