/* What each player, a column or a group of them, adds to a sum of trees: exact interventional Shapley
 * values; in numpy ensemble_kd/explain/_trees.py has them, to the same digits but for rounding.
 *
 * Who of the background goes left at a split is a bit each of a word, so that a tree is walked once
 * beside 64 rows. A row of the background lacks a player if it does not go the way to a node where
 * that player is asked. Where the row that is explained lacks the same one, no set of players leads
 * there beside it; a branch beside which none is left is not entered. Beside the others a leaf is
 * worth (a - 1)! c! / (a + c)! of its number to each of the a players that they lack, and that with
 * a and c exchanged, less than nothing, to each of the c that the row lacks; who lacks equally many
 * is counted at once. */

#pragma once

#include "trees_walk.h"

enum { WORD = 64, MOST_ASKED = 62, MOST_PLANES = 6 };

typedef struct {
    int n_players; /* 0 where the model has no reasons */
    int n_background, n_words;
    int widest;      /* most players that a path may ask */
    int n_planes;    /* bits of that */
    int32_t deepest;
    double offset, base;
    int32_t *player; /* of each node */
    double *worth;   /* of each node: what a leaf adds to the number that is explained */
    uint64_t *left;  /* of each node and word */
    double *chance;  /* of a and c, in rows of widest + 1 */
} TreeReasons;

/* The players asked on the way to a node, and who of the background lacks each. */
typedef struct {
    int32_t player[MOST_ASKED];
    uint64_t lacking[MOST_ASKED];
} Asked;

/* A node still to be gone to; or, where that is NULL, who lacked before one was asked once more. */
typedef struct {
    const Node *node;
    int place, n;
    uint64_t lacking, beside, row_lacks;
} Pending;

typedef struct {
    double *cells;
    Pending *pending;
} TreeReasonsScratch;

static int make_tree_reasons_scratch(Block **memory, const Trees *trees,
                                     const TreeReasons *reasons, TreeReasonsScratch *scratch)
{
    scratch->cells = claim(memory, trees->n_copies * (size_t)trees->n_columns, sizeof(double));
    scratch->pending = claim(memory, 2 * (size_t)reasons->deepest + 1, sizeof(Pending));
    return scratch->cells && scratch->pending ? 0 : -1;
}

INLINE int count_bits(uint64_t set)
{
    set -= set >> 1 & UINT64_C(0x5555555555555555);
    set = (set & UINT64_C(0x3333333333333333)) + (set >> 2 & UINT64_C(0x3333333333333333));
    set = (set + (set >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (int)(set * UINT64_C(0x0101010101010101) >> 56);
}

/* Add what a leaf is worth to the n players asked. */
static void add_worth(const TreeReasons *reasons, const Asked *asked, int n, uint64_t row_lacks,
                      uint64_t beside, double worth, double *value)
{
    /* Of those whom someone lacks; and the bits of how many players each one lacks. */
    uint64_t lacking[MOST_ASKED], plane[MOST_PLANES] = {0};
    int32_t player[MOST_ASKED];
    double gain[MOST_ASKED], loss = 0;
    int n_row = 0, m = 0, width = reasons->widest + 1;
    for (int s = 0; s < n; s++) {
        uint64_t carry = asked->lacking[s] & beside;
        n_row += (int)(row_lacks >> s & 1);
        if (carry == 0) {
            continue;
        }
        lacking[m] = carry;
        player[m] = asked->player[s];
        gain[m++] = 0;
        for (int p = 0; p < reasons->n_planes; p++) {
            uint64_t both = plane[p] & carry;
            plane[p] ^= carry;
            carry = both;
        }
    }
    for (int j = 0; j <= m && beside && m + n_row; j++) {
        uint64_t set = beside;
        for (int p = 0; p < reasons->n_planes; p++) {
            set &= j >> p & 1 ? plane[p] : ~plane[p];
        }
        beside ^= set;
        if (set == 0) {
            continue;
        }
        loss += reasons->chance[n_row * width + j] * count_bits(set);
        for (int s = 0; j > 0 && s < m; s++) {
            gain[s] += reasons->chance[j * width + n_row] * count_bits(set & lacking[s]);
        }
    }
    for (int s = 0; s < m; s++) {
        value[player[s]] += worth * gain[s];
    }
    for (int s = 0; n_row > 0 && s < n; s++) {
        if (row_lacks >> s & 1) {
            value[asked->player[s]] -= worth * loss;
        }
    }
}

static const Node *child(const Node *node, int is_left)
{
    return is_left ? node + 1 : (const Node *)((const char *)node + node->right);
}

/* Add what the leaves of a tree are worth beside the rows of one word. */
static void add_tree(const Trees *trees, const TreeReasons *reasons, const Tree *tree, int word,
                     const TreeReasonsScratch *scratch, double *value)
{
    Asked asked;
    Pending *top = scratch->pending;
    uint32_t sets_at = sets_begin(trees);
    int n_rows = reasons->n_background - WORD * word, n = 0;
    uint64_t beside = n_rows < WORD ? UINT64_MAX >> (WORD - n_rows) : UINT64_MAX, row_lacks = 0;
    const Node *node = tree->root;
    for (;;) {
        size_t i = node - trees->nodes;
        if (node->right != 0) {
            int is_left = goes_left(node, row_cell(scratch->cells, node), sets_at), s = 0;
            uint64_t left = reasons->left[i * reasons->n_words + word], before = 0;
            uint64_t along = is_left ? left : ~left;
            int32_t player = reasons->player[i];
            while (s < n && asked.player[s] != player) {
                s++;
            }
            if (s < n) {
                before = asked.lacking[s];
                *top++ = (Pending){NULL, s, 0, before, 0, 0};
            } else {
                asked.player[n++] = player;
            }
            uint64_t across = beside & ~(before | along);
            if (across) {
                *top++ = (Pending){child(node, !is_left), s, n, before | along, across,
                                   row_lacks | UINT64_C(1) << s};
            }
            asked.lacking[s] = before | ~along;
            beside &= row_lacks >> s & 1 ? ~asked.lacking[s] : UINT64_MAX;
            node = child(node, is_left);
            if (beside) {
                continue;
            }
        } else {
            add_worth(reasons, &asked, n, row_lacks, beside, reasons->worth[i], value);
        }
        do {
            if (top == scratch->pending) {
                return;
            }
            top--;
            asked.lacking[top->place] = top->lacking;
        } while (top->node == NULL);
        node = top->node;
        n = top->n;
        beside = top->beside;
        row_lacks = top->row_lacks;
    }
}

/* Return the number that is explained of a row whose cells are filled. */
static double worth_of_row(const Trees *trees, const TreeReasons *reasons, const double *cells)
{
    double sum = reasons->offset;
    for (Py_ssize_t t = 0; t < trees->n_trees; t++) {
        const Node *node = trees->trees[t].root;
        while (node->right != 0) {
            node = next_node(node, row_cell(cells, node), sets_begin(trees));
        }
        sum += reasons->worth[node - trees->nodes];
    }
    return sum;
}

/* Write what each player adds to a row's number; return the number. */
static double tree_reasons_row(const Trees *trees, const TreeReasons *reasons, const double *x,
                               const TreeReasonsScratch *scratch, double *out)
{
    fill_cells(trees, x, scratch->cells, 1);
    memset(out, 0, reasons->n_players * sizeof(double));
    for (Py_ssize_t t = 0; t < trees->n_trees; t++) {
        for (int word = 0; word < reasons->n_words; word++) {
            add_tree(trees, reasons, &trees->trees[t], word, scratch, out);
        }
    }
    for (int j = 0; j < reasons->n_players; j++) {
        out[j] /= reasons->n_background;
    }
    return worth_of_row(trees, reasons, scratch->cells);
}

enum { T_BACKGROUND, T_PLAYER, T_WORTH, T_OFFSET, N_TREE_REASON_ARRAYS };

static const Form TREE_REASON_FORMS[N_TREE_REASON_ARRAYS] = {
    {"background", 'd'}, {"player", 'i'}, {"worth", 'd'}, {"offset", 'd'},
};

static int check_tree_reasons(const Array *given, const Trees *trees, TreeReasons *reasons)
{
    if (check_length(&given[T_WORTH], &TREE_REASON_FORMS[T_WORTH], trees->n_nodes) < 0 ||
        check_length(&given[T_OFFSET], &TREE_REASON_FORMS[T_OFFSET], 1) < 0 ||
        check_finite(&given[T_WORTH], &TREE_REASON_FORMS[T_WORTH]) < 0 ||
        check_finite(&given[T_OFFSET], &TREE_REASON_FORMS[T_OFFSET]) < 0 ||
        check_players(&given[T_BACKGROUND], &given[T_PLAYER], trees->n_columns,
                      &reasons->n_background, &reasons->n_players) < 0) {
        return -1;
    }
    for (Py_ssize_t t = 0; t < trees->n_trees; t++) {
        int32_t depth = trees->trees[t].depth;
        reasons->deepest = depth > reasons->deepest ? depth : reasons->deepest;
    }
    reasons->widest =
        reasons->deepest < reasons->n_players ? reasons->deepest : reasons->n_players;
    if (reasons->widest > MOST_ASKED) {
        return refuse("a path may ask 62 at most", "player", reasons->widest);
    }
    while (reasons->widest >> reasons->n_planes) {
        reasons->n_planes++;
    }
    reasons->n_words = (reasons->n_background + WORD - 1) / WORD;
    return 0;
}

static int lay_out_tree_reasons(Block **memory, const Array *given, const Trees *trees,
                                TreeReasons *reasons)
{
    size_t n_nodes = trees->n_nodes, n_columns = trees->n_columns, width = reasons->widest + 1;
    Block *list = NULL;
    TreeReasonsScratch scratch;
    double *x = claim(&list, n_columns, sizeof(double));
    reasons->player = claim(memory, n_nodes, sizeof(int32_t));
    reasons->worth = claim(memory, n_nodes, sizeof(double));
    reasons->left = claim(memory, n_nodes * reasons->n_words, sizeof(uint64_t));
    reasons->chance = claim(memory, width * width, sizeof(double));
    if (!x || !reasons->player || !reasons->worth || !reasons->left || !reasons->chance ||
        make_tree_reasons_scratch(&list, trees, reasons, &scratch) < 0) {
        release(&list);
        return -1;
    }
    for (size_t i = 0; i < n_nodes; i++) {
        const Node *node = &trees->nodes[i];
        reasons->worth[i] = double_at(&given[T_WORTH], (Py_ssize_t)i);
        if (node->right != 0) {
            reasons->player[i] =
                int_at(&given[T_PLAYER], (Py_ssize_t)(node->cell / CELL_BYTES % n_columns));
        }
    }
    for (size_t a = 1; a < width; a++) {
        double chance = 1.0 / (double)a;
        for (size_t c = 0; a + c < width; c++) {
            reasons->chance[a * width + c] = chance;
            chance *= (double)(c + 1) / (double)(a + c + 1);
        }
    }
    reasons->offset = double_at(&given[T_OFFSET], 0);
    for (int b = 0; b < reasons->n_background; b++) {
        for (size_t j = 0; j < n_columns; j++) {
            x[j] = double_at(&given[T_BACKGROUND], (Py_ssize_t)(b * n_columns + j));
        }
        fill_cells(trees, x, scratch.cells, 1);
        for (size_t i = 0; i < n_nodes; i++) {
            const Node *node = &trees->nodes[i];
            uint64_t is_left =
                node->right != 0 &&
                goes_left(node, row_cell(scratch.cells, node), sets_begin(trees));
            reasons->left[i * reasons->n_words + b / WORD] |= is_left << b % WORD;
        }
        reasons->base += worth_of_row(trees, reasons, scratch.cells) / reasons->n_background;
    }
    release(&list);
    return 0;
}

/* Lay out what reasons are counted from; `object` is None where there are none. */
static int build_tree_reasons(Block **memory, PyObject *object, const Trees *trees,
                              TreeReasons *reasons)
{
    if (object == Py_None) {
        return 0;
    }
    Array given[N_TREE_REASON_ARRAYS];
    memset(given, 0, sizeof given);
    int status = 0;
    for (int i = 0; status == 0 && i < N_TREE_REASON_ARRAYS; i++) {
        status = open_array(object, &TREE_REASON_FORMS[i], &given[i]);
    }
    if (status == 0) {
        status = check_tree_reasons(given, trees, reasons);
    }
    if (status == 0) {
        status = lay_out_tree_reasons(memory, given, trees, reasons);
    }
    close_arrays(given, N_TREE_REASON_ARRAYS);
    return status;
}
