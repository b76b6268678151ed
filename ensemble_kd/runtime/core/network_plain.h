/* The work of a network in vectors that every machine has: the terms of the first layer, the inputs
 * that ReLU let through, and the sums of a layer. */

#pragma once

#include "network_layout.h"

/* Find the bin of each value: the last edge at or below it. No branch depends on a value, and while
 * one waits for its edge the others go on. */
INLINE void find_bins(const NumericInput *input, const double *value, const int n_rows,
                      uint32_t *bin)
{
    uint32_t node[LANES];
    for (int r = 0; r < n_rows; r++) {
        node[r] = 1;
    }
    for (int level = 0; level < input->n_levels; level++) {
        for (int r = 0; r < n_rows; r++) {
            node[r] = 2 * node[r] + (value[r] >= input->tree[node[r]]);
        }
    }
    for (int r = 0; r < n_rows; r++) {
        bin[r] = node[r] - ((uint32_t)1 << input->n_levels);
    }
}

/* Write the two terms of a value that lies in a bin: the rows below and above it. */
INLINE void put_numeric(const NumericInput *input, double value, uint32_t bin, uint32_t *row,
                        float *factor)
{
    double share = (value - input->starts[bin]) * input->slopes[bin];
    share = share > 0 ? share : 0; /* so too of a missing value, which lies in bin 0 */
    share = share < 1 ? share : 1;
    row[0] = input->row + (value == value ? bin + 1 : 0);
    row[LANES] = row[0] + 1;
    factor[0] = (float)(1 - share);
    factor[LANES] = (float)share;
}

INLINE void put_categories(const Network *network, const double *X, Py_ssize_t n_columns,
                           const int n_rows, uint32_t *row, float *factor)
{
    for (int k = 0; k < network->n_categorical; k++, row += LANES, factor += LANES) {
        const CategoryInput *input = &network->categorical[k];
        for (int r = 0; r < n_rows; r++) {
            double code = X[r * n_columns + input->column];
            Py_ssize_t part = code != code ? input->n_codes : code_index(code, input->n_codes);
            row[r] = input->row + (uint32_t)part;
            factor[r] = 1.0f;
        }
    }
}

/* Turn up to eight rows into the terms of the first layer: term t of row r is at t * LANES + r. */
INLINE void encode_rows(const Network *network, const double *X, Py_ssize_t n_columns,
                        const int n_rows, uint32_t *row, float *factor)
{
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        double value[LANES];
        uint32_t bin[LANES];
        for (int r = 0; r < n_rows; r++) {
            value[r] = X[r * n_columns + input->column];
        }
        find_bins(input, value, n_rows, bin);
        for (int r = 0; r < n_rows; r++) {
            put_numeric(input, value[r], bin[r], row + r, factor + r);
        }
    }
    put_categories(network, X, n_columns, n_rows, row, factor);
}

static void encode_plain(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                         uint32_t *row, float *factor)
{
    if (n_rows == LANES) {
        encode_rows(network, X, n_columns, LANES, row, factor);
        return;
    }
    for (int r = 0; r < n_rows; r++) {
        encode_rows(network, X + r * n_columns, n_columns, 1, row + r, factor + r);
    }
}

/* Find the inputs above zero, without a branch: each is written, and written over if it is not. */
static int find_positive_plain(const float *hidden, int n_inputs, uint32_t *row)
{
    int n = 0;
    for (int i = 0; i < n_inputs; i++) {
        row[n] = i;
        n += hidden[i] > 0.0f;
    }
    return n;
}

#ifdef __GNUC__
#define N_FLOATS 4
#define TOTAL(v) (((v)[0] + (v)[2]) + ((v)[1] + (v)[3]))
#else
#define N_FLOATS 1
#define TOTAL(v) (v)
#endif
#define KERNEL(name) name##_plain
#define TARGET
#include "network_sums.h"

static const Kernels PLAIN_KERNELS = {4, encode_plain, sum_encoded_plain, find_positive_plain,
                                      sum_positive_plain, sum_inputs_plain};
