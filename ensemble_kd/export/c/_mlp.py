"""The network of an `MLPRecord` in C.

Between two edges a column adds a line to the first layer, so its intervals are kept as what it adds
at each edge: two rows are read in place of one for every interval below the value.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.export.c._shrink import knots_of, to_int8, with_knots
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.model import N_OUTSIDE, CompactModel, Dense, MLPRecord

ADD = """
/* Adds a row of the first layer. */
static void @_add(float *h, int32_t row, float factor)
{
    const @_weight *w = @_first_weight + row * @_N_HIDDEN;
    int i;
    SCALE
    for (i = 0; i < @_N_HIDDEN; i++)
        h[i] += factor * (float)w[i];
}
"""
NUMERIC = """
/* Adds what column k has at x: a line between the edges around it, level beyond the outer ones. */
static void @_number(float *h, int k, @_real x)
{
    const int32_t first = @_edge_offset[k];
    int32_t low = first, high = (int32_t)@_edge_offset[k + 1] - 1, middle;
    float part;
    if (x != x) {
        @_add(h, @_FIRST_MISSING + k, 1.0f);
        return;
    }
    if (x <= @_edge[low])
        return;
    if (x >= @_edge[high]) {
        @_add(h, high - k - 1, 1.0f);
        return;
    }
    while (high - low > 1) {
        middle = low + (high - low) / 2;
        if (@_edge[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    part = (float)((x - @_edge[low]) / (@_edge[high] - @_edge[low]));
    if (low > first)
        @_add(h, low - k - 1, 1.0f - part);
    @_add(h, high - k - 1, part);
}
"""
CATEGORY = """
/* Adds the row of a code; the last of a column's rows is that of a missing value. */
static void @_category(float *h, int32_t start, int n_codes, int code)
{
    if (code < 0)
        code = n_codes;
    else if (code >= n_codes)
        code = n_codes - 1;
    @_add(h, start + code, 1.0f);
}
"""
OUTSIDE = """
/* Takes up by how much x lies outside of the i-th column looked at: in ranges, the largest and the
 * sum, in spreads, the largest and the sum, and how many columns do. */
static void @_outside(double *seen, int i, double x)
{
    double beyond = @_low[i] - x, wide, far;
    if (x - @_high[i] > beyond)
        beyond = x - @_high[i];
    if (x != x)
        beyond = @_missing[i];
    if (!(beyond > 0))
        return;
    wide = beyond / @_width[i];
    far = beyond / @_spread[i];
    if (wide > seen[0])
        seen[0] = wide;
    seen[1] += wide;
    if (far > seen[2])
        seen[2] = far;
    seen[3] += far;
    seen[4] += 1;
}
"""
OUTSIDE_CODE = """
/* A code as a number: what is no code is that of a category never seen, missing is no number. */
static double @_as_number(int n_codes, int code)
{
    return code < 0 ? NAN : code < n_codes ? code : n_codes - 1;
}
"""
DENSE = """
/* out = max(in, 0) times weight, plus bias */
static void @_dense(const float *in, int n_in, const @_weight *weight, const float *bias,
                    SCALE_PARAMETERint n_out, float *out)
{
    int i, o;
    for (o = 0; o < n_out; o++)
        out[o] = 0.0f;
    for (i = 0; i < n_in; i++, weight += n_out)
        if (in[i] > 0.0f)
            for (o = 0; o < n_out; o++)
                out[o] += in[i] * (float)weight[o];
    for (o = 0; o < n_out; o++)
        out[o] = bias[o] + SCALE_FACTORout[o];
}
"""


def mlp_source(
    model: CompactModel, record: MLPRecord, fields: list[str], tables: Tables, dtype: str
) -> tuple[str, int]:
    """Return the functions of a network, ending with `@_sums`, and the bytes of its buffers.

    `@_sums` writes the last sums to `out`.
    """
    is_int8 = dtype == "int8"
    n_numeric, n_intervals = len(record.numeric_columns), len(record.numeric_weight)
    _add_weight(tables, "first_weight", _first_rows(record), 1, is_int8)
    tables.add("first_bias", record.first_bias)
    parts = [
        f"typedef {'int8_t' if is_int8 else 'float'} @_weight;\n",
        f"enum {{ @_N_HIDDEN = {len(record.first_bias)}, @_FIRST_MISSING = {n_intervals} }};\n",
    ]
    if len(_first_rows(record)):
        parts.append(ADD.replace("SCALE", "factor *= @_first_weight_scale[row];" * is_int8))
    if n_numeric:
        tables.add("edge", record.edges.astype(tables.real))
        tables.add_index("edge_offset", record.edge_offsets)
        parts.append(NUMERIC)
    if len(record.category_columns):
        parts.append(CATEGORY)
    if record.outside is not None:
        for part in ("low", "high", "width", "spread", "missing"):
            tables.add(part, getattr(record.outside, part).astype(tables.real))
        parts.append(OUTSIDE)
        if model.schema.is_discrete[record.outside.columns].any():
            parts.append(OUTSIDE_CODE)
    if record.layers:
        dense = DENSE.replace("SCALE_PARAMETER", "const float *scale, " * is_int8)
        parts.append(dense.replace("SCALE_FACTOR", "scale[o] * " * is_int8))
    for i, layer in enumerate(record.layers):
        _add_weight(tables, f"weight_{i}", layer.weight, 0, is_int8)
        tables.add(f"bias_{i}", layer.bias)

    widths = [len(record.first_bias), *(len(layer.bias) for layer in record.layers)]
    body, n_buffer = _body(model, record, fields, widths, is_int8)
    return "".join(parts) + body, n_buffer


def _body(
    model: CompactModel, record: MLPRecord, fields: list[str], widths: list[int], is_int8: bool
) -> tuple[str, int]:
    buffers = widths[:-1]
    # Layers write to the two buffers in turn, the last one to `out`.
    names = [f"h{i % 2}" for i in range(len(buffers))] + ["out"]
    sizes = {name: max(buffers[i::2]) for i, name in enumerate(names[:-1][:2])}
    h = names[0]
    lines = [f"    float {name}[{size}];" for name, size in sizes.items()]
    if len(record.numeric_columns) + len(record.category_columns) == 0:
        lines.append("    (void)row;")
    if record.outside is not None:
        lines.append(f"    double seen[{N_OUTSIDE}] = {{0}};")
    lines.append(f"    memcpy({h}, @_first_bias, sizeof @_first_bias);")
    lines += _outside_lines(model, record, fields)
    lines += [
        f"    @_number({h}, {k}, {_number_of(j, fields)});"
        for k, j in enumerate(record.numeric_columns.tolist())
    ]
    first = len(record.numeric_weight) + len(record.numeric_columns)
    n_codes = model.schema.n_codes
    lines += [
        f"    @_category({h}, {first + int(record.category_offsets[c])}, {n_codes[j]}, "
        f"row->{fields[j]});"
        for c, j in enumerate(record.category_columns.tolist())
    ]
    for i, (source, target) in enumerate(itertools.pairwise(names)):
        scale = f"@_weight_{i}_scale, " if is_int8 else ""
        lines.append(
            f"    @_dense({source}, {widths[i]}, @_weight_{i}, @_bias_{i}, {scale}"
            f"{widths[i + 1]}, {target});"
        )
    head = "\nstatic void @_sums(const struct @_row *row, float *out)\n{\n"
    n_seen = 0 if record.outside is None else 8 * N_OUTSIDE
    return head + "\n".join(lines) + "\n}\n", 4 * sum(sizes.values()) + n_seen


def _outside_lines(model: CompactModel, record: MLPRecord, fields: list[str]) -> list[str]:
    lines = []
    for i, j in enumerate([] if record.outside is None else record.outside.columns.tolist()):
        value = f"row->{fields[j]}"
        if model.schema.is_discrete[j]:
            value = f"@_as_number({model.schema.n_codes[j]}, {value})"
        lines.append(f"    @_outside(seen, {i}, {value});")
    return lines


def _number_of(j: int, fields: list[str]) -> str:
    """Return input j: a column, or one of the numbers that tell how far outside the row lies."""
    return f"row->{fields[j]}" if j < len(fields) else f"(@_real)seen[{j - len(fields)}]"


def _add_weight(
    tables: Tables, name: str, weight: NDArray[np.float32], axis: int, is_int8: bool
) -> None:
    if not weight.size:
        return
    if not is_int8:
        tables.add(name, weight)
        return
    scaled = to_int8(weight, axis)
    tables.add(name, scaled.whole)
    tables.add(f"{name}_scale", scaled.scale)


def _first_rows(record: MLPRecord) -> NDArray[np.float32]:
    return np.vstack([knots_of(record), record.missing_weight, record.category_weight])


def mlp_in_int8(record: MLPRecord) -> MLPRecord:
    """Return the network with the weights that the tables of 8 bits stand for."""
    return replace(
        with_knots(record, to_int8(knots_of(record), 1).value),
        missing_weight=to_int8(record.missing_weight, 1).value,
        category_weight=to_int8(record.category_weight, 1).value,
        layers=tuple(Dense(to_int8(layer.weight, 0).value, layer.bias) for layer in record.layers),
    )
