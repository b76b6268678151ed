"""The values of a network's players in C: `ensemble_kd.explain`'s method, in single precision."""

from __future__ import annotations

import numpy as np

from ensemble_kd.explain import Plan
from ensemble_kd.export.c._main import cells
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.export.c._text import filled, floats
from ensemble_kd.model import CompactModel, MLPRecord

FUNCTIONS = """
enum { @_N_STEPS = N_STEPS_, @_N_INPUTS = N_INPUTS_ };

static const struct @_row @_background[@_N_BACKGROUND] = {
ROWS
};

/* What each player adds to the first layer, and the sum of all. */
static void @_terms(const struct @_row *row, float *terms, float *inputs)
{
    int i, j;
    memset(terms, 0, sizeof(float) * @_N_PLAYERS * @_N_HIDDEN);
TERMS
    for (i = 0; i < @_N_HIDDEN; i++) {
        inputs[i] = @_first_bias[i];
        for (j = 0; j < @_N_PLAYERS; j++)
            inputs[i] += terms[j * @_N_HIDDEN + i];
    }
}

/* The inputs of the other layers' ReLUs, from those of the first; returns the score. */
static double @_move_on(float *inputs)
{
    double score = SHIFT;
    const float *last = inputs + LAST_AT;
    int i;
FORWARDS    for (i = 0; i < N_LAST; i++)
        if (last[i] > 0.0f)
            score += (double)last[i] * (double)@_counts[i];
    return score;
}

static void @_times_slopes(double *slope, const float *before, const float *after, int n)
{
    int i;
    for (i = 0; i < n; i++) {
        const double moved = (double)after[i] - (double)before[i];
        const double up = after[i] > 0.0f ? after[i] : 0.0f;
        const double down = before[i] > 0.0f ? before[i] : 0.0f;
        if (moved > 1e-9 || moved < -1e-9)
            slope[i] *= (up - down) / moved;
        else if (!(after[i] > 0.0f))
            slope[i] = 0.0;
    }
}

BACK_OF_A_LAYER
/* By what each unit of the first layer moves the score from one row to another. */
static void @_slopes(const float *before, const float *after, double *slope, double *next)
{
    int i;
    for (i = 0; i < N_LAST; i++)
        slope[i] = @_counts[i];
    @_times_slopes(slope, before + LAST_AT, after + LAST_AT, N_LAST);
BACKWARDS}

static void @_values(const struct @_row *row, double *value)
{
    float mine[@_N_PLAYERS * @_N_HIDDEN], other[@_N_PLAYERS * @_N_HIDDEN];
    float whole[@_N_INPUTS], start[@_N_INPUTS], at[2][@_N_INPUTS];
    double slope[WIDEST], next[WIDEST], score;
    int b, way, step, i, h;
    @_terms(row, mine, whole);
    score = @_move_on(whole);
    for (i = 0; i < @_N_PLAYERS; i++)
        value[i] = 0.0;
    for (b = 0; b < @_N_BACKGROUND; b++) {
        double first;
        @_terms(&@_background[b], other, start);
        first = @_move_on(start);
        for (way = 0; way < 2; way++) {
            const float *before = start, *after;
            double score_before = first, score_after;
            int done = 0;
            for (step = 0; step < @_N_STEPS; step++) {
                const int n = @_N_PLAYERS / @_N_STEPS + (step < @_N_PLAYERS % @_N_STEPS);
                after = whole;
                score_after = score;
                if (done + n < @_N_PLAYERS) {
                    float *next_at = at[step % 2];
                    memcpy(next_at, before, sizeof(float) * @_N_HIDDEN);
                    for (i = done; i < done + n; i++) {
                        const int j = @_order[b * @_N_PLAYERS + (way ? @_N_PLAYERS - 1 - i : i)];
                        for (h = j * @_N_HIDDEN; h < (j + 1) * @_N_HIDDEN; h++)
                            next_at[h - j * @_N_HIDDEN] += mine[h] - other[h];
                    }
                    score_after = @_move_on(next_at);
                    after = next_at;
                }
                if (n > 1)
                    @_slopes(before, after, slope, next);
                for (i = done; i < done + n; i++) {
                    const int j = @_order[b * @_N_PLAYERS + (way ? @_N_PLAYERS - 1 - i : i)];
                    if (n == 1)
                        value[j] += score_after - score_before;
                    for (h = 0; n > 1 && h < @_N_HIDDEN; h++)
                        value[j] += slope[h] * ((double)mine[j * @_N_HIDDEN + h] -
                                                (double)other[j * @_N_HIDDEN + h]);
                }
                done += n;
                before = after;
                score_before = score_after;
            }
        }
    }
    for (i = 0; i < @_N_PLAYERS; i++)
        value[i] /= 2 * @_N_BACKGROUND;
}
"""
BACK = """\
static void @_back(double *slope, double *next, const float *weight, int n_in, int n_out,
                   const float *before, const float *after)
{
    int i, o;
    for (i = 0; i < n_in; i++) {
        next[i] = 0.0;
        for (o = 0; o < n_out; o++)
            next[i] += slope[o] * (double)weight[i * n_out + o];
    }
    @_times_slopes(next, before, after, n_in);
    memcpy(slope, next, sizeof(double) * (size_t)n_in);
}
"""


def network_values(
    model: CompactModel, record: MLPRecord, plan: Plan, fields: list[str], tables: Tables
) -> tuple[str, int]:
    """Return the function `@_values` with what it calls, and the bytes of its buffers.

    The tables are added to.
    """
    n_players, n_hidden = plan.n_players, len(record.first_bias)
    widths = [n_hidden, *(len(layer.bias) for layer in record.layers[:-1])]
    starts = np.cumsum([0, *widths]).tolist()
    last = record.layers[-1]
    weight = record.output_scale * plan.weight
    shift = plan.offset + record.output_mean * plan.weight.sum()
    tables.add("counts", (last.weight.astype(np.float64) @ weight).astype(np.float32))
    tables.add_index("order", np.concatenate(plan.orders))
    terms = [
        f"    @_number(terms + {plan.player[j]} * @_N_HIDDEN, {k}, row->{fields[j]});"
        for k, j in enumerate(record.numeric_columns.tolist())
    ]
    first = len(record.numeric_weight) + len(record.numeric_columns)
    terms += [
        f"    @_category(terms + {plan.player[j]} * @_N_HIDDEN, "
        f"{first + int(record.category_offsets[c])}, {model.schema.n_codes[j]}, row->{fields[j]});"
        for c, j in enumerate(record.category_columns.tolist())
    ]
    forwards = [
        f"    @_dense(inputs + {starts[i]}, {widths[i]}, @_weight_{i}, @_bias_{i}, "
        f"{widths[i + 1]}, inputs + {starts[i + 1]});\n"
        for i in range(len(widths) - 1)
    ]
    backwards = [
        f"    @_back(slope, next, @_weight_{i}, {widths[i]}, {widths[i + 1]}, "
        f"before + {starts[i]}, after + {starts[i]});\n"
        for i in reversed(range(len(widths) - 1))
    ]
    columns = [
        cells(column, plan.background[:, j], tables.real.itemsize == 8)
        for j, column in enumerate(model.schema.columns)
    ]
    rows = ",\n".join("    {" + ", ".join(row) + "}" for row in zip(*columns, strict=True))
    tables.n_bytes += plan.background.size * tables.real.itemsize
    source = filled(
        FUNCTIONS,
        ROWS=rows,
        TERMS="\n".join(terms),
        FORWARDS="".join(forwards),
        BACKWARDS="".join(backwards) or "    (void)next;\n",
        BACK_OF_A_LAYER=BACK if backwards else "",
        SHIFT=floats([shift + float(last.bias.astype(np.float64) @ weight)], double=True)[0],
        LAST_AT=starts[-2],
        N_LAST=widths[-1],
        WIDEST=max(widths),
        N_STEPS_=plan.n_steps,
        N_INPUTS_=starts[-1],
    )
    return source, 8 * n_players * n_hidden + 16 * starts[-1] + 16 * max(widths)
