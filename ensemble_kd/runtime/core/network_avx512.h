/* The work of a network in vectors of sixteen floats, for machines with AVX-512. */

#pragma once

#include "network_avx2.h"

#if HAS_X86

WITH_AVX512 INLINE float total_of_sixteen(__m512 v)
{
    __m512d pairs = _mm512_castps_pd(v);
    return total_of_eight(_mm256_add_ps(_mm512_castps512_ps256(v),
                                        _mm256_castpd_ps(_mm512_extractf64x4_pd(pairs, 1))));
}

#define N_FLOATS 16
#define TOTAL total_of_sixteen
#define KERNEL(name) name##_avx512
#define TARGET WITH_AVX512
#include "network_sums.h"

enum { MOST_KNOWN_BITS = 6 }; /* of the tables that are looked up in without a gather */

/* Look eight numbers up in a table of two to the power of `n_bits`, by the lowest bits of `index`. */
WITH_AVX512 INLINE __m512d look_up(const double *table, const int n_bits, __m512i index)
{
    if (n_bits <= 3) {
        return _mm512_permutexvar_pd(index, _mm512_loadu_pd(table));
    }
    if (n_bits > MOST_KNOWN_BITS) {
        index = _mm512_and_epi64(index, _mm512_set1_epi64(((int64_t)1 << n_bits) - 1));
        return _mm512_i64gather_pd(index, table, 8);
    }
    __m512d found[1 << (MOST_KNOWN_BITS - 4)];
    for (int i = 0; i < 1 << (n_bits - 4); i++) {
        found[i] = _mm512_permutex2var_pd(_mm512_loadu_pd(table + 16 * i), index,
                                          _mm512_loadu_pd(table + 16 * i + 8));
    }
    for (int bit = 4; bit < n_bits; bit++) {
        __mmask8 is_set = _mm512_test_epi64_mask(index, _mm512_set1_epi64((int64_t)1 << bit));
        for (int i = 0; i < 1 << (n_bits - bit - 1); i++) {
            found[i] = _mm512_mask_mov_pd(found[2 * i], is_set, found[2 * i + 1]);
        }
    }
    return found[0];
}

WITH_AVX512 INLINE __m512d column_of_eight(const double *X, Py_ssize_t n_columns)
{
    return _mm512_set_pd(X[7 * n_columns], X[6 * n_columns], X[5 * n_columns], X[4 * n_columns],
                         X[3 * n_columns], X[2 * n_columns], X[n_columns], X[0]);
}

/* Eight values of a column: return the row of each, and its share of the way to the next row. */
WITH_AVX512 INLINE __m512i encode_eight(const NumericInput *input, const int n_levels,
                                        __m512d value, __m512d *share)
{
    const __m512i one = _mm512_set1_epi64(1);
    __m512i node = one;
    for (int level = 0; level < n_levels; level++) {
        const double *nodes = input->tree + (level < 3 ? 0 : (size_t)1 << level);
        __m512d edge = look_up(nodes, level, node);
        __mmask8 is_above = _mm512_cmp_pd_mask(value, edge, _CMP_GE_OQ);
        node = _mm512_add_epi64(node, node);
        node = _mm512_mask_add_epi64(node, is_above, node, one);
    }
    __m512i bin = _mm512_sub_epi64(node, _mm512_set1_epi64((int64_t)1 << n_levels));
    __m512d start = look_up(input->starts, n_levels, bin);
    __m512d slope = look_up(input->slopes, n_levels, bin);
    __m512d part = _mm512_mul_pd(_mm512_sub_pd(value, start), slope);
    part = _mm512_max_pd(part, _mm512_setzero_pd());
    *share = _mm512_min_pd(part, _mm512_set1_pd(1.0));
    return _mm512_maskz_add_epi64(_mm512_cmp_pd_mask(value, value, _CMP_EQ_OQ), bin, one);
}

WITH_AVX512 INLINE uint32_t count_edges_avx512(const double *edges, double value,
                                               const int n_vectors)
{
    uint64_t mask = 0;
    for (int v = 0; v < n_vectors; v++) {
        __mmask8 is_above = _mm512_cmp_pd_mask(_mm512_set1_pd(value), _mm512_loadu_pd(edges + 8 * v),
                                               _CMP_GE_OQ);
        mask |= (uint64_t)is_above << 8 * v;
    }
    return (uint32_t)__builtin_popcountll(mask);
}

WITH_AVX512 INLINE uint32_t bin_of_avx512(const NumericInput *input, double value)
{
    switch (input->n_levels) {
    case 0: case 1: case 2: case 3:
        return count_edges_avx512(input->tree, value, 1);
    case 4:
        return count_edges_avx512(input->tree, value, 2);
    case 5:
        return count_edges_avx512(input->tree, value, 4);
    case MOST_COUNTED_LEVELS:
        return count_edges_avx512(input->tree, value, 8);
    default:
        return bin_of(input, value);
    }
}

WITH_AVX512 static void encode_row_avx512(const Network *network, const double *X, uint32_t *row,
                                          float *factor)
{
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        double value = X[input->column];
        put_numeric(input, value, bin_of_avx512(input, value), row, factor);
    }
    put_categories(network, X, 0, 1, row, factor);
}

/* Eight rows at once, or one, to the same bits. */
WITH_AVX512 static void encode_avx512(const Network *network, const double *X, Py_ssize_t n_columns,
                                      int n_rows, uint32_t *row, float *factor)
{
    if (n_rows == 1) {
        encode_row_avx512(network, X, row, factor);
        return;
    }
    if (n_rows < LANES) {
        encode_plain(network, X, n_columns, n_rows, row, factor);
        return;
    }
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        __m512d value = column_of_eight(X + input->column, n_columns), share;
        __m512i part;
        switch (input->n_levels) { /* the usual ones unrolled */
        case 4:
            part = encode_eight(input, 4, value, &share);
            break;
        case 5:
            part = encode_eight(input, 5, value, &share);
            break;
        case 6:
            part = encode_eight(input, 6, value, &share);
            break;
        default:
            part = encode_eight(input, input->n_levels, value, &share);
        }
        __m256i below = _mm256_add_epi32(_mm512_cvtepi64_epi32(part),
                                         _mm256_set1_epi32((int)input->row));
        _mm256_storeu_si256((__m256i *)row, below);
        _mm256_storeu_si256((__m256i *)(row + LANES),
                            _mm256_add_epi32(below, _mm256_set1_epi32(1)));
        _mm256_storeu_ps(factor, _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_set1_pd(1.0), share)));
        _mm256_storeu_ps(factor + LANES, _mm512_cvtpd_ps(share));
    }
    for (int k = 0; k < network->n_categorical; k++, row += LANES, factor += LANES) {
        const CategoryInput *input = &network->categorical[k];
        __m512d code = column_of_eight(X + input->column, n_columns);
        __mmask8 is_known =
            _mm512_cmp_pd_mask(code, _mm512_setzero_pd(), _CMP_GE_OQ) &
            _mm512_cmp_pd_mask(code, _mm512_set1_pd(input->n_codes), _CMP_LT_OQ);
        __mmask8 is_missing = _mm512_cmp_pd_mask(code, code, _CMP_UNORD_Q);
        __m512d part = _mm512_mask_mov_pd(_mm512_set1_pd(input->n_codes - 1), is_known, code);
        part = _mm512_mask_mov_pd(part, is_missing, _mm512_set1_pd(input->n_codes));
        _mm256_storeu_si256((__m256i *)row,
                            _mm256_add_epi32(_mm512_cvttpd_epi32(part),
                                             _mm256_set1_epi32((int)input->row)));
        _mm256_storeu_ps(factor, _mm256_set1_ps(1.0f));
    }
}

/* Sixteen inputs at a time are moved together; what is stored beyond them is written over. */
WITH_AVX512 static int find_positive_avx512(const float *hidden, int n_inputs, uint32_t *row)
{
    __m512i inputs = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    int n = 0;
    for (int i = 0; i < n_inputs; i += 16) {
        __mmask16 positive = _mm512_cmp_ps_mask(_mm512_loadu_ps(hidden + i), _mm512_setzero_ps(),
                                                _CMP_GT_OQ);
        _mm512_storeu_si512(row + n, _mm512_maskz_compress_epi32(positive, inputs));
        inputs = _mm512_add_epi32(inputs, _mm512_set1_epi32(16));
        n += __builtin_popcount(positive);
    }
    return n;
}

static const Kernels AVX512_KERNELS = {16, encode_avx512, sum_encoded_avx512, find_positive_avx512,
                                       sum_positive_avx512, sum_inputs_avx512};

#endif
