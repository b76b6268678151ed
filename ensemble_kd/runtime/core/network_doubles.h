/* Sums in double, in vectors of N_DOUBLES, for what is told of a row rather than answered. Included
 * for each width, with N_DOUBLES, KERNEL and TARGET set, and so without a guard. */

#if N_DOUBLES > 1
typedef double KERNEL(Doubles) __attribute__((vector_size(8 * N_DOUBLES), aligned(8), may_alias));
typedef float KERNEL(Singles) __attribute__((vector_size(4 * N_DOUBLES), aligned(4), may_alias));
#define AS_DOUBLES(address) \
    __builtin_convertvector(*(const KERNEL(Singles) *)(address), KERNEL(Doubles))
#else
typedef double KERNEL(Doubles);
#define AS_DOUBLES(address) ((double)*(address))
#endif
#define DOUBLES(address) (*(KERNEL(Doubles) *)(address))

TARGET INLINE void KERNEL(add_tile)(double *out, const float *weight, size_t stride,
                                    const uint32_t *row, const double *factor, int n,
                                    const int n_vectors)
{
    KERNEL(Doubles) sum[8];
    for (int v = 0; v < n_vectors; v++) {
        sum[v] = DOUBLES(out + N_DOUBLES * v);
    }
    for (ptrdiff_t k = 0; k < n; k++) {
        const float *weights = weight + row[k] * stride;
        for (int v = 0; v < n_vectors; v++) {
            sum[v] += factor[k] * AS_DOUBLES(weights + N_DOUBLES * v);
        }
    }
    for (int v = 0; v < n_vectors; v++) {
        DOUBLES(out + N_DOUBLES * v) = sum[v];
    }
}

/* Add rows of weights, each times a factor; `stride` is a multiple of WIDTH_STEP. */
TARGET static void KERNEL(add_rows)(double *out, const float *weight, int stride,
                                    const uint32_t *row, const double *factor, int n)
{
    int first = 0;
    for (; first + 8 * N_DOUBLES <= stride; first += 8 * N_DOUBLES) {
        KERNEL(add_tile)(out + first, weight + first, stride, row, factor, n, 8);
    }
    for (; first + 4 * N_DOUBLES <= stride; first += 4 * N_DOUBLES) {
        KERNEL(add_tile)(out + first, weight + first, stride, row, factor, n, 4);
    }
    for (; first + N_DOUBLES <= stride; first += N_DOUBLES) {
        KERNEL(add_tile)(out + first, weight + first, stride, row, factor, n, 1);
    }
}

/* Add a vector less another one. */
TARGET static void KERNEL(add_moved)(double *out, const double *after, const double *before, int n)
{
    for (int i = 0; i < n; i += N_DOUBLES) {
        DOUBLES(out + i) += *(const KERNEL(Doubles) *)(after + i) -
                            *(const KERNEL(Doubles) *)(before + i);
    }
}

/* Return what a vector less another one comes to, each entry times its slope. */
TARGET static double KERNEL(moved_by)(const double *slope, const double *after, const double *before,
                                      int n)
{
    KERNEL(Doubles) sum = DOUBLES(slope) * 0;
    for (int i = 0; i < n; i += N_DOUBLES) {
        sum += *(const KERNEL(Doubles) *)(slope + i) * (*(const KERNEL(Doubles) *)(after + i) -
                                                        *(const KERNEL(Doubles) *)(before + i));
    }
    double lane[N_DOUBLES], total = 0;
    memcpy(lane, &sum, sizeof lane);
    for (int v = 0; v < N_DOUBLES; v++) {
        total += lane[v];
    }
    return total;
}

/* Multiply by the slopes of ReLU from one input to another. */
TARGET static void KERNEL(times_slopes)(double *slope, const double *before, const double *after,
                                        int n)
{
    for (int i = 0; i < n; i++) {
        double moved = after[i] - before[i];
        double up = after[i] > 0 ? after[i] : 0, down = before[i] > 0 ? before[i] : 0;
        int is_still = fabs(moved) <= STILL;
        double share = (up - down) / (is_still ? 1.0 : moved);
        slope[i] *= is_still ? (after[i] > 0 ? 1.0 : 0.0) : share;
    }
}

static const DoubleKernels KERNEL(DOUBLE_KERNELS) = {KERNEL(add_rows), KERNEL(add_moved),
                                                     KERNEL(moved_by), KERNEL(times_slopes)};

#undef AS_DOUBLES
#undef DOUBLES
#undef N_DOUBLES
#undef KERNEL
#undef TARGET
