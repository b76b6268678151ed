/* Batches: ranges of rows, one thread each. */

#pragma once

#include "model.h"

typedef struct {
    const Model *model;
    const double *X;
    double *out;
    Py_ssize_t n_rows;
    int as_response;
    Scratch scratch;
} Range;

static void finish_rows(const Range *range, const double *sums, Py_ssize_t first, Py_ssize_t n_rows)
{
    const Response *response = &range->model->response;
    size_t n_sums = response->n_sums, n_outputs = response->n_outputs;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        const double *row = sums + i * n_sums;
        if (range->as_response) {
            respond(response, row, range->out + (first + i) * n_outputs);
        } else {
            memcpy(range->out + (first + i) * n_sums, row, n_sums * sizeof(double));
        }
    }
}

static void *score_range(void *argument)
{
    Range *range = argument;
    const Model *model = range->model;
    Scratch *scratch = &range->scratch;
    for (Py_ssize_t i = 0; i < range->n_rows; i += scratch->n_rows) {
        const double *x = range->X + i * model->n_columns;
        Py_ssize_t left = range->n_rows - i, n = left < scratch->n_rows ? left : scratch->n_rows;
        score_rows(model, x, n, scratch, scratch->sums);
        finish_rows(range, scratch->sums, i, n);
    }
    return NULL;
}

/* Score ranges of rows, each but the first in a thread of its own if one can be had. */
static void score_ranges(Range *ranges, int n_ranges)
{
#ifdef _WIN32
    for (int i = 0; i < n_ranges; i++) {
        score_range(&ranges[i]);
    }
#else
    pthread_t threads[MAX_THREADS];
    int is_running[MAX_THREADS];
    for (int i = 1; i < n_ranges; i++) {
        is_running[i] = pthread_create(&threads[i], NULL, score_range, &ranges[i]) == 0;
    }
    score_range(&ranges[0]);
    for (int i = 1; i < n_ranges; i++) {
        if (is_running[i]) {
            pthread_join(threads[i], NULL);
        } else {
            score_range(&ranges[i]);
        }
    }
#endif
}

static int score_batch(const Model *model, const double *X, Py_ssize_t n_rows, double *out,
                       int as_response, Py_ssize_t n_threads)
{
    Range ranges[MAX_THREADS];
    Block *memory = NULL;
    int status = 0;
    Py_ssize_t n_out = as_response ? model->response.n_outputs : model->response.n_sums;
    for (Py_ssize_t i = 0; status == 0 && i < n_threads; i++) {
        Py_ssize_t begin = n_rows * i / n_threads, end = n_rows * (i + 1) / n_threads;
        ranges[i] = (Range){model, X + begin * model->n_columns, out + begin * n_out, end - begin,
                            as_response, {0}};
        status = make_scratch(&memory, model, end - begin, &ranges[i].scratch);
    }
    if (status == 0) {
        Py_BEGIN_ALLOW_THREADS
        score_ranges(ranges, (int)n_threads);
        Py_END_ALLOW_THREADS
    }
    release(&memory);
    return status;
}
