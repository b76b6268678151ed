/* What moves the output of a network from one row to another: its inputs of ReLU, layer by layer, and
 * the slopes that lead from one row's to the other's (DeepLIFT's rescale rule). In double. */

#pragma once

#include "network_rows.h"

#define STILL 1e-9 /* what moves by less has the slope that it has where it is */

typedef struct {
    void (*add_rows)(double *out, const float *weight, int stride, const uint32_t *row,
                     const double *factor, int n);
    void (*add_moved)(double *out, const double *after, const double *before, int n);
    double (*moved_by)(const double *slope, const double *after, const double *before, int n);
    void (*times_slopes)(double *slope, const double *before, const double *after, int n);
} DoubleKernels;

#ifdef __GNUC__
#define N_DOUBLES 2
#else
#define N_DOUBLES 1
#endif
#define KERNEL(name) name##_plain
#define TARGET
#include "network_doubles.h"

#if HAS_X86
#define N_DOUBLES 4
#define KERNEL(name) name##_avx2
#define TARGET WITH_AVX2
#include "network_doubles.h"

#define N_DOUBLES 8
#define KERNEL(name) name##_avx512
#define TARGET WITH_AVX512
#include "network_doubles.h"
#endif

static const DoubleKernels *doubles_beside(const Kernels *kernels)
{
#if HAS_X86
    if (kernels->n_floats == 16) {
        return &DOUBLE_KERNELS_avx512;
    }
    if (kernels->n_floats == 8) {
        return &DOUBLE_KERNELS_avx2;
    }
#endif
    (void)kernels;
    return &DOUBLE_KERNELS_plain;
}

/* The layers between the first and the last, whose outputs are summed into the number explained. */
typedef struct {
    const Network *network;
    const DoubleKernels *kernels;
    int n_layers;     /* dense ones before the last */
    int stride[MAX_LAYERS + 1]; /* of the inputs of each ReLU */
    int n_inputs;     /* of all of them, those of a layer after those of the one before */
    float *back[MAX_LAYERS]; /* weights, a row for each output */
    double *last;     /* by how much each of the last inputs of ReLU counts */
    double shift;
} Moves;

static int build_moves(Block **memory, const Network *network, const double *weight, double offset,
                       Moves *moves)
{
    const Layer *before = &network->first;
    moves->network = network;
    moves->kernels = doubles_beside(network->kernels);
    moves->n_layers = network->n_layers > 0 ? network->n_layers - 1 : 0;
    moves->stride[0] = moves->n_inputs = before->stride;
    for (int i = 0; i < moves->n_layers; i++) {
        const Layer *layer = &network->layers[i];
        int stride = padded(layer->n_inputs);
        float *back = claim(memory, layer->n_outputs, sizeof(float) * stride);
        if (back == NULL) {
            return -1;
        }
        for (int o = 0; o < layer->n_outputs; o++) {
            for (int k = 0; k < layer->n_inputs; k++) {
                back[(size_t)o * stride + k] = layer->weight[(size_t)k * layer->stride + o];
            }
        }
        moves->back[i] = back;
        moves->stride[i + 1] = layer->stride;
        moves->n_inputs += layer->stride;
        before = layer;
    }
    moves->last = claim(memory, moves->stride[moves->n_layers], sizeof(double));
    if (moves->last == NULL) {
        return -1;
    }
    moves->shift = offset;
    for (int o = 0; o < network->n_outputs; o++) {
        moves->shift += network->mean * weight[o];
        if (network->n_layers == 0) {
            moves->last[o] = network->scale * weight[o];
            continue;
        }
        const Layer *layer = &network->layers[network->n_layers - 1];
        moves->shift += network->scale * weight[o] * (double)layer->bias[o];
        for (int k = 0; k < layer->n_inputs; k++) {
            size_t place = layer->is_narrow ? (size_t)o * layer->stride + k
                                            : (size_t)k * layer->stride + o;
            moves->last[k] += network->scale * weight[o] * (double)layer->weight[place];
        }
    }
    return 0;
}

/* Find the inputs of all ReLUs from those of the first one; return the number that is explained. */
static double move_on(const Moves *moves, double *inputs, uint32_t *row, double *factor)
{
    for (int i = 0; i < moves->n_layers; i++) {
        const Layer *layer = &moves->network->layers[i];
        double *outputs = inputs + moves->stride[i];
        int n = 0;
        for (int k = 0; k < layer->n_inputs; k++) {
            row[n] = (uint32_t)k;
            factor[n] = inputs[k];
            n += inputs[k] > 0;
        }
        for (int o = 0; o < layer->stride; o++) {
            outputs[o] = o < layer->n_outputs ? (double)layer->bias[o] : 0.0;
        }
        moves->kernels->add_rows(outputs, layer->weight, layer->stride, row, factor, n);
        inputs = outputs;
    }
    double score = moves->shift;
    for (int k = 0; k < moves->stride[moves->n_layers]; k++) {
        double input = moves->network->n_layers == 0 || inputs[k] > 0 ? inputs[k] : 0.0;
        score += input * moves->last[k];
    }
    return score;
}

/* Find by what each unit of the first layer moved the number from one row to another. `slope` and
 * `next` change places; return where the slopes are. */
static double *find_slopes(const Moves *moves, const double *before, const double *after,
                           double *slope, double *next, uint32_t *row, double *factor)
{
    int i = moves->n_layers, place = moves->n_inputs - moves->stride[i];
    memcpy(slope, moves->last, moves->stride[i] * sizeof(double));
    moves->kernels->times_slopes(slope, before + place, after + place, moves->stride[i]);
    while (i-- > 0) {
        const Layer *layer = &moves->network->layers[i];
        int n = 0;
        for (int o = 0; o < layer->n_outputs; o++) {
            row[n] = (uint32_t)o;
            factor[n] = slope[o];
            n += slope[o] != 0;
        }
        place -= moves->stride[i];
        memset(next, 0, moves->stride[i] * sizeof(double));
        moves->kernels->add_rows(next, moves->back[i], moves->stride[i], row, factor, n);
        moves->kernels->times_slopes(next, before + place, after + place, moves->stride[i]);
        double *found = next;
        next = slope;
        slope = found;
    }
    return slope;
}
