/* The network, checked and laid out.
 *
 * Every layer is one operation, a bias plus a few rows, each times a number. In the first layer a
 * numeric value is two rows: what all bins sum to up to the edge below it and up to the edge above,
 * by its share of the way between them; a category is one row. In a dense layer the rows are those of
 * the inputs that ReLU let through, so half of the work falls away. */

#pragma once

#include "columns.h"
#include "network_outside.h"
#include "network_sizes.h"

/* The tree holds the inner edges, node n above nodes 2n and 2n + 1, so that a search is one step a
 * level, the same for every value; its last level and the arrays of bins are filled up with NaN. */
typedef struct {
    int32_t column;
    int n_levels;
    const double *tree;   /* two to the power of `n_levels` */
    const double *starts; /* of each bin, the edge below it */
    const double *slopes; /* and one over its width */
    uint32_t row;         /* of a missing value; those of the edges follow */
} NumericInput;

typedef struct {
    int32_t column;
    int32_t n_codes;
    uint32_t row; /* the first of one for each code, and one for a missing value */
} CategoryInput;

typedef struct {
    int32_t n_inputs;
    int32_t n_outputs;
    int stride;   /* floats from row to row */
    int is_narrow; /* a row for each output; else one for each input */
    const float *weight;
    const float *bias;
} Layer;

/* Which rows of the weights to add, each times a factor. In the first layer both lie LANES apart; in
 * a dense layer the rows lie side by side, and the factor of row i is the input i. */
typedef struct {
    const uint32_t *row;
    const float *factor;
    int n;
} Terms;

typedef struct Network Network;

/* The parts of the work that there are several versions of, by the vectors that a machine has. */
typedef struct {
    int n_floats;
    void (*encode)(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                   uint32_t *row, float *factor);
    void (*sum_encoded)(float *out, const Layer *layer, const Terms *terms);
    int (*find_positive)(const float *hidden, int n_inputs, uint32_t *row);
    void (*sum_positive)(float *out, const Layer *layer, const Terms *terms);
    void (*sum_inputs)(float *out, const Layer *layer, const float *hidden);
} Kernels;

struct Network {
    int n_numeric, n_categorical, n_layers;
    NumericInput *numeric;
    CategoryInput *categorical;
    Layer first;
    Layer layers[MAX_LAYERS];
    int n_outputs;
    int widest;  /* stride of the widest layer */
    int n_terms; /* of the first layer */
    Outside outside;
    Py_ssize_t n_inputs; /* columns, and the numbers that tell how far outside a row lies */
    size_t n_scratch_rows;
    double mean, scale;
    const Kernels *kernels;
};

static int padded(Py_ssize_t width)
{
    return (int)((width + WIDTH_STEP - 1) / WIDTH_STEP * WIDTH_STEP);
}

enum {
    NUMERIC_COLUMNS, EDGE_OFFSETS, EDGES, NUMERIC_WEIGHT, MISSING_WEIGHT,
    MLP_CATEGORY_COLUMNS, MLP_CATEGORY_OFFSETS, CATEGORY_WEIGHT, FIRST_BIAS, N_MLP_ARRAYS
};

static const Form MLP_FORMS[N_MLP_ARRAYS] = {
    {"numeric_columns", 'i'},  {"edge_offsets", 'i'},    {"edges", 'd'},
    {"numeric_weight", 'f'},   {"missing_weight", 'f'},  {"category_columns", 'i'},
    {"category_offsets", 'i'}, {"category_weight", 'f'}, {"first_bias", 'f'},
};

static int check_edges(const Array *edges, const Array *offsets, Py_ssize_t n_numeric)
{
    for (Py_ssize_t k = 0; k < n_numeric; k++) {
        int32_t begin = int_at(offsets, k), end = int_at(offsets, k + 1);
        if (end - begin < 2) {
            return refuse("a numeric column must have at least two", "edges", end - begin);
        }
        for (int32_t i = begin; i + 1 < end; i++) {
            double step = double_at(edges, i + 1) - double_at(edges, i);
            if (!(step > 0 && isfinite(step))) {
                return refuse("must increase by finite steps; the index where they do not",
                              "edges", i);
            }
        }
    }
    return 0;
}

static int check_first_layer(const Array *given, const Column *columns, Py_ssize_t n_columns,
                             Py_ssize_t n_inputs)
{
    const Array *numeric = &given[NUMERIC_COLUMNS], *categorical = &given[MLP_CATEGORY_COLUMNS];
    Py_ssize_t n_hidden = given[FIRST_BIAS].length, n_edges = given[EDGES].length;
    Py_ssize_t n_rows = n_hidden ? given[CATEGORY_WEIGHT].length / n_hidden : 0;
    if (n_hidden < 1 || n_hidden > INT32_MAX / 16 || n_edges > INT32_MAX / 2 ||
        n_rows > INT32_MAX) {
        return refuse("must not be empty, nor huge", "first_bias", n_hidden);
    }
    for (int i = 0; i < N_MLP_ARRAYS; i++) {
        if (MLP_FORMS[i].type != 'i' && check_finite(&given[i], &MLP_FORMS[i]) < 0) {
            return -1;
        }
    }
    if (check_inputs(numeric, &MLP_FORMS[NUMERIC_COLUMNS], columns, n_columns, n_inputs,
                     is_numeric) < 0 ||
        check_columns(categorical, &MLP_FORMS[MLP_CATEGORY_COLUMNS], columns, n_columns,
                      has_codes) < 0 ||
        check_offsets(&given[EDGE_OFFSETS], &MLP_FORMS[EDGE_OFFSETS], numeric->length,
                      n_edges) < 0 ||
        check_edges(&given[EDGES], &given[EDGE_OFFSETS], numeric->length) < 0 ||
        check_length(&given[NUMERIC_WEIGHT], &MLP_FORMS[NUMERIC_WEIGHT],
                     (n_edges - numeric->length) * n_hidden) < 0 ||
        check_length(&given[MISSING_WEIGHT], &MLP_FORMS[MISSING_WEIGHT],
                     numeric->length * n_hidden) < 0 ||
        check_length(&given[CATEGORY_WEIGHT], &MLP_FORMS[CATEGORY_WEIGHT],
                     n_rows * n_hidden) < 0 ||
        check_offsets(&given[MLP_CATEGORY_OFFSETS], &MLP_FORMS[MLP_CATEGORY_OFFSETS],
                      categorical->length, n_rows) < 0) {
        return -1;
    }
    for (Py_ssize_t k = 0; k < categorical->length; k++) {
        Py_ssize_t part = int_at(&given[MLP_CATEGORY_OFFSETS], k + 1) -
                          int_at(&given[MLP_CATEGORY_OFFSETS], k);
        if (part != columns[int_at(categorical, k)].n_codes + 1) {
            return refuse("a column needs a row for each code and one for missing",
                          "category_weight", part);
        }
    }
    return 0;
}

/* Return the sizes that the sums of the first layer can have; NULL with an error set where they do
 * not fit. */
static double *first_sizes(Block **memory, const Array *given)
{
    Py_ssize_t n_hidden = given[FIRST_BIAS].length;
    double *size = claim(memory, n_hidden, sizeof(double));
    static const int weights[] = {FIRST_BIAS, NUMERIC_WEIGHT, MISSING_WEIGHT, CATEGORY_WEIGHT};
    for (int i = 0; size != NULL && i < 4; i++) {
        add_sizes(size, &given[weights[i]], n_hidden, NULL);
    }
    return size == NULL || check_sizes(size, n_hidden, "first_bias") < 0 ? NULL : size;
}

/* Lay out one numeric column. Sums over bins are taken in double, as in numpy, and rounded once. */
static int build_numeric(Block **memory, const Array *given, Py_ssize_t k, Py_ssize_t n_hidden,
                         int stride, double *sum, float *rows, NumericInput *input)
{
    int32_t begin = int_at(&given[EDGE_OFFSETS], k);
    int32_t n_bins = int_at(&given[EDGE_OFFSETS], k + 1) - begin - 1;
    int n_levels = 0;
    while ((size_t)1 << n_levels < (size_t)n_bins) {
        n_levels++;
    }
    /* At least a vector of eight, as vectors are looked up in. */
    size_t n_leaves = (size_t)1 << n_levels, n_slots = n_leaves < LANES ? LANES : n_leaves;
    double *tree = claim(memory, n_slots, sizeof(double));
    double *starts = claim(memory, n_slots, sizeof(double));
    double *slopes = claim(memory, n_slots, sizeof(double));
    if (tree == NULL || starts == NULL || slopes == NULL) {
        return -1;
    }
    for (size_t i = 0; i < n_slots; i++) {
        tree[i] = starts[i] = slopes[i] = NAN;
    }
    for (int level = 0; level < n_levels; level++) {
        size_t n_nodes = (size_t)1 << level, span = n_leaves >> level;
        for (size_t i = 0; i < n_nodes; i++) {
            size_t edge = i * span + span / 2;
            tree[n_nodes + i] = edge < (size_t)n_bins ? double_at(&given[EDGES], begin + edge) : NAN;
        }
    }
    copy_rows(rows, stride, &given[MISSING_WEIGHT], k, 1, n_hidden);
    memset(sum, 0, n_hidden * sizeof(double));
    for (int32_t i = 0; i < n_bins; i++) {
        float *above = rows + ((size_t)i + 2) * stride;
        starts[i] = double_at(&given[EDGES], begin + i);
        slopes[i] = 1.0 / (double_at(&given[EDGES], begin + i + 1) - starts[i]);
        copy_rows(above, stride, &given[NUMERIC_WEIGHT], begin - k + i, 1, n_hidden);
        for (Py_ssize_t h = 0; h < n_hidden; h++) {
            sum[h] += above[h];
            above[h] = (float)sum[h];
        }
    }
    *input = (NumericInput){int_at(&given[NUMERIC_COLUMNS], k), n_levels, tree, starts, slopes, 0};
    return 0;
}

static int build_first_layer(Block **memory, const Array *given, const Column *columns,
                             Network *network)
{
    Py_ssize_t n_numeric = given[NUMERIC_COLUMNS].length;
    Py_ssize_t n_categorical = given[MLP_CATEGORY_COLUMNS].length;
    Py_ssize_t n_hidden = given[FIRST_BIAS].length;
    int stride = padded(n_hidden);
    size_t n_edge_rows = (size_t)given[EDGES].length + n_numeric;
    size_t n_category_rows = given[CATEGORY_WEIGHT].length / n_hidden, row = 0;
    float *bias = claim(memory, stride, sizeof(float));
    double *sum = claim(memory, n_hidden, sizeof(double));
    float *rows = claim(memory, n_edge_rows + n_category_rows, sizeof(float) * stride);
    network->numeric = claim(memory, n_numeric, sizeof(NumericInput));
    network->categorical = claim(memory, n_categorical, sizeof(CategoryInput));
    if (!bias || !sum || !rows || !network->numeric || !network->categorical) {
        return -1;
    }
    copy_rows(bias, stride, &given[FIRST_BIAS], 0, 1, n_hidden);
    for (Py_ssize_t k = 0; k < n_numeric; k++) {
        NumericInput *input = &network->numeric[k];
        if (build_numeric(memory, given, k, n_hidden, stride, sum, rows + row * stride, input) < 0) {
            return -1;
        }
        input->row = (uint32_t)row;
        row = (size_t)int_at(&given[EDGE_OFFSETS], k + 1) + k + 1;
    }
    copy_rows(rows + row * stride, stride, &given[CATEGORY_WEIGHT], 0, n_category_rows, n_hidden);
    for (Py_ssize_t k = 0; k < n_categorical; k++) {
        int32_t j = int_at(&given[MLP_CATEGORY_COLUMNS], k);
        network->categorical[k] = (CategoryInput){
            j, (int32_t)columns[j].n_codes,
            (uint32_t)row + int_at(&given[MLP_CATEGORY_OFFSETS], k)};
    }
    network->n_numeric = (int)n_numeric;
    network->n_categorical = (int)n_categorical;
    network->n_terms = (int)(2 * n_numeric + n_categorical);
    network->n_scratch_rows = (size_t)network->n_terms * LANES;
    network->first = (Layer){0, (int32_t)n_hidden, stride, 0, rows, bias};
    network->widest = stride;
    return 0;
}

/* `size` holds those of the inputs, then of the outputs; see network_sizes.h. */
static int build_layer(Block **memory, PyObject *arrays, int i, const Layer *before, int is_last,
                       Block **size_memory, double **size, Layer *layer)
{
    char weight_name[40], bias_name[40];
    PyOS_snprintf(weight_name, sizeof weight_name, "layers.%d.weight", i);
    PyOS_snprintf(bias_name, sizeof bias_name, "layers.%d.bias", i);
    Form forms[2] = {{weight_name, 'f'}, {bias_name, 'f'}};
    Array given[2] = {{.is_open = 0}, {.is_open = 0}};
    int status = -1;
    if (open_array(arrays, &forms[0], &given[0]) < 0 ||
        open_array(arrays, &forms[1], &given[1]) < 0 || check_finite(&given[0], &forms[0]) < 0 ||
        check_finite(&given[1], &forms[1]) < 0) {
        goto done;
    }
    Py_ssize_t n_inputs = before->n_outputs, n_outputs = given[1].length;
    if (n_outputs < 1 || n_outputs > INT32_MAX / 16) {
        refuse("must not be empty, nor huge", forms[1].name, n_outputs);
        goto done;
    }
    if (check_length(&given[0], &forms[0], n_inputs * n_outputs) < 0) {
        goto done;
    }
    double *out_size = claim(size_memory, n_outputs, sizeof(double));
    if (out_size == NULL) {
        goto done;
    }
    add_sizes(out_size, &given[1], n_outputs, NULL);
    add_sizes(out_size, &given[0], n_outputs, *size);
    *size = out_size;
    if (check_sizes(out_size, n_outputs, forms[1].name) < 0) {
        goto done;
    }
    int is_narrow = is_last && n_outputs <= NARROW;
    int stride = padded(is_narrow ? n_inputs : n_outputs);
    float *weight = claim(memory, is_narrow ? n_outputs : n_inputs, sizeof(float) * stride);
    float *bias = claim(memory, padded(n_outputs), sizeof(float));
    if (weight == NULL || bias == NULL) {
        goto done;
    }
    copy_rows(bias, padded(n_outputs), &given[1], 0, 1, n_outputs);
    if (!is_narrow) {
        copy_rows(weight, stride, &given[0], 0, n_inputs, n_outputs);
    }
    for (Py_ssize_t k = 0; is_narrow && k < n_inputs * n_outputs; k++) {
        weight[k % n_outputs * stride + k / n_outputs] = float_at(&given[0], k);
    }
    *layer = (Layer){(int32_t)n_inputs, (int32_t)n_outputs, stride, is_narrow, weight, bias};
    status = 0;
done:
    close_arrays(given, 2);
    return status;
}

static int build_layers(Block **memory, PyObject *arrays, int n_layers, Block **size_memory,
                        double *size, Network *network)
{
    const Layer *before = &network->first;
    for (int i = 0; i < n_layers; i++) {
        Layer *layer = &network->layers[i];
        if (build_layer(memory, arrays, i, before, i == n_layers - 1, size_memory, &size, layer) <
            0) {
            return -1;
        }
        network->widest = layer->stride > network->widest ? layer->stride : network->widest;
        size_t n_rows = padded(layer->n_inputs);
        network->n_scratch_rows =
            n_rows > network->n_scratch_rows ? n_rows : network->n_scratch_rows;
        before = layer;
    }
    network->n_layers = n_layers;
    network->n_outputs = before->n_outputs;
    return 0;
}

static int build_network(Block **memory, PyObject *arrays, int n_layers, const Column *columns,
                         Py_ssize_t n_columns, Network *network)
{
    if (n_layers < 0 || n_layers > MAX_LAYERS) {
        return refuse("must be from 0 to 64", "n_layers", n_layers);
    }
    if (!isfinite(network->mean) || !isfinite(network->scale)) {
        return refuse("must be finite", "output_mean and output_scale", 0);
    }
    if (build_outside(memory, arrays, columns, n_columns, &network->outside) < 0) {
        return -1;
    }
    network->n_inputs = n_columns + (network->outside.n ? N_OUTSIDE : 0);
    Block *size_memory = NULL;
    double *size = NULL;
    Array given[N_MLP_ARRAYS];
    memset(given, 0, sizeof given);
    int status = 0;
    for (int i = 0; status == 0 && i < N_MLP_ARRAYS; i++) {
        status = open_array(arrays, &MLP_FORMS[i], &given[i]);
    }
    if (status == 0) {
        status = check_first_layer(given, columns, n_columns, network->n_inputs);
    }
    if (status == 0) {
        size = first_sizes(&size_memory, given);
        status = size == NULL ? -1 : build_first_layer(memory, given, columns, network);
    }
    close_arrays(given, N_MLP_ARRAYS);
    if (status == 0) {
        status = build_layers(memory, arrays, n_layers, &size_memory, size, network);
    }
    release(&size_memory);
    return status;
}
