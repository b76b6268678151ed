/* How a tree lies in memory: nodes, leaves, and sets of categories.
 *
 * A walk takes the same step at every node: left, to the next node, if the cell is at or below the
 * threshold, else `right` bytes on. Two things make that the whole of it:
 *
 * A row is held twice, once as it is, where a missing value (NaN) is never at or below anything, and
 * once with minus infinity for a missing value. A node where missing values go left reads the second.
 *
 * A leaf steps onto itself, its threshold being NaN and `right` being 0, so walks of different
 * lengths go on side by side. The lower half of that NaN is free to hold the leaf's value: a float,
 * or, where a leaf has many values, their row.
 *
 * A split may instead name the categories that go left, as a set of bits in the place of its
 * threshold. It reads a third copy of the row, whose cells hold the one bit of a code. Trees without
 * such splits have no third copy, and take steps that ask for none. */

#pragma once

#include "machine.h"

typedef struct {
    double threshold; /* or a set of categories */
    int32_t right; /* bytes to the right child */
    uint32_t cell; /* bytes to the cell, in a block */
} Node;

typedef struct {
    const Node *root;
    int32_t depth;
    int32_t output;
} Tree;

typedef struct {
    int32_t column;
    int32_t n_codes;
    const double *rank;
} Ranks;

typedef struct {
    int n_sums, n_values, n_ranked;
    int n_copies; /* of a row: 3 where splits may be by sets of categories, else 2 */
    Py_ssize_t n_trees;
    Py_ssize_t n_columns;
    Py_ssize_t n_set_columns;
    int32_t *set_columns; /* those whose third copy is read */
    const Node *nodes;
    Py_ssize_t n_nodes;
    Tree *trees; /* flattest first, so that those walked together are of like depth */
    Ranks *ranked;
    const double *base;
    const float *leaf_values; /* n_values for each leaf, where there are several */
    size_t n_bytes;
    size_t n_steps; /* of a row at most, and values added by it */
} Trees;

static double leaf_mark(uint32_t payload)
{
    uint64_t bits = UINT64_C(0x7FF8000000000000) | payload;
    double mark;
    memcpy(&mark, &bits, 8);
    return mark;
}

INLINE uint32_t leaf_payload(const Node *leaf)
{
    uint64_t bits;
    memcpy(&bits, &leaf->threshold, 8);
    return (uint32_t)bits;
}

INLINE float leaf_value(const Node *leaf)
{
    uint32_t payload = leaf_payload(leaf);
    float value;
    memcpy(&value, &payload, 4);
    return value;
}

/* A set of categories, or the bit of a code, as the 52 lower bits of a double. As doubles of their
 * own they would be denormal, and slow to compare on some machines. A set's other bits make it 2 or
 * more and those of a code less than 2: so a code is below any set, and they share none of those. */
INLINE double double_of_bits(uint64_t set, uint64_t other_bits)
{
    uint64_t bits = other_bits | set;
    double number;
    memcpy(&number, &bits, 8);
    return number;
}

static const uint64_t BITS_OF_ONE = UINT64_C(0x3FF) << 52, BITS_OF_TWO = UINT64_C(0x400) << 52;
