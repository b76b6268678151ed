/* Batches: threads take one group of rows after the other, and stop when Python's main thread has a
 * signal to answer that ends in an error. */

#pragma once

#include "model.h"

typedef struct {
    const Model *model;
    const double *X;
    double *out;
    Py_ssize_t n_rows;
    int as_response;
    Py_ssize_t next; /* the first row that no thread has taken */
    int is_stopped;
} Batch;

typedef struct {
    Batch *batch;
    Scratch scratch;
} Worker;

#ifdef __GNUC__
#define TAKE(place, n) __atomic_fetch_add(place, n, __ATOMIC_RELAXED)
#define LOOK(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define PUT(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)
#else /* where there is a single thread */
#define TAKE(place, n) ((*(place) += (n)) - (n))
#define LOOK(place) (*(place))
#define PUT(place, value) (*(place) = (value))
#endif

static void finish_rows(const Batch *batch, const double *sums, Py_ssize_t first, Py_ssize_t n_rows)
{
    const Response *response = &batch->model->response;
    size_t n_sums = response->n_sums, n_outputs = response->n_outputs;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        const double *row = sums + i * n_sums;
        if (batch->as_response) {
            respond(response, row, batch->out + (first + i) * n_outputs);
        } else {
            memcpy(batch->out + (first + i) * n_sums, row, n_sums * sizeof(double));
        }
    }
}

/* Score groups of rows until about so much work is done; tell whether there may be more. */
static int score_some(Worker *worker, size_t most_work)
{
    Batch *batch = worker->batch;
    Scratch *scratch = &worker->scratch;
    size_t work = 0, work_of_group = work_of_row(batch->model) * scratch->n_rows;
    while (work < most_work) {
        Py_ssize_t first = LOOK(&batch->is_stopped) ? batch->n_rows
                                                    : TAKE(&batch->next, scratch->n_rows);
        if (first >= batch->n_rows) {
            return 0;
        }
        Py_ssize_t left = batch->n_rows - first, n = scratch->n_rows;
        n = left < n ? left : n;
        score_rows(batch->model, batch->X + first * batch->model->n_columns, n, scratch,
                   scratch->sums);
        finish_rows(batch, scratch->sums, first, n);
        work += work_of_group;
    }
    return 1;
}

/* Score rows in the thread of the caller, which holds the interpreter lock, and answer signals in
 * between. */
static int score_and_listen(Worker *worker)
{
    int has_more = 1;
    while (has_more) {
        Py_BEGIN_ALLOW_THREADS
        has_more = score_some(worker, WORK_AT_ONCE / 2);
        Py_END_ALLOW_THREADS
        if (has_more && PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}

#ifdef _WIN32
static int score_by_all(Worker *workers, int n_workers)
{
    (void)n_workers;
    return score_and_listen(&workers[0]);
}
#else
static void *score_all(void *worker)
{
    while (score_some(worker, SIZE_MAX)) {
    }
    return NULL;
}

/* Have each worker but the first work in a thread of its own, if one can be had. */
static int score_by_all(Worker *workers, int n_workers)
{
    pthread_t threads[MAX_THREADS];
    int n_running = 0;
    for (int i = 1; i < n_workers; i++) {
        if (pthread_create(&threads[n_running], NULL, score_all, &workers[i]) == 0) {
            n_running++;
        }
    }
    int status = score_and_listen(&workers[0]);
    if (status < 0) {
        PUT(&workers[0].batch->is_stopped, 1);
    }
    Py_BEGIN_ALLOW_THREADS
    for (int i = 0; i < n_running; i++) {
        pthread_join(threads[i], NULL);
    }
    Py_END_ALLOW_THREADS
    return status;
}
#endif

static int score_batch(const Model *model, const double *X, Py_ssize_t n_rows, double *out,
                       int as_response, Py_ssize_t n_threads)
{
    Batch batch = {model, X, out, n_rows, as_response, 0, 0};
    Worker workers[MAX_THREADS];
    Block *memory = NULL;
    int status = 0;
    for (Py_ssize_t i = 0; status == 0 && i < n_threads; i++) {
        workers[i].batch = &batch;
        status = make_scratch(&memory, model, (n_rows + n_threads - 1) / n_threads,
                              &workers[i].scratch);
    }
    if (status == 0) {
        status = score_by_all(workers, (int)n_threads);
    }
    release(&memory);
    return status;
}
