/* Rows through the network, layer by layer, by the widest vectors that the machine has. */

#pragma once

#include "network_avx512.h"

/* Return the widest vectors of at most so many floats that this machine has. */
static const Kernels *choose_kernels(int most_floats)
{
#if HAS_X86
    int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("popcnt");
    if (most_floats >= 16 && has_avx2 && __builtin_cpu_supports("avx512f")) {
        return &AVX512_KERNELS;
    }
    if (most_floats >= 8 && has_avx2) {
        return &AVX2_KERNELS;
    }
#else
    (void)most_floats;
#endif
    return &PLAIN_KERNELS;
}

typedef struct {
    uint32_t *row;
    float *factor;
    float *hidden; /* inputs of a layer, and `next` its outputs; then they change places */
    float *next;
    double *seen; /* rows with the numbers that tell how far outside they lie */
} NetworkScratch;

static int make_network_scratch(Block **memory, const Network *network, Py_ssize_t n_rows,
                                NetworkScratch *scratch)
{
    /* Beyond the last row that is found a vector more may be written. */
    scratch->row = claim(memory, network->n_scratch_rows + WIDTH_STEP, sizeof(uint32_t));
    scratch->factor = claim(memory, (size_t)network->n_terms * LANES, sizeof(float));
    scratch->hidden = claim(memory, n_rows, sizeof(float) * network->widest);
    scratch->next = claim(memory, n_rows, sizeof(float) * network->widest);
    size_t n_seen = network->outside.n ? (size_t)network->n_inputs * LANES : 0;
    scratch->seen = claim(memory, n_seen, sizeof(double));
    return scratch->row && scratch->factor && scratch->hidden && scratch->next && scratch->seen
               ? 0
               : -1;
}

/* Copy rows, and put behind each how far outside it lies. */
static void widen_rows(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                       double *seen)
{
    for (int r = 0; r < n_rows; r++, X += n_columns, seen += network->n_inputs) {
        memcpy(seen, X, n_columns * sizeof(double));
        find_outside(&network->outside, X, seen + n_columns);
    }
}

/* Rows go through a layer together, so that its weights stay in the cache. */
static void network_rows(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                         const NetworkScratch *scratch, double *out)
{
    const Kernels *kernels = network->kernels;
    uint32_t *row = scratch->row;
    float *hidden = scratch->hidden, *next = scratch->next;
    size_t widest = network->widest;
    for (int first = 0; first < n_rows; first += LANES) {
        int n = n_rows - first < LANES ? n_rows - first : LANES;
        /* Columns are read across the rows, which the machine does not foresee. */
        for (Py_ssize_t i = 0; n == LANES && i < n_columns; i++) {
            PREFETCH(X + (first + 4 * LANES) * n_columns + i * LANES);
        }
        const double *inputs = X + first * n_columns;
        if (network->outside.n) {
            widen_rows(network, inputs, n_columns, n, scratch->seen);
            inputs = scratch->seen;
        }
        kernels->encode(network, inputs, network->n_inputs, n, row, scratch->factor);
        for (int r = 0; r < n; r++) {
            Terms terms = {row + r, scratch->factor + r, network->n_terms};
            kernels->sum_encoded(hidden + (first + r) * widest, &network->first, &terms);
        }
    }
    for (int i = 0; i < network->n_layers; i++) {
        const Layer *layer = &network->layers[i];
        for (int r = 0; r < n_rows; r++) {
            const float *inputs = hidden + r * widest;
            if (layer->is_narrow) {
                kernels->sum_inputs(next + r * widest, layer, inputs);
                continue;
            }
            Terms terms = {row, inputs, kernels->find_positive(inputs, layer->n_inputs, row)};
            kernels->sum_positive(next + r * widest, layer, &terms);
        }
        float *outputs = next;
        next = hidden;
        hidden = outputs;
    }
    for (int r = 0; r < n_rows; r++) {
        for (int k = 0; k < network->n_outputs; k++) {
            *out++ = network->mean + network->scale * (double)hidden[r * widest + k];
        }
    }
}
