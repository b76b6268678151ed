/* A model as Python holds it, and how rows are scored by either kind of student. */

#pragma once

#include "columns.h"
#include "network_reasons.h"
#include "response.h"
#include "trees_reasons.h"

/* What scoring writes to on its way; each thread has its own. */
typedef struct {
    Py_ssize_t n_rows; /* scored together */
    NetworkScratch network;
    double *cells;
    double *panel;
    double *sums;
} Scratch;

typedef struct {
    PyObject *name; /* an exact string, which is owned */
    int32_t column;
    Kind kind; /* of the column, whose other entries numbers have no use for */
} Key;

/* The keys of a row that was read, in its order: the next row most likely has the same ones. */
typedef struct {
    Py_ssize_t n_keys; /* 0 where none is known */
    Key *key;
    Py_ssize_t n_absent;
    int32_t *absent;   /* columns that have no key */
    int credit;        /* earned by rows that had these keys, spent on learning others */
} Layout;

typedef struct {
    PyObject_HEAD
    Block *memory;
    Column *columns;
    Py_ssize_t n_columns;
    PyObject *classes;
    PyObject *answer;      /* a dict of every class, to be copied and filled where they are many */
    PyObject *encode_other; /* called with a row that raw_rows.h does not read */
    int is_network;
    Network network;
    Reasons reasons; /* of a network */
    Trees trees;
    TreeReasons tree_reasons;
    Response response;
    PyObject *column_of; /* a dict of a column's name to its index */
    Layout layout;
    Scratch scratch; /* for one row, used while the interpreter lock is held */
} Model;

/* About how many weights or nodes a row goes through; at least one. */
static size_t work_of_row(const Model *model)
{
    if (!model->is_network) {
        return model->trees.n_steps + 1;
    }
    const Network *network = &model->network;
    size_t work = (size_t)network->n_terms * network->first.stride + network->outside.n + 1;
    for (int i = 0; i < network->n_layers; i++) {
        const Layer *layer = &network->layers[i];
        work += (size_t)(layer->is_narrow ? layer->n_outputs : layer->n_inputs) * layer->stride;
    }
    return work;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Of the rows that may be scored together, so many that neither their work nor their memory is
 * large; at least one. */
static size_t fitting_rows(size_t n_rows, size_t work, size_t n_bytes)
{
    size_t n = smaller(smaller(n_rows, WORK_AT_ONCE / work), SCRATCH_BYTES / (n_bytes + 1));
    return n ? n : 1;
}

static int make_scratch(Block **memory, const Model *model, Py_ssize_t n_rows, Scratch *scratch)
{
    size_t n_columns = model->n_columns, n_sums = model->response.n_sums;
    size_t work = work_of_row(model);
    memset(scratch, 0, sizeof *scratch);
    if (model->is_network) {
        size_t row_bytes = (size_t)model->network.widest * 2 * sizeof(float);
        scratch->n_rows = fitting_rows(smaller(n_rows, NETWORK_ROWS), work, row_bytes);
        scratch->sums = claim(memory, scratch->n_rows + 1, (n_sums + 1) * sizeof(double));
        return scratch->sums == NULL ? -1
                                     : make_network_scratch(memory, &model->network,
                                                            scratch->n_rows, &scratch->network);
    }
    size_t n_cells = model->trees.n_copies * n_columns;
    size_t block_bytes = BLOCK_ROWS * sizeof(double) * (n_cells + n_sums);
    size_t n_blocks = model->trees.n_bytes > CACHE_BYTES ? 1 + PANEL_BYTES / block_bytes : 1;
    n_blocks = smaller(n_blocks, (n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS);
    n_blocks = smaller(n_blocks, WORK_AT_ONCE / BLOCK_ROWS / work);
    n_blocks = n_rows == 1 || block_bytes > SCRATCH_BYTES ? 0 : n_blocks;
    scratch->n_rows = n_blocks ? n_blocks * BLOCK_ROWS : 1;
    scratch->cells = claim(memory, n_cells, sizeof(double));
    scratch->panel = claim(memory, n_blocks * BLOCK_ROWS, n_cells * sizeof(double));
    scratch->sums = claim(memory, scratch->n_rows + 1, (n_sums + 1) * sizeof(double));
    return scratch->cells && scratch->panel && scratch->sums ? 0 : -1;
}

static void score_rows(const Model *model, const double *X, Py_ssize_t n_rows, Scratch *scratch,
                       double *sums)
{
    if (model->is_network) {
        network_rows(&model->network, X, model->n_columns, (int)n_rows, &scratch->network, sums);
    } else if (scratch->n_rows == 1) {
        trees_row(&model->trees, X, scratch->cells, sums);
    } else {
        trees_panel(&model->trees, X, n_rows, scratch->panel, sums);
    }
}
