/* The work of a network in vectors of eight floats, for machines with AVX2. */

#pragma once

#include "network_plain.h"

#if HAS_X86

WITH_AVX2 INLINE float total_of_eight(__m256 v)
{
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

#define N_FLOATS 8
#define TOTAL total_of_eight
#define KERNEL(name) name##_avx2
#define TARGET WITH_AVX2
#include "network_sums.h"

/* The same by a mask of 64 inputs; those that pad the width are zero, so they fall away too. */
WITH_AVX2 static int find_positive_avx2(const float *hidden, int n_inputs, uint32_t *row)
{
    int n = 0, width = padded(n_inputs);
    for (int first = 0; first < width; first += 64) {
        uint64_t mask = 0;
        for (int i = first; i < width && i < first + 64; i += 8) {
            __m256 positive = _mm256_cmp_ps(_mm256_loadu_ps(hidden + i), _mm256_setzero_ps(),
                                            _CMP_GT_OQ);
            mask |= (uint64_t)_mm256_movemask_ps(positive) << (i - first);
        }
        for (; mask != 0; mask &= mask - 1) {
            row[n++] = first + __builtin_ctzll(mask);
        }
    }
    return n;
}

INLINE uint32_t bin_of(const NumericInput *input, double value)
{
    uint32_t bin;
    find_bins(input, &value, 1, &bin);
    return bin;
}

/* A value alone is compared with all edges of up to so many levels: the number of those at or below
 * it is its bin, whatever their order. A search would wait level by level. */
enum { MOST_COUNTED_LEVELS = 6 };

WITH_AVX2 INLINE uint32_t bin_of_avx2(const NumericInput *input, double value)
{
    uint64_t mask = 0;
    if (input->n_levels > MOST_COUNTED_LEVELS) {
        return bin_of(input, value);
    }
    for (int i = 0; i < 1 << input->n_levels; i += 4) {
        __m256d edges = _mm256_loadu_pd(input->tree + i);
        __m256d is_above = _mm256_cmp_pd(_mm256_set1_pd(value), edges, _CMP_GE_OQ);
        mask |= (uint64_t)_mm256_movemask_pd(is_above) << i;
    }
    return (uint32_t)__builtin_popcountll(mask);
}

WITH_AVX2 static void encode_avx2(const Network *network, const double *X, Py_ssize_t n_columns,
                                  int n_rows, uint32_t *row, float *factor)
{
    if (n_rows > 1) {
        encode_plain(network, X, n_columns, n_rows, row, factor);
        return;
    }
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        double value = X[input->column];
        put_numeric(input, value, bin_of_avx2(input, value), row, factor);
    }
    put_categories(network, X, n_columns, 1, row, factor);
}

static const Kernels AVX2_KERNELS = {8, encode_avx2, sum_encoded_avx2, find_positive_avx2,
                                     sum_positive_avx2, sum_inputs_avx2};

#endif
