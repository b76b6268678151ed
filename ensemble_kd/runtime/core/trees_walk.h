/* Rows down the trees: one row down eight trees at a time, or many rows tree by tree. */

#pragma once

#include "trees_layout.h"

/* The bit of a code; that of a missing value for whatever is no code below it. */
INLINE double category_bit(double code)
{
    int bit = code >= 0 && code < MISSING_BIT ? (int)code : MISSING_BIT;
    return double_of_bits(UINT64_C(1) << bit, BITS_OF_ONE);
}

/* Write the copies of a row, of which neighbouring cells lie `spacing` apart. */
INLINE void fill_cells(const Trees *trees, const double *x, double *cells, size_t spacing)
{
    size_t n_columns = trees->n_columns;
    for (size_t j = 0; j < n_columns; j++) {
        cells[j * spacing] = x[j];
        cells[(n_columns + j) * spacing] = x[j] != x[j] ? -INFINITY : x[j];
    }
    for (int k = 0; k < trees->n_ranked; k++) {
        const Ranks *ranked = &trees->ranked[k];
        size_t j = ranked->column;
        double code = x[j];
        double rank = code != code ? NAN : ranked->rank[code_index(code, ranked->n_codes)];
        cells[j * spacing] = rank;
        cells[(n_columns + j) * spacing] = rank != rank ? -INFINITY : rank;
    }
    for (Py_ssize_t k = 0; k < trees->n_set_columns; k++) {
        size_t j = trees->set_columns[k];
        cells[(2 * n_columns + j) * spacing] = category_bit(cells[j * spacing]);
    }
}

/* Tell whether a row goes left, without a branch. The sets' cells are those from `sets_at` on, and
 * below any set; 0 says that there are none, which a compiler must see. */
INLINE int goes_left(const Node *node, double cell, uint32_t sets_at)
{
    int is_below = cell <= node->threshold;
    if (sets_at == 0) {
        return is_below;
    }
    uint64_t bit, set;
    memcpy(&bit, &cell, 8);
    memcpy(&set, &node->threshold, 8);
    int is_in = (bit & set) != 0, is_number = node->cell < sets_at;
    HIDE_VALUE(is_below);
    HIDE_VALUE(is_in);
    HIDE_VALUE(is_number);
    return is_below & (is_in | is_number);
}

INLINE const Node *next_node(const Node *node, double cell, uint32_t sets_at)
{
    ptrdiff_t right = node->right, left = sizeof(Node);
    HIDE_VALUE(right);
    HIDE_VALUE(left);
    return (const Node *)((const char *)node + (goes_left(node, cell, sets_at) ? left : right));
}

INLINE double block_cell(const double *block, const Node *node)
{
    return *(const double *)((const char *)block + node->cell);
}

/* The same cell of a row that lies by itself. */
INLINE double row_cell(const double *row, const Node *node)
{
    return *(const double *)((const char *)row + node->cell / BLOCK_ROWS);
}

INLINE const float *leaf_row(const Trees *trees, const Node *leaf)
{
    return trees->leaf_values + leaf_payload(leaf) * (size_t)trees->n_values;
}

INLINE void add_leaf(const Trees *trees, const Tree *tree, const Node *leaf, double *sums)
{
    if (trees->n_values == 1) {
        sums[tree->output] += leaf_value(leaf);
        return;
    }
    const float *values = leaf_row(trees, leaf);
    for (int k = 0; k < trees->n_values; k++) {
        sums[k] += values[k];
    }
}

/* One row down eight trees at a time. */
INLINE void walk_trees(const Trees *trees, const double *x, double *cells, double *out,
                       uint32_t sets_at)
{
    fill_cells(trees, x, cells, 1);
    memcpy(out, trees->base, trees->n_sums * sizeof(double));
    Py_ssize_t t = 0;
    for (; t + LANES <= trees->n_trees; t += LANES) {
        const Tree *group = &trees->trees[t];
        const Node *at[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            at[lane] = group[lane].root;
        }
        for (int32_t step = group[LANES - 1].depth; step > 0; step--) {
            for (int lane = 0; lane < LANES; lane++) {
                at[lane] = next_node(at[lane], row_cell(cells, at[lane]), sets_at);
            }
        }
        for (int lane = 0; lane < LANES; lane++) {
            add_leaf(trees, &group[lane], at[lane], out);
        }
    }
    for (; t < trees->n_trees; t++) {
        const Node *at = trees->trees[t].root;
        while (at->right != 0) {
            at = next_node(at, row_cell(cells, at), sets_at);
        }
        add_leaf(trees, &trees->trees[t], at, out);
    }
}

/* Where in a block the third copy begins, 0 if there is none. */
INLINE uint32_t sets_begin(const Trees *trees)
{
    return trees->n_set_columns == 0 ? 0 : 2 * (uint32_t)trees->n_columns * CELL_BYTES;
}

static void trees_row(const Trees *trees, const double *x, double *cells, double *out)
{
    uint32_t sets_at = sets_begin(trees);
    if (sets_at == 0) {
        walk_trees(trees, x, cells, out, 0);
    } else {
        walk_trees(trees, x, cells, out, sets_at);
    }
}

/* Eight rows down one tree. A block holds cell c of row r at c * BLOCK_ROWS + r. */
INLINE void walk_rows(const Tree *tree, const double *block, uint32_t sets_at, const Node **at)
{
    const Node *now[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        now[lane] = tree->root;
    }
    for (int32_t left = tree->depth; left > 0; left -= 2) {
        for (int step = 0; step < 2; step++) {
            for (int lane = 0; lane < LANES; lane++) {
                now[lane] = next_node(now[lane], block_cell(block + lane, now[lane]), sets_at);
            }
        }
        int32_t on_the_way = 0;
        for (int lane = 0; lane < LANES; lane++) {
            on_the_way |= now[lane]->right;
        }
        if (on_the_way == 0) {
            break;
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        at[lane] = now[lane];
    }
}

/* A panel of blocks, tree by tree, so that a tree too big for the cache is fetched once for all. */
INLINE void walk_panel(const Trees *trees, const double *X, Py_ssize_t n_rows, double *panel,
                       double *out, uint32_t sets_at)
{
    size_t block_size = trees->n_copies * (size_t)trees->n_columns * BLOCK_ROWS;
    size_t n_sums = trees->n_sums;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        fill_cells(trees, X + i * trees->n_columns,
                   panel + i / BLOCK_ROWS * block_size + i % BLOCK_ROWS, BLOCK_ROWS);
        memcpy(out + i * n_sums, trees->base, n_sums * sizeof(double));
    }
    for (Py_ssize_t t = 0; t < trees->n_trees; t++) {
        const Tree *tree = &trees->trees[t];
        for (Py_ssize_t first = 0; first < n_rows; first += BLOCK_ROWS) {
            const double *block = panel + first / BLOCK_ROWS * block_size;
            Py_ssize_t n = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
            const Node *leaf[BLOCK_ROWS];
            /* The last eight may go beyond the last row, to cells of a row before: in vain. */
            for (Py_ssize_t i = 0; i < n; i += LANES) {
                walk_rows(tree, block + i, sets_at, leaf + i);
                for (int lane = 0; trees->n_values > 1 && lane < LANES; lane++) {
                    PREFETCH(leaf_row(trees, leaf[i + lane]));
                }
            }
            for (Py_ssize_t i = 0; i < n; i++) {
                add_leaf(trees, tree, leaf[i], out + (first + i) * n_sums);
            }
        }
    }
}

static void trees_panel(const Trees *trees, const double *X, Py_ssize_t n_rows, double *panel,
                        double *out)
{
    uint32_t sets_at = sets_begin(trees);
    if (sets_at == 0) {
        walk_panel(trees, X, n_rows, panel, out, 0);
    } else {
        walk_panel(trees, X, n_rows, panel, out, sets_at);
    }
}
