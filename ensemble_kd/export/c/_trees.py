"""The trees of a `TreesRecord` in C: splits and leaves in tables of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.export.c._shrink import leaves_to_int8, with_leaves
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.model import CompactModel, TreesRecord

FLAG = """
static @_real @_flag(int code)
{
    return code < 0 ? (@_real)NAN : (@_real)(code != 0);
}
"""
RANK = """
/* The place of a category in its column's order, NAN where it is taken as missing. */
static @_real @_ordered(int32_t start, int n_codes, int code)
{
    int32_t rank = -1;
    if (code >= 0)
        rank = @_rank[start + (code < n_codes ? code : n_codes - 1)];
    return rank < 0 ? (@_real)NAN : (@_real)rank;
}
"""
WALK = """
/* The leaf of tree t that a row comes to. */
static int32_t @_leaf(const @_real *x, int32_t t)
{
    int32_t node = @_root[t], slot;
    while ((slot = @_slot[node]) >= 0) {
        const @_real value = x[@_feature[slot]];
        const int left =
            value != value ? (int)@_missing_left[slot] : value <= @_threshold[slot];
        node = left ? node + 1 : (int32_t)@_right[slot];
    }
    return -1 - slot;
}
"""
ONE_SUM = """\
        out[@_tree_output[t]] += TREE_SCALE(float)@_value[leaf];
"""
ALL_SUMS = """\
        for (k = 0; k < @_N_SUMS; k++)
            out[k] += VALUE_SCALE(float)@_value[leaf * @_N_SUMS + k];
"""


def trees_source(
    model: CompactModel, record: TreesRecord, fields: list[str], tables: Tables, dtype: str
) -> tuple[str, int]:
    """Return the functions of trees, ending with `@_sums`, and the bytes of its buffers.

    `@_sums` writes the sums before the link to `out`. The record has ranks for every category.
    """
    is_int8 = dtype == "int8"
    is_leaf = record.feature < 0
    used = np.unique(record.feature[~is_leaf])
    one_sum = record.value.shape[1] == 1
    _add_splits(record, used, tables)
    if is_int8:
        wholes, scale = leaves_to_int8(record)
        tables.add("value", wholes)
        tables.add("value_scale", scale)
    else:
        tables.add("value", record.value[is_leaf])
    tables.add("base", record.base.astype(np.float32))
    if one_sum:
        tables.add_index("tree_output", np.maximum(record.tree_output, 0))

    lines, helpers = _columns(model, record, fields, used, tables)
    add = ONE_SUM if one_sum else ALL_SUMS
    add = add.replace("TREE_SCALE", "@_value_scale[t] * " * is_int8)
    add = add.replace("VALUE_SCALE", "@_value_scale[t * @_N_SUMS + k] * " * is_int8)
    has_splits = len(used) > 0
    leaf = "@_leaf(x, t)" if has_splits else "t"
    read = ["\n/* The columns that are split, categories by their ranks. */\n"]
    read += ["static void @_read(const struct @_row *row, @_real *x)\n{\n", *lines, "}\n"]
    body = [
        f"\nenum {{ @_N_TREES = {len(record.roots)}, @_N_SUMS = {len(record.base)} }};\n",
        *(read if has_splits else []),
        "\nstatic void @_sums(const struct @_row *row, float *out)\n{\n",
        f"    @_real x[{len(used)}];\n" if has_splits else "",
        "    int32_t t, leaf;\n    int k;\n",
        "    @_read(row, x);\n" if has_splits else "    (void)row;\n",
        "    for (k = 0; k < @_N_SUMS; k++)\n        out[k] = 0.0f;\n",
        f"    for (t = 0; t < @_N_TREES; t++) {{\n        leaf = {leaf};\n{add}    }}\n",
        # Last: beside a base of another size the leaves would be rounded one by one.
        "    for (k = 0; k < @_N_SUMS; k++)\n        out[k] += @_base[k];\n}\n",
    ]
    n_buffer = len(used) * tables.real.itemsize
    return helpers + (WALK if has_splits else "") + "".join(body), n_buffer


def _add_splits(record: TreesRecord, used: NDArray[np.int32], tables: Tables) -> None:
    is_leaf = record.feature < 0
    if is_leaf.all():
        return
    split = ~is_leaf
    # A node's place among the splits, or -1 less its place among the leaves.
    slot = np.where(is_leaf, -np.cumsum(is_leaf, dtype=np.int64), np.cumsum(split) - 1)
    tables.add_index("slot", slot)
    tables.add_index("root", record.roots)
    tables.add_index("feature", np.searchsorted(used, record.feature[split]))
    tables.add_index("right", record.right[split])
    tables.add_index("missing_left", record.missing_left[split])
    tables.add("threshold", record.threshold[split].astype(tables.real))


def _columns(
    model: CompactModel,
    record: TreesRecord,
    fields: list[str],
    used: NDArray[np.int32],
    tables: Tables,
) -> tuple[list[str], str]:
    """Return the lines that read a row's columns, and the functions that they need."""
    lines, helpers = [], {}
    place = {j: k for k, j in enumerate(record.category_columns.tolist())}
    ranks: list[float] = []
    for i, j in enumerate(used.tolist()):
        kind, value = model.schema.columns[j].kind, f"row->{fields[j]}"
        if kind == "boolean":
            helpers["flag"] = FLAG
            value = f"@_flag({value})"
        elif kind == "categorical":
            helpers["rank"] = RANK
            start, end = record.category_offsets[place[j] :][:2].tolist()
            value = f"@_ordered({len(ranks)}, {end - start}, {value})"
            ranks += record.category_rank[start:end].tolist()
        lines.append(f"    x[{i}] = {value};\n")
    if ranks:
        tables.add_index("rank", np.nan_to_num(np.array(ranks), nan=-1.0))
    return lines, "".join(helpers.values())


def trees_in_int8(record: TreesRecord) -> TreesRecord:
    """Return the trees with the leaf values that the table of 8 bits stands for."""
    return with_leaves(record, *leaves_to_int8(record))
