"""From sums to the response, in C."""

from __future__ import annotations

import numpy as np

from ensemble_kd.export._c_text import floats
from ensemble_kd.model import CompactModel, MLPRecord

PREDICT = """
void @_predict(const struct @_row *row, float *out)
{
DECLARE    @_sums(row, out);
LINK}
"""
SOFTMAX = """\
    for (k = 1; k < @_N_OUTPUTS; k++)
        if (out[k] > top)
            top = out[k];
    for (k = 0; k < @_N_OUTPUTS; k++) {
        out[k] = expf(out[k] - top);
        total += out[k];
    }
"""
DIVIDE = """\
    for (k = 0; k < @_N_OUTPUTS; k++)
        out[k] /= total;
"""
TOTAL = """\
    for (k = 0; k < @_N_OUTPUTS; k++)
        total += out[k];
"""


def link_source(model: CompactModel) -> str:
    """Return the function that a program calls; `@_sums` is there already."""
    body = model.body
    declare, link = "    int k;\n    float total = 0.0f;\n", ""
    if model.task == "regression":
        declare = ""
        if isinstance(body, MLPRecord):
            numbers = np.array([body.output_mean, body.output_scale], dtype=np.float32)
            mean, scale = floats(numbers.astype(str).astype(float).tolist(), double=False)
            link = f"    out[0] = {mean} + {scale} * out[0];\n"
    elif isinstance(body, MLPRecord) or body.link == "softmax":
        declare += "    float top;\n"
        link = "    top = out[0];\n" + SOFTMAX + DIVIDE
    elif body.link == "sigmoid":
        declare += "    float top;\n"
        link = "    out[1] = out[0];\n    out[0] = 0.0f;\n    top = out[0];\n" + SOFTMAX + DIVIDE
    else:
        link = TOTAL + DIVIDE
    return PREDICT.replace("DECLARE", declare).replace("LINK", link)
