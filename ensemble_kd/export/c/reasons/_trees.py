"""The values of the players of trees in C: exact interventional Shapley values.

The formula is that of `ensemble_kd.explain`. Who of the background goes left at a split is a bit
each of a word, so that a tree is walked once beside 32 rows. A row of the background lacks a player
if it does not go the way to a node where that player is asked. Where the row that is explained
lacks the same one, no set of players leads there beside it; a branch beside which none is left is
not entered. At a leaf, those that lack equally many players are counted at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain import Plan, chances, leaf_paths, node_values, with_whole_shares
from ensemble_kd.export.c._tables import Tables
from ensemble_kd.export.c._text import filled
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.runtime import TreesRuntime

BITS = 32

FUNCTIONS = """
enum { @_N_WORDS = N_WORDS_, @_DEEPEST = DEEPEST_, @_WIDEST = WIDEST_, @_N_PLANES = N_PLANES_ };

/* The players asked on the way to a node, and who of the background lacks what is asked of each. */
struct @_asked {
    int player[@_WIDEST];
    uint32_t lacking[@_WIDEST];
};

/* A node that is still to be gone to; or, where that is -1, who lacked before a player was asked
 * once more. */
struct @_pending {
    int32_t node;
    int place, n;
    uint32_t lacking, beside;
    SET row_lacks;
};

static int @_count(uint32_t set)
{
    set -= set >> 1 & 0x55555555u;
    set = (set & 0x33333333u) + (set >> 2 & 0x33333333u);
    return (int)((((set + (set >> 4)) & 0x0F0F0F0Fu) * 0x01010101u) >> 24);
}

/* Adds what a leaf is worth to the n players asked, of whom the row lacks some, beside a set of the
 * background. */
static void @_add_leaf(const struct @_asked *asked, int n, SET row_lacks, uint32_t beside,
                       double leaf, double *value)
{
    /* Of those whom someone lacks; and the bits of how many players each one lacks. */
    uint32_t lacking[@_WIDEST], plane[@_N_PLANES] = {0};
    int player[@_WIDEST], n_row = 0, m = 0, s, j, p;
    double gain[@_WIDEST], loss = 0.0;
    for (s = 0; s < n; s++) {
        uint32_t carry = asked->lacking[s] & beside;
        n_row += (int)(row_lacks >> s & 1);
        if (!carry)
            continue;
        lacking[m] = carry;
        player[m] = asked->player[s];
        gain[m++] = 0.0;
        for (p = 0; p < @_N_PLANES; p++) {
            const uint32_t both = plane[p] & carry;
            plane[p] ^= carry;
            carry = both;
        }
    }
    for (j = 0; j <= m && beside && m + n_row; j++) {
        const double gained = @_chance[j * (@_WIDEST + 1) + n_row];
        uint32_t set = beside;
        for (p = 0; p < @_N_PLANES; p++)
            set &= j >> p & 1 ? plane[p] : ~plane[p];
        beside ^= set;
        if (!set)
            continue;
        loss += @_chance[n_row * (@_WIDEST + 1) + j] * @_count(set);
        for (s = 0; j && s < m; s++)
            gain[s] += gained * @_count(set & lacking[s]);
    }
    for (s = 0; s < m; s++)
        value[player[s]] += leaf * gain[s];
    for (s = 0; n_row && s < n; s++)
        if (row_lacks >> s & 1)
            value[asked->player[s]] -= leaf * loss;
}

/* Adds what the leaves of tree t are worth beside the rows of one word. */
static void @_add_tree(const @_real *x, int32_t t, int word, double *value)
{
    struct @_asked asked;
    struct @_pending pending[2 * @_DEEPEST], *top = pending;
    const int n_rows = @_N_BACKGROUND - 32 * word;
    uint32_t beside = n_rows < 32 ? 0xFFFFFFFFu >> (32 - n_rows) : 0xFFFFFFFFu;
    int32_t node = @_root[t], slot;
    SET row_lacks = 0;
    int n = 0, s;
    for (;;) {
        slot = @_slot[node];
        if (slot >= 0) {
            const int feature = @_feature[slot], player = @_player[feature];
            const @_real seen = x[feature];
            const int left =
                seen != seen ? (int)@_missing_left[slot] : seen <= @_threshold[slot];
            const uint32_t to_left = @_goes_left[slot * @_N_WORDS + word];
            const uint32_t along = left ? to_left : ~to_left;
            uint32_t before = 0, across;
            for (s = 0; s < n && asked.player[s] != player; s++)
                ;
            if (s < n) {
                before = asked.lacking[s];
                top->node = -1;
                top->place = s;
                (top++)->lacking = before;
            } else {
                asked.player[n++] = player;
            }
            across = beside & ~(before | along);
            if (across) {
                top->node = left ? (int32_t)@_right[slot] : node + 1;
                top->place = s;
                top->n = n;
                top->lacking = before | along;
                top->beside = across;
                (top++)->row_lacks = row_lacks | (SET)1 << s;
            }
            asked.lacking[s] = before | ~along;
            if (row_lacks >> s & 1)
                beside &= ~asked.lacking[s];
            node = left ? node + 1 : (int32_t)@_right[slot];
            if (beside)
                continue;
        } else {
            @_add_leaf(&asked, n, row_lacks, beside, LEAF, value);
        }
        do {
            if (top == pending)
                return;
            top--;
            asked.lacking[top->place] = top->lacking;
        } while (top->node < 0);
        node = top->node;
        n = top->n;
        beside = top->beside;
        row_lacks = top->row_lacks;
    }
}

static void @_values(const struct @_row *row, double *value)
{
    @_real x[N_USED];
    int32_t t;
    int word, i;
    @_read(row, x);
    for (i = 0; i < @_N_PLAYERS; i++)
        value[i] = 0.0;
    for (word = 0; word < @_N_WORDS; word++)
        for (t = 0; t < @_N_TREES; t++)
            @_add_tree(x, t, word, value);
    for (i = 0; i < @_N_PLAYERS; i++)
        value[i] /= @_N_BACKGROUND;
}
"""
NO_SPLITS = """
static void @_values(const struct @_row *row, double *value)
{
    int i;
    (void)row;
    for (i = 0; i < @_N_PLAYERS; i++)
        value[i] = 0.0;
}
"""


def trees_values(
    model: CompactModel, record: TreesRecord, plan: Plan, tables: Tables
) -> tuple[str, int]:
    """Return the function `@_values` with what it calls, and the bytes of its buffers.

    What `trees_source` wrote is there already; the tables are added to. The record has the inputs
    of the file; which way the background goes is that of the model.
    """
    assert isinstance(model.body, TreesRecord)
    is_leaf = record.feature < 0
    if is_leaf.all():
        return NO_SPLITS, 0
    used = np.unique(record.feature[~is_leaf])
    paths = leaf_paths(record, plan.player)
    deepest, widest = max(p.depth for p in paths), max(len(p.asked) for p in paths)
    goes_left = TreesRuntime(model.body).goes_left(plan.background)[:, ~is_leaf]
    tables.add("goes_left", _words(goes_left))
    tables.add_index("player", plan.player[used])
    tables.add("chance", chances(widest))
    leaf = "(double)@_value[-1 - slot]"
    if record.value.shape[1] == 1:
        leaf += " * @_answer_weight[@_tree_output[t]]"
    else:
        whole = with_whole_shares(model, model.body)
        tables.add("told", node_values(whole, plan.weight)[is_leaf].astype(np.float32))
        leaf = "(double)@_told[-1 - slot]"
    n_planes = widest.bit_length()
    source = filled(
        FUNCTIONS,
        SET="uint32_t" if widest <= BITS else "uint64_t",
        LEAF=leaf,
        N_USED=len(used),
        N_WORDS_=-(-len(plan.background) // BITS),
        DEEPEST_=deepest,
        WIDEST_=widest,
        N_PLANES_=n_planes,
    )
    pending = 24 if widest <= BITS else 32
    n_bytes = 2 * deepest * pending + 24 * widest + 4 * n_planes
    return source, n_bytes + len(used) * tables.real.itemsize


def _words(goes_left: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return for each split who of the background goes left, a bit each of words of 32."""
    n_words = -(-len(goes_left) // BITS)
    padded = np.zeros((n_words * BITS, goes_left.shape[1]), dtype=np.uint32)
    padded[: len(goes_left)] = goes_left
    bits = padded.reshape(n_words, BITS, -1) << np.arange(BITS, dtype=np.uint32)[:, None]
    return bits.sum(axis=1, dtype=np.uint32).T.copy()
