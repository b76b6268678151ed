/* What each player, a column or a group of them, adds to the number that is explained; in numpy
 * ensemble_kd/explain/_network.py has it, to the same digits but for rounding.
 *
 * Beside each row of the background the players change in an order of its own, forwards and
 * backwards, in a few steps. Where one changes alone it adds what the number moves by; where several
 * do, each adds its move of the first layer times the slopes. So the sum of all is the distance of
 * the two rows' numbers, and rounding is put right by the answer that the core gives. */

#pragma once

#include "network_moves.h"

typedef struct {
    int n_players; /* 0 where the model has no reasons */
    int n_background, n_steps;
    int n_sums;
    const double *weight; /* of each sum of the network */
    double offset, base;
    int32_t *player;      /* of each input: numeric ones, then those with codes */
    int32_t *order;       /* players, beside each row of the background */
    double *terms;        /* of each row of the background and player: what it adds to the first
                             layer */
    double *inputs;       /* of each row of the background: those of all ReLUs */
    double *score;        /* of each row of the background */
    Moves moves;
} Reasons;

typedef struct {
    double *terms;
    double *mine;  /* inputs of ReLU of the row; */
    double *at[2]; /* those before a step and after it */
    double *slope[2];
    double *factor;
    uint32_t *row;
    double *value;
    double *sums;
    NetworkScratch network;
} ReasonsScratch;

static int make_reasons_scratch(Block **memory, const Network *network, const Reasons *reasons,
                                ReasonsScratch *scratch)
{
    size_t n_inputs = reasons->moves.n_inputs, widest = network->widest;
    scratch->terms = claim(memory, reasons->n_players, sizeof(double) * network->first.stride);
    scratch->mine = claim(memory, n_inputs, sizeof(double));
    scratch->at[0] = claim(memory, n_inputs, sizeof(double));
    scratch->at[1] = claim(memory, n_inputs, sizeof(double));
    scratch->slope[0] = claim(memory, widest, sizeof(double));
    scratch->slope[1] = claim(memory, widest, sizeof(double));
    scratch->factor = claim(memory, widest, sizeof(double));
    scratch->row = claim(memory, widest, sizeof(uint32_t));
    scratch->value = claim(memory, reasons->n_players, sizeof(double));
    scratch->sums = claim(memory, reasons->n_sums, sizeof(double));
    return scratch->terms && scratch->mine && scratch->at[0] && scratch->at[1] &&
                   scratch->slope[0] && scratch->slope[1] && scratch->factor && scratch->row &&
                   scratch->value && scratch->sums &&
                   make_network_scratch(memory, network, 1, &scratch->network) == 0
               ? 0
               : -1;
}

/* Write what each player adds to the first layer, and the first inputs of ReLU. */
static void find_terms(const Network *network, const Reasons *reasons, const double *x,
                       Py_ssize_t n_columns, const ReasonsScratch *scratch, double *terms,
                       double *inputs)
{
    const Layer *first = &network->first;
    const DoubleKernels *kernels = reasons->moves.kernels;
    uint32_t *row = scratch->network.row;
    float *factor = scratch->network.factor;
    memset(terms, 0, sizeof(double) * reasons->n_players * first->stride);
    network->kernels->encode(network, x, n_columns, 1, row, factor);
    for (int t = 0; t < network->n_terms; t++) {
        int input = t < 2 * network->n_numeric ? t / 2 : t - network->n_numeric;
        double share = factor[t * LANES];
        kernels->add_rows(terms + (size_t)reasons->player[input] * first->stride, first->weight,
                          first->stride, &row[t * LANES], &share, 1);
    }
    for (int i = 0; i < first->stride; i++) {
        inputs[i] = first->bias[i];
        for (int j = 0; j < reasons->n_players; j++) {
            inputs[i] += terms[(size_t)j * first->stride + i];
        }
    }
}

/* Take up what players add along an order, or against it, beside one row of the background. */
static void walk_order(const Reasons *reasons, int b, int is_forwards, double score,
                       const ReasonsScratch *scratch)
{
    const Moves *moves = &reasons->moves;
    const DoubleKernels *kernels = moves->kernels;
    size_t stride = moves->stride[0];
    int n_players = reasons->n_players, done = 0;
    const int32_t *order = reasons->order + (size_t)b * n_players;
    const double *other = reasons->terms + (size_t)b * n_players * stride;
    const double *before = reasons->inputs + (size_t)b * moves->n_inputs;
    double score_before = reasons->score[b];
    for (int step = 0; step < reasons->n_steps; step++) {
        int n = n_players / reasons->n_steps + (step < n_players % reasons->n_steps);
        const double *after = scratch->mine;
        double score_after = score;
        if (done + n < n_players) {
            double *at = scratch->at[step % 2];
            memcpy(at, before, stride * sizeof(double));
            for (int i = done; i < done + n; i++) {
                size_t place = order[is_forwards ? i : n_players - 1 - i] * stride;
                kernels->add_moved(at, scratch->terms + place, other + place, (int)stride);
            }
            score_after = move_on(moves, at, scratch->row, scratch->factor);
            after = at;
        }
        const double *slope =
            n == 1 ? NULL
                   : find_slopes(moves, before, after, scratch->slope[0], scratch->slope[1],
                                 scratch->row, scratch->factor);
        for (int i = done; i < done + n; i++) {
            int32_t j = order[is_forwards ? i : n_players - 1 - i];
            size_t place = j * stride;
            scratch->value[j] += n == 1 ? score_after - score_before
                                        : kernels->moved_by(slope, scratch->terms + place,
                                                            other + place, (int)stride);
        }
        done += n;
        before = after;
        score_before = score_after;
    }
}

/* Write what each player adds to a row's number; return the number as the core answers with it. */
static double reasons_row(const Network *network, const Reasons *reasons, const double *x,
                          Py_ssize_t n_columns, const ReasonsScratch *scratch, double *out)
{
    int n_players = reasons->n_players, n_ways = reasons->n_steps > 1 ? 2 : 1;
    find_terms(network, reasons, x, n_columns, scratch, scratch->terms, scratch->mine);
    double score = move_on(&reasons->moves, scratch->mine, scratch->row, scratch->factor);
    memset(scratch->value, 0, n_players * sizeof(double));
    for (int b = 0; b < reasons->n_background; b++) {
        for (int way = 0; way < n_ways; way++) {
            walk_order(reasons, b, way == 0, score, scratch);
        }
    }
    network_rows(network, x, n_columns, 1, &scratch->network, scratch->sums);
    double answer = reasons->offset, sum = 0, size = 0;
    for (int k = 0; k < reasons->n_sums; k++) {
        answer += reasons->weight[k] * scratch->sums[k];
    }
    for (int j = 0; j < n_players; j++) {
        out[j] = scratch->value[j] / (n_ways * reasons->n_background);
        sum += out[j];
        size += fabs(out[j]);
    }
    /* What the answer's single precision rounds is shared by size, which keeps order and ties. */
    for (int j = 0; size > 0 && j < n_players; j++) {
        out[j] += (answer - reasons->base - sum) / size * fabs(out[j]);
    }
    return answer;
}

enum { R_BACKGROUND, R_PLAYER, R_ORDER, R_WEIGHT, R_OFFSET, R_STEPS, N_REASON_ARRAYS };

static const Form REASON_FORMS[N_REASON_ARRAYS] = {
    {"background", 'd'}, {"player", 'i'}, {"order", 'i'},
    {"weight", 'd'},     {"offset", 'd'}, {"n_steps", 'i'},
};

static int check_reasons(const Array *given, Py_ssize_t n_columns, int n_sums, Reasons *reasons)
{
    if (check_players(&given[R_BACKGROUND], &given[R_PLAYER], n_columns, &reasons->n_background,
                      &reasons->n_players) < 0 ||
        check_length(&given[R_WEIGHT], &REASON_FORMS[R_WEIGHT], n_sums) < 0 ||
        check_length(&given[R_OFFSET], &REASON_FORMS[R_OFFSET], 1) < 0 ||
        check_length(&given[R_STEPS], &REASON_FORMS[R_STEPS], 1) < 0 ||
        check_finite(&given[R_WEIGHT], &REASON_FORMS[R_WEIGHT]) < 0 ||
        check_finite(&given[R_OFFSET], &REASON_FORMS[R_OFFSET]) < 0) {
        return -1;
    }
    if (int_at(&given[R_STEPS], 0) < 1 || int_at(&given[R_STEPS], 0) > reasons->n_players) {
        return refuse("must be from 1 to the number of players", "n_steps",
                      int_at(&given[R_STEPS], 0));
    }
    return check_length(&given[R_ORDER], &REASON_FORMS[R_ORDER],
                        (Py_ssize_t)reasons->n_background * reasons->n_players);
}

/* Copy the orders out, each of which must name every player once. */
static int copy_orders(Block **memory, const Array *given, Reasons *reasons)
{
    Block *list = NULL;
    int32_t *seen = claim(&list, reasons->n_players, sizeof(int32_t));
    int status = seen == NULL ? -1 : 0;
    size_t n = (size_t)reasons->n_background * reasons->n_players;
    reasons->order = claim(memory, n, sizeof(int32_t));
    status = reasons->order == NULL ? -1 : status;
    for (size_t i = 0; status == 0 && i < n; i++) {
        int32_t j = int_at(&given[R_ORDER], (Py_ssize_t)i);
        int32_t turn = (int32_t)(i / reasons->n_players) + 1;
        if (j < 0 || j >= reasons->n_players || seen[j] == turn) {
            status = refuse("must name every player once", "order", j);
            break;
        }
        seen[j] = turn;
        reasons->order[i] = j;
    }
    release(&list);
    return status;
}

static int lay_out_reasons(Block **memory, const Array *given, const Network *network,
                           Py_ssize_t n_columns, Reasons *reasons)
{
    size_t n_background = reasons->n_background, stride = network->first.stride;
    double *weight = claim(memory, reasons->n_sums, sizeof(double));
    reasons->player = claim(memory, network->n_numeric + network->n_categorical, sizeof(int32_t));
    reasons->terms = claim(memory, n_background * reasons->n_players, sizeof(double) * stride);
    reasons->score = claim(memory, n_background, sizeof(double));
    if (!weight || !reasons->player || !reasons->terms || !reasons->score ||
        copy_orders(memory, given, reasons) < 0) {
        return -1;
    }
    for (int k = 0; k < reasons->n_sums; k++) {
        weight[k] = double_at(&given[R_WEIGHT], k);
    }
    reasons->weight = weight;
    reasons->offset = double_at(&given[R_OFFSET], 0);
    for (int k = 0; k < network->n_numeric; k++) {
        reasons->player[k] = int_at(&given[R_PLAYER], network->numeric[k].column);
    }
    for (int k = 0; k < network->n_categorical; k++) {
        reasons->player[network->n_numeric + k] =
            int_at(&given[R_PLAYER], network->categorical[k].column);
    }
    if (build_moves(memory, network, weight, reasons->offset, &reasons->moves) < 0) {
        return -1;
    }
    reasons->inputs = claim(memory, n_background * reasons->moves.n_inputs, sizeof(double));
    Block *list = NULL;
    ReasonsScratch scratch;
    double *x = claim(&list, n_columns, sizeof(double));
    int status = reasons->inputs == NULL || x == NULL ? -1 : 0;
    if (status == 0) {
        status = make_reasons_scratch(&list, network, reasons, &scratch);
    }
    for (size_t b = 0; status == 0 && b < n_background; b++) {
        double *inputs = reasons->inputs + b * reasons->moves.n_inputs;
        for (Py_ssize_t j = 0; j < n_columns; j++) {
            x[j] = double_at(&given[R_BACKGROUND], (Py_ssize_t)b * n_columns + j);
        }
        find_terms(network, reasons, x, n_columns, &scratch,
                   reasons->terms + b * reasons->n_players * stride, inputs);
        reasons->score[b] = move_on(&reasons->moves, inputs, scratch.row, scratch.factor);
        reasons->base += reasons->score[b] / (double)n_background;
    }
    release(&list);
    return status;
}

/* Lay out what reasons are counted from; `object` is None where there are none. */
static int build_reasons(Block **memory, PyObject *object, const Network *network,
                         Py_ssize_t n_columns, Reasons *reasons)
{
    if (object == Py_None) {
        return 0;
    }
    if (network->outside.n) {
        return refuse("must be absent where a row's distance outside is an input", "reasons",
                      network->outside.n);
    }
    Array given[N_REASON_ARRAYS];
    memset(given, 0, sizeof given);
    int status = 0;
    for (int i = 0; status == 0 && i < N_REASON_ARRAYS; i++) {
        status = open_array(object, &REASON_FORMS[i], &given[i]);
    }
    if (status == 0) {
        status = check_reasons(given, n_columns, network->n_outputs, reasons);
    }
    if (status == 0) {
        reasons->n_sums = network->n_outputs;
        reasons->n_steps = int_at(&given[R_STEPS], 0);
        status = lay_out_reasons(memory, given, network, n_columns, reasons);
    }
    close_arrays(given, N_REASON_ARRAYS);
    return status;
}
