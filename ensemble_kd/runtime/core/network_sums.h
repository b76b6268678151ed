/* The sums of a layer, in vectors of N_FLOATS floats. The files of each width include this one,
 * which so has no guard, with N_FLOATS, TOTAL (of a vector), KERNEL (which names what is defined
 * here) and TARGET set.
 *
 * One row or many, in a batch or alone, are summed by the same function and so in the same order. */

#if N_FLOATS > 1
typedef float KERNEL(Vector) __attribute__((vector_size(4 * N_FLOATS), aligned(4), may_alias));
typedef int32_t KERNEL(Bits) __attribute__((vector_size(4 * N_FLOATS)));
#define POSITIVE(v) ((KERNEL(Vector))((KERNEL(Bits))(v) & ((v) > (KERNEL(Vector)){0})))
#else
typedef float KERNEL(Vector);
#define POSITIVE(v) ((v) > 0 ? (v) : 0)
#endif
#define LOAD(address) (*(const KERNEL(Vector) *)(address))

TARGET INLINE void KERNEL(add_row)(KERNEL(Vector) *sum, const float *weights, const int n_vectors,
                                   float factor)
{
    HIDE_VALUE(weights); /* one address for all vectors */
    for (int v = 0; v < n_vectors; v++) {
        sum[v] += factor * LOAD(weights + N_FLOATS * v);
    }
}

/* Sum `n_vectors` times N_FLOATS outputs in registers. Few outputs are summed in several chains, as
 * each addition waits for the one before it. */
TARGET INLINE void KERNEL(sum_columns)(float *out, const Layer *layer, const Terms *terms, int first,
                                       const int is_dense, const int n_vectors, const int n_chains)
{
    const uint32_t *row = terms->row;
    const float *factor = terms->factor, *weight = layer->weight + first;
    const size_t stride = layer->stride;
    const ptrdiff_t spacing = is_dense ? 1 : LANES, n_terms = terms->n;
    KERNEL(Vector) sum[8];
    for (int v = 0; v < n_vectors; v++) {
        for (int c = 0; c < n_chains; c++) {
            sum[v + c * n_vectors] =
                c ? (KERNEL(Vector)){0} : LOAD(layer->bias + first + N_FLOATS * v);
        }
    }
    ptrdiff_t k = 0; /* wide, as Python's flags have an int wrap around, which costs a step */
    for (; k + n_chains <= n_terms; k += n_chains) {
        for (int c = 0; c < n_chains; c++, row += spacing) {
            KERNEL(add_row)(sum + c * n_vectors, weight + *row * stride, n_vectors,
                            is_dense ? factor[*row] : factor[(k + c) * spacing]);
        }
    }
    for (; k < n_terms; k++, row += spacing) {
        KERNEL(add_row)(sum, weight + *row * stride, n_vectors,
                        is_dense ? factor[*row] : factor[k * spacing]);
    }
    for (int v = 0; v < n_vectors; v++) {
        for (int c = 1; c < n_chains; c++) {
            sum[v] += sum[v + c * n_vectors];
        }
        *(KERNEL(Vector) *)(out + first + N_FLOATS * v) = sum[v];
    }
}

TARGET INLINE void KERNEL(sum_terms)(float *out, const Layer *layer, const Terms *terms,
                                     const int is_dense)
{
    int first = 0;
    for (; first + 8 * N_FLOATS <= layer->stride; first += 8 * N_FLOATS) {
        KERNEL(sum_columns)(out, layer, terms, first, is_dense, 8, 1);
    }
    for (; first + 4 * N_FLOATS <= layer->stride; first += 4 * N_FLOATS) {
        KERNEL(sum_columns)(out, layer, terms, first, is_dense, 4, 2);
    }
    for (; first + 2 * N_FLOATS <= layer->stride; first += 2 * N_FLOATS) {
        KERNEL(sum_columns)(out, layer, terms, first, is_dense, 2, 4);
    }
    for (; first + N_FLOATS <= layer->stride; first += N_FLOATS) {
        KERNEL(sum_columns)(out, layer, terms, first, is_dense, 1, 8);
    }
}

TARGET static void KERNEL(sum_encoded)(float *out, const Layer *layer, const Terms *terms)
{
    KERNEL(sum_terms)(out, layer, terms, 0);
}

TARGET static void KERNEL(sum_positive)(float *out, const Layer *layer, const Terms *terms)
{
    KERNEL(sum_terms)(out, layer, terms, 1);
}

/* Few outputs, each the product of all inputs with the weights that lead to it. */
TARGET INLINE void KERNEL(sum_few)(float *out, const Layer *layer, const float *hidden,
                                   const int n_outputs)
{
    KERNEL(Vector) sum[NARROW];
    for (int k = 0; k < n_outputs; k++) {
        sum[k] = (KERNEL(Vector)){0};
    }
    for (int i = 0; i < layer->stride; i += N_FLOATS) {
        KERNEL(Vector) input = LOAD(hidden + i);
        input = POSITIVE(input);
        for (int k = 0; k < n_outputs; k++) {
            sum[k] += input * LOAD(layer->weight + (size_t)k * layer->stride + i);
        }
    }
    for (int k = 0; k < n_outputs; k++) {
        out[k] = layer->bias[k] + TOTAL(sum[k]);
    }
}

TARGET static void KERNEL(sum_inputs)(float *out, const Layer *layer, const float *hidden)
{
    switch (layer->n_outputs) {
    case 1:
        KERNEL(sum_few)(out, layer, hidden, 1);
        break;
    case 2:
        KERNEL(sum_few)(out, layer, hidden, 2);
        break;
    case 3:
        KERNEL(sum_few)(out, layer, hidden, 3);
        break;
    default:
        KERNEL(sum_few)(out, layer, hidden, NARROW);
    }
}

#undef LOAD
#undef POSITIVE
#undef N_FLOATS
#undef TOTAL
#undef KERNEL
#undef TARGET
