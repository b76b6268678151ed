/* How far outside of what was seen a row lies: five numbers behind its columns, of which
 * ensemble_kd/model/_outside.py has the formulas. All is in double, in the order of the columns, as in
 * numpy. */

#pragma once

#include "columns.h"

enum { N_OUTSIDE = 5 };

typedef struct {
    double low, high;     /* what is inside */
    double width, spread; /* the units */
    double missing;       /* by how much a missing value is outside */
    int32_t column;
} Inside;

typedef struct {
    int n; /* 0 where the network takes no such numbers */
    const Inside *inside;
} Outside;

enum { OUT_COLUMNS, OUT_LOW, OUT_HIGH, OUT_WIDTH, OUT_SPREAD, OUT_MISSING, N_OUT_ARRAYS };

static const Form OUT_FORMS[N_OUT_ARRAYS] = {
    {"outside.columns", 'i'}, {"outside.low", 'd'},    {"outside.high", 'd'},
    {"outside.width", 'd'},   {"outside.spread", 'd'}, {"outside.missing", 'd'},
};

static int is_any(Kind kind)
{
    (void)kind;
    return 1;
}

static int check_outside(const Array *given, const Column *columns, Py_ssize_t n_columns)
{
    Py_ssize_t n = given[OUT_COLUMNS].length;
    if (n < 1) {
        return refuse("must not be empty", OUT_FORMS[OUT_COLUMNS].name, n);
    }
    if (check_columns(&given[OUT_COLUMNS], &OUT_FORMS[OUT_COLUMNS], columns, n_columns, is_any) < 0) {
        return -1;
    }
    for (int i = OUT_LOW; i < N_OUT_ARRAYS; i++) {
        if (check_length(&given[i], &OUT_FORMS[i], n) < 0 ||
            check_finite(&given[i], &OUT_FORMS[i]) < 0) {
            return -1;
        }
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        if (double_at(&given[OUT_LOW], k) > double_at(&given[OUT_HIGH], k)) {
            return refuse("must be at most outside.high; the index where it is not", "outside.low",
                          k);
        }
        for (int i = OUT_WIDTH; i <= OUT_SPREAD; i++) {
            if (!(double_at(&given[i], k) > 0)) {
                return refuse("must be > 0; the index where it is not", OUT_FORMS[i].name, k);
            }
        }
        if (double_at(&given[OUT_MISSING], k) < 0) {
            return refuse("must be >= 0; the index where it is not", "outside.missing", k);
        }
    }
    return 0;
}

/* Lay out what is inside, where the arrays tell of it. */
static int build_outside(Block **memory, PyObject *arrays, const Column *columns,
                         Py_ssize_t n_columns, Outside *outside)
{
    *outside = (Outside){0, NULL};
    if (PyDict_GetItemString(arrays, OUT_FORMS[OUT_COLUMNS].name) == NULL) {
        return 0;
    }
    Array given[N_OUT_ARRAYS];
    memset(given, 0, sizeof given);
    int status = 0;
    for (int i = 0; status == 0 && i < N_OUT_ARRAYS; i++) {
        status = open_array(arrays, &OUT_FORMS[i], &given[i]);
    }
    if (status == 0) {
        status = check_outside(given, columns, n_columns);
    }
    Inside *inside = NULL;
    if (status == 0) {
        outside->n = (int)given[OUT_COLUMNS].length;
        inside = claim(memory, outside->n, sizeof(Inside));
        status = inside == NULL ? -1 : 0;
    }
    for (int k = 0; status == 0 && k < outside->n; k++) {
        inside[k] = (Inside){double_at(&given[OUT_LOW], k),    double_at(&given[OUT_HIGH], k),
                             double_at(&given[OUT_WIDTH], k),  double_at(&given[OUT_SPREAD], k),
                             double_at(&given[OUT_MISSING], k), int_at(&given[OUT_COLUMNS], k)};
    }
    outside->inside = inside;
    close_arrays(given, N_OUT_ARRAYS);
    return status;
}

/* Write the five numbers of a row. */
static void find_outside(const Outside *outside, const double *X, double *numbers)
{
    double most_wide = 0, sum_wide = 0, most_far = 0, sum_far = 0, n_beyond = 0;
    for (int k = 0; k < outside->n; k++) {
        const Inside *inside = &outside->inside[k];
        double x = X[inside->column];
        double below = inside->low - x, above = x - inside->high;
        double beyond = below > above ? below : above;
        beyond = x == x ? beyond : inside->missing;
        /* Most values are inside: they change no number, and their divisions take the time. */
        if (!(beyond > 0)) {
            continue;
        }
        double wide = beyond / inside->width, far = beyond / inside->spread;
        most_wide = wide > most_wide ? wide : most_wide;
        most_far = far > most_far ? far : most_far;
        sum_wide += wide;
        sum_far += far;
        n_beyond += 1;
    }
    numbers[0] = most_wide;
    numbers[1] = sum_wide;
    numbers[2] = most_far;
    numbers[3] = sum_far;
    numbers[4] = n_beyond;
}
