/* The trees, checked and laid out. */

#pragma once

#include "columns.h"
#include "trees_nodes.h"

enum {
    FEATURE, THRESHOLD, RIGHT, MISSING_LEFT, VALUE, ROOTS, TREE_OUTPUT, BASE,
    TREE_CATEGORY_COLUMNS, TREE_CATEGORY_OFFSETS, CATEGORY_RANK, LEFT_CATEGORIES, N_TREE_ARRAYS
};

static const Form TREE_FORMS[N_TREE_ARRAYS] = {
    {"feature", 'i'}, {"threshold", 'd'},        {"right", 'i'},
    {"missing_left", 'B'}, {"value", 'f'},       {"roots", 'i'},
    {"tree_output", 'i'},  {"base", 'd'},        {"category_columns", 'i'},
    {"category_offsets", 'i'}, {"category_rank", 'd'}, {"left_categories", 'Q'},
};

/* What a node may not have: a split no value, and a leaf no threshold and no child. */
static int check_node(const Array *given, Py_ssize_t i, Py_ssize_t n_values)
{
    int missing_left = byte_at(&given[MISSING_LEFT], i);
    if (missing_left > 1) {
        return refuse("must be 0 or 1", "missing_left", missing_left);
    }
    if (int_at(&given[FEATURE], i) < 0) {
        if (double_at(&given[THRESHOLD], i) != 0) {
            return refuse("must be 0 at a leaf; the node where it is not", "threshold", i);
        }
        if (int_at(&given[RIGHT], i) != 0) {
            return refuse("must be 0 at a leaf; the node where it is not", "right", i);
        }
        return 0;
    }
    for (Py_ssize_t k = 0; k < n_values; k++) {
        if (float_at(&given[VALUE], i * n_values + k) != 0) {
            return refuse("must be 0 at a split; the node where it is not", "value", i);
        }
    }
    return 0;
}

/* The categories that go left; none where the split is by a threshold. */
static uint64_t set_at(const Array *given, Py_ssize_t i)
{
    return given[LEFT_CATEGORIES].is_open ? bits_at(&given[LEFT_CATEGORIES], i) : 0;
}

static int build_split(const Array *given, Py_ssize_t i, Py_ssize_t n_columns, Node *node)
{
    int32_t feature = int_at(&given[FEATURE], i);
    double threshold = double_at(&given[THRESHOLD], i);
    int missing_left = byte_at(&given[MISSING_LEFT], i);
    if (feature >= n_columns) {
        return refuse("must be -1 or the index of a column", "feature", feature);
    }
    if (threshold != threshold) {
        return refuse("must not be NaN; the index of one that is", "threshold", i);
    }
    node->threshold = threshold;
    node->cell = (uint32_t)(feature + (missing_left ? n_columns : 0)) * CELL_BYTES;
    uint64_t set = set_at(given, i);
    if (set >> (MISSING_BIT + 1) != 0) {
        return refuse("must have no bit beyond that of a missing value; the node where it has one",
                      "left_categories", i);
    }
    if (set != 0) {
        node->threshold = double_of_bits(set, BITS_OF_TWO);
        node->cell = (uint32_t)(feature + 2 * n_columns) * CELL_BYTES;
    }
    return 0;
}

static int build_leaf(const Array *given, Py_ssize_t i, Py_ssize_t n_values, float *leaf_values,
                      uint32_t *n_leaves, Node *node)
{
    float first = float_at(&given[VALUE], i * n_values);
    for (Py_ssize_t k = 0; k < n_values; k++) {
        if (!isfinite(float_at(&given[VALUE], i * n_values + k))) {
            return refuse("must be finite; the node where it is not", "value", i);
        }
    }
    uint32_t payload;
    if (n_values == 1) {
        memcpy(&payload, &first, 4);
    } else {
        payload = (*n_leaves)++;
        copy_rows(leaf_values + payload * (size_t)n_values, (int)n_values, &given[VALUE], i, 1,
                  n_values);
    }
    *node = (Node){leaf_mark(payload), 0, 0};
    return 0;
}

/* Lay out one tree in preorder from node `i` on. Splits whose right child is still to come wait on a
 * stack; after a leaf comes the right child of the split on top, or, if none waits, the tree's end.
 * So the leaves alone fix where every child must be, and no walk can leave the tree or circle. */
static Py_ssize_t build_tree(const Array *given, Py_ssize_t i, Py_ssize_t n_nodes,
                             Py_ssize_t n_columns, Py_ssize_t n_values, float *leaf_values,
                             uint32_t *n_leaves, Node *nodes, Tree *tree)
{
    struct { Py_ssize_t node; int depth; } waiting[MAX_TREE_DEPTH + 1];
    int n_waiting = 0, depth = 0;
    tree->root = &nodes[i];
    tree->depth = 0;
    for (; i < n_nodes; i++) {
        tree->depth = depth > tree->depth ? depth : tree->depth;
        int32_t feature = int_at(&given[FEATURE], i);
        if (check_node(given, i, n_values) < 0) {
            return -1;
        }
        if (feature >= 0) {
            if (depth >= MAX_TREE_DEPTH) {
                return refuse("a tree must be at most 512 deep; the node beyond", "feature", i);
            }
            if (build_split(given, i, n_columns, &nodes[i]) < 0) {
                return -1;
            }
            waiting[n_waiting].node = i;
            waiting[n_waiting++].depth = depth++;
            continue;
        }
        if (feature != -1) {
            return refuse("must be -1 or the index of a column", "feature", feature);
        }
        if (build_leaf(given, i, n_values, leaf_values, n_leaves, &nodes[i]) < 0) {
            return -1;
        }
        if (n_waiting == 0) {
            return i + 1;
        }
        Py_ssize_t parent = waiting[--n_waiting].node;
        depth = waiting[n_waiting].depth + 1;
        Py_ssize_t step = (i + 1 - parent) * (Py_ssize_t)sizeof(Node);
        if (step > INT32_MAX) {
            return refuse("a tree must be below 2 GiB; the bytes of a subtree", "right", step);
        }
        if (int_at(&given[RIGHT], parent) != i + 1) {
            return refuse("must be the node after the whole left subtree; the node of one that is "
                          "not", "right", parent);
        }
        nodes[parent].right = (int32_t)step;
    }
    return refuse("the last tree must be whole, got nodes up to", "feature", n_nodes);
}

/* Put the flattest trees first, and those of a depth as they come, so that every build sums alike. */
static Tree *flattest_first(Block **memory, const Tree *trees, Py_ssize_t n_trees)
{
    Py_ssize_t begin[MAX_TREE_DEPTH + 2] = {0};
    Tree *sorted = claim(memory, n_trees, sizeof(Tree));
    for (Py_ssize_t t = 0; t < n_trees; t++) {
        begin[trees[t].depth + 1]++;
    }
    for (int depth = 0; depth < MAX_TREE_DEPTH; depth++) {
        begin[depth + 1] += begin[depth];
    }
    for (Py_ssize_t t = 0; sorted != NULL && t < n_trees; t++) {
        sorted[begin[trees[t].depth]++] = trees[t];
    }
    return sorted;
}

/* `found` is memory for the trees as they come. */
static int build_all_trees(Block **memory, Block **found, const Array *given, Py_ssize_t n_columns,
                           Trees *trees)
{
    Py_ssize_t n_nodes = given[FEATURE].length, n_trees = given[ROOTS].length;
    Py_ssize_t n_sums = given[BASE].length;
    if (n_nodes < 1 || n_nodes > INT32_MAX || n_trees < 1 || n_trees > n_nodes) {
        return refuse("there must be a tree, and nodes for each", "roots", n_trees);
    }
    trees->n_copies = given[LEFT_CATEGORIES].is_open ? 3 : 2;
    if (n_columns > UINT32_MAX / (trees->n_copies * CELL_BYTES)) {
        return refuse("trees take at most 4 million, or 2 with sets of categories", "columns",
                      n_columns);
    }
    Py_ssize_t n_values = given[VALUE].length / n_nodes;
    if (n_sums < 1 || n_sums > INT32_MAX / 16 || (n_values != 1 && n_values != n_sums)) {
        return refuse("a node must have 1 value or one for each sum", "value", n_values);
    }
    if (check_length(&given[THRESHOLD], &TREE_FORMS[THRESHOLD], n_nodes) < 0 ||
        check_length(&given[RIGHT], &TREE_FORMS[RIGHT], n_nodes) < 0 ||
        check_length(&given[MISSING_LEFT], &TREE_FORMS[MISSING_LEFT], n_nodes) < 0 ||
        check_length(&given[VALUE], &TREE_FORMS[VALUE], n_nodes * n_values) < 0 ||
        check_length(&given[TREE_OUTPUT], &TREE_FORMS[TREE_OUTPUT], n_trees) < 0 ||
        (given[LEFT_CATEGORIES].is_open &&
         check_length(&given[LEFT_CATEGORIES], &TREE_FORMS[LEFT_CATEGORIES], n_nodes) < 0) ||
        check_finite(&given[BASE], &TREE_FORMS[BASE]) < 0) {
        return -1;
    }
    /* In a binary tree there is one leaf more than there are splits. */
    size_t n_leaves = (size_t)(n_nodes + n_trees) / 2;
    Node *nodes = claim(memory, n_nodes, sizeof(Node));
    double *base = claim(memory, n_sums, sizeof(double));
    float *leaf_values = claim(memory, n_values == 1 ? 1 : n_leaves, sizeof(float) * n_values);
    Tree *tree = claim(found, n_trees, sizeof(Tree));
    if (nodes == NULL || base == NULL || leaf_values == NULL || tree == NULL) {
        return -1;
    }
    for (Py_ssize_t k = 0; k < n_sums; k++) {
        base[k] = double_at(&given[BASE], k);
    }
    Py_ssize_t i = 0;
    uint32_t leaves_so_far = 0;
    for (Py_ssize_t t = 0; t < n_trees; t++) {
        int32_t output = int_at(&given[TREE_OUTPUT], t);
        if (output < -1 || output >= n_sums || (output == -1 && n_values != n_sums) ||
            (output >= 0 && n_values != 1)) {
            return refuse("must be -1 for leaves of all sums, else a sum", "tree_output", output);
        }
        if (int_at(&given[ROOTS], t) != i) {
            return refuse("must be the nodes where trees begin", "roots", int_at(&given[ROOTS], t));
        }
        tree[t].output = output < 0 ? 0 : output;
        i = build_tree(given, i, n_nodes, n_columns, n_values, leaf_values, &leaves_so_far, nodes,
                       &tree[t]);
        if (i < 0) {
            return -1;
        }
        trees->n_steps += (size_t)tree[t].depth + n_values;
    }
    if (i != n_nodes) {
        return refuse("must name every tree; the first node left over", "roots", i);
    }
    trees->trees = flattest_first(memory, tree, n_trees);
    if (trees->trees == NULL) {
        return -1;
    }
    trees->nodes = nodes;
    trees->n_nodes = n_nodes;
    trees->n_trees = n_trees;
    trees->n_sums = (int)n_sums;
    trees->n_values = (int)n_values;
    trees->n_columns = n_columns;
    trees->base = base;
    trees->leaf_values = leaf_values;
    trees->n_bytes = n_nodes * sizeof(Node) + (n_values == 1 ? 0 : n_leaves * n_values * 4);
    return 0;
}

static int build_ranks(Block **memory, const Array *given, const Column *columns,
                       Py_ssize_t n_columns, Trees *trees)
{
    const Array *used = &given[TREE_CATEGORY_COLUMNS], *ranks = &given[CATEGORY_RANK];
    if (check_columns(used, &TREE_FORMS[TREE_CATEGORY_COLUMNS], columns, n_columns,
                      is_categorical) < 0 ||
        check_offsets(&given[TREE_CATEGORY_OFFSETS], &TREE_FORMS[TREE_CATEGORY_OFFSETS],
                      used->length, ranks->length) < 0) {
        return -1;
    }
    double *rank = claim(memory, ranks->length, sizeof(double));
    trees->ranked = claim(memory, used->length, sizeof(Ranks));
    if (rank == NULL || trees->ranked == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < ranks->length; i++) {
        rank[i] = double_at(ranks, i);
        if (isinf(rank[i])) {
            return refuse("must not be infinite; the index of one that is", "category_rank", i);
        }
    }
    for (Py_ssize_t k = 0; k < used->length; k++) {
        int32_t j = int_at(used, k), begin = int_at(&given[TREE_CATEGORY_OFFSETS], k);
        int32_t n_codes = int_at(&given[TREE_CATEGORY_OFFSETS], k + 1) - begin;
        if (n_codes != columns[j].n_codes) {
            return refuse("a column needs an entry for each code", "category_rank", n_codes);
        }
        trees->ranked[k] = (Ranks){j, n_codes, rank + begin};
    }
    trees->n_ranked = (int)used->length;
    return 0;
}

/* List the columns that are split by sets, once the trees were built. */
static int list_set_columns(Block **memory, const Array *given, Trees *trees)
{
    Block *list = NULL;
    unsigned char *is_split = claim(&list, trees->n_columns, 1);
    trees->set_columns = claim(memory, trees->n_columns, sizeof(int32_t));
    int status = is_split == NULL || trees->set_columns == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < given[LEFT_CATEGORIES].length; i++) {
        int32_t feature = int_at(&given[FEATURE], i);
        if (set_at(given, i) == 0) {
            continue;
        }
        if (feature < 0) {
            status = refuse("must be 0 at a leaf; the node where it is not", "left_categories", i);
        } else if (!is_split[feature]) {
            is_split[feature] = 1;
            trees->set_columns[trees->n_set_columns++] = feature;
        }
    }
    release(&list);
    return status;
}

static int build_trees(Block **memory, PyObject *arrays, const Column *columns,
                       Py_ssize_t n_columns, Trees *trees)
{
    Array given[N_TREE_ARRAYS];
    memset(given, 0, sizeof given);
    Block *found = NULL;
    int status = 0;
    for (int i = 0; status == 0 && i < N_TREE_ARRAYS; i++) {
        if (i != LEFT_CATEGORIES || PyMapping_HasKeyString(arrays, TREE_FORMS[i].name)) {
            status = open_array(arrays, &TREE_FORMS[i], &given[i]);
        }
    }
    if (status == 0) {
        status = build_all_trees(memory, &found, given, n_columns, trees);
        release(&found);
    }
    if (status == 0) {
        status = build_ranks(memory, given, columns, n_columns, trees);
    }
    if (status == 0) {
        status = list_set_columns(memory, given, trees);
    }
    close_arrays(given, N_TREE_ARRAYS);
    return status;
}
