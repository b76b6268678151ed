"""From sums to the response, and to what is decided on it, in C."""

from __future__ import annotations

import numpy as np

from ensemble_kd.export._decimals import shortest
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.export.c._text import filled, floats
from ensemble_kd.model import CompactModel, LogitScaling, MLPRecord

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
SCALE = """\
    for (k = 0; k < N_SUMS_OF_LINK; k++)
        out[k] = SCALE * out[k] + @_logit_bias[k];
"""
CURVE = """
static float @_curve(float p)
{
    int low = 0, high = LAST, middle;
    float share;
    while (high - low > 1) {
        middle = (low + high) / 2;
        if (p >= @_curve_x[middle])
            low = middle;
        else
            high = middle;
    }
    if (p >= @_curve_x[high])
        return @_curve_y[high];
    share = (p - @_curve_x[low]) / (@_curve_x[high] - @_curve_x[low]);
    if (!(share > 0.0f))
        share = 0.0f;
    return @_curve_y[low] + share * (@_curve_y[high] - @_curve_y[low]);
}
"""
USE_CURVE = """\
    out[1] = @_curve(out[1]);
    out[0] = 1.0f - out[1];
"""
USE_CURVE_OF_SCORES = """\
    out[0] = @_curve(out[0]);
"""
LIKELIEST = """
int @_decide(const float *out)
{
    int k, best = 0;
    for (k = 1; k < @_N_OUTPUTS; k++)
        if (out[k] > out[best])
            best = k;
    return best;
}
"""
BY_THRESHOLD = """
int @_decide(const float *out)
{
    return out[1] >= THRESHOLD;
}
"""
BELOW_THRESHOLD = """
int @_decide(const float *out)
{
    return (double)out[0] < THRESHOLD ? -1 : 1;
}
"""
SIGMOIDS = """\
    for (k = 0; k < @_N_OUTPUTS; k++)
        out[k] = 1.0f / (1.0f + expf(-out[k]));
"""
TOTAL = """\
    for (k = 0; k < @_N_OUTPUTS; k++)
        total += out[k];
"""


def add_decision_tables(model: CompactModel, tables: Tables) -> None:
    """Add the numbers of a calibrator."""
    calibrator = model.calibrator
    if isinstance(calibrator, LogitScaling):
        tables.add("logit_bias", calibrator.bias.astype(np.float32))
    elif calibrator is not None:
        tables.add("curve_x", calibrator.x.astype(np.float32))
        tables.add("curve_y", calibrator.y.astype(np.float32))


def link_source(model: CompactModel) -> str:
    """Return the functions that a program calls; `@_sums` is there already."""
    calibrator = model.calibrator
    before, after, curve = "", "", ""
    if isinstance(calibrator, LogitScaling):
        before = filled(SCALE, SCALE=_float(calibrator.scale), N_SUMS_OF_LINK=model.n_sums)
    elif calibrator is not None:
        curve = filled(CURVE, LAST=len(calibrator.x) - 1)
        after = USE_CURVE_OF_SCORES if model.is_detector else USE_CURVE
    declare, link = _link(model)
    predict = filled(PREDICT, DECLARE=declare, LINK=before + link + after)
    return curve + predict + _decide(model)


def _decide(model: CompactModel) -> str:
    if model.is_detector:
        assert model.threshold is not None
        return filled(BELOW_THRESHOLD, THRESHOLD=floats([model.threshold], double=True)[0])
    if not model.has_classes:
        return ""
    if model.threshold is None:
        return LIKELIEST
    return filled(BY_THRESHOLD, THRESHOLD=_float(model.threshold))


def _float(value: float) -> str:
    """Return the C literal of a number in single precision."""
    return floats(shortest(np.array([value], dtype=np.float32)), double=False)[0]


def _link(model: CompactModel) -> tuple[str, str]:
    """Return the variables that the link needs, and what it does."""
    body = model.body
    declare, link = "    int k;\n    float total = 0.0f;\n", ""
    if model.is_multilabel:
        return "    int k;\n", SIGMOIDS
    if not model.has_classes:
        declare = ""
        if isinstance(body, MLPRecord):
            mean, scale = _float(body.output_mean), _float(body.output_scale)
            link = "".join(
                f"    out[{k}] = {mean} + {scale} * out[{k}];\n" for k in range(model.n_outputs)
            )
    elif isinstance(body, MLPRecord) or body.link == "softmax":
        declare += "    float top;\n"
        link = "    top = out[0];\n" + SOFTMAX + DIVIDE
    elif body.link == "sigmoid":
        declare += "    float top;\n"
        link = "    out[1] = out[0];\n    out[0] = 0.0f;\n    top = out[0];\n" + SOFTMAX + DIVIDE
    else:
        link = TOTAL + DIVIDE
    return declare, link
