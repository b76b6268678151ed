/* What the link and a calibrator make of the outputs, and which class is decided. */

#pragma once

#include "arrays.h"
#include "memory.h"

typedef enum { IDENTITY, SIGMOID, SIGMOIDS, SOFTMAX } Link;

/* From sums to the answer: a line on the sums, the link, a curve on the second of two classes or
   on a value. Of SIGMOIDS each sum is the log-odds of a label, by itself. */
typedef struct {
    Link link;
    int is_classifier;
    int n_sums, n_outputs;
    double scale;
    const double *bias; /* one for each sum */
    int n_knots;        /* 0 where there is no curve */
    const double *curve_x, *curve_y;
    int has_threshold;
    double threshold;
} Response;

/* Two outputs by one exponential, and without a branch on which is the larger. */
static void softmax_of_two(double first, double second, double *answer)
{
    double rest = exp(-fabs(first - second)), larger = 1.0 / (1.0 + rest);
    double smaller = rest * larger;
    int is_first = first >= second;
    answer[!is_first] = larger;
    answer[is_first] = smaller;
}

static void divide_by_total(double *values, int n)
{
    double total = 0;
    for (int k = 0; k < n; k++) {
        total += values[k];
    }
    for (int k = 0; k < n; k++) {
        values[k] /= total;
    }
}

static double sigmoid(double x)
{
    double rest = exp(-fabs(x)), larger = 1.0 / (1.0 + rest);
    return x >= 0 ? larger : rest * larger;
}

/* Turn one row's outputs into probabilities, which sum to one. */
static void softmax(double *values, int n)
{
    if (n == 2) {
        softmax_of_two(values[0], values[1], values);
        return;
    }
    double largest = values[0];
    for (int k = 1; k < n; k++) {
        largest = values[k] > largest ? values[k] : largest;
    }
    for (int k = 0; k < n; k++) {
        values[k] = exp(values[k] - largest);
    }
    divide_by_total(values, n);
}

/* Whatever `p` is, the knots around it are looked up by indices below `n_knots`. */
static double curve_at(const Response *response, double p)
{
    int low = 0, high = response->n_knots - 1;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (p >= response->curve_x[middle]) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double start = response->curve_x[low];
    double share = (p - start) / (response->curve_x[high] - start);
    share = share > 0 ? share : 0;
    share = share < 1 ? share : 1;
    return response->curve_y[low] + share * (response->curve_y[high] - response->curve_y[low]);
}

static void respond(const Response *response, const double *sums, double *answer)
{
    int n_outputs = response->n_outputs;
    if (response->link == SIGMOID) {
        softmax_of_two(0.0, response->scale * sums[0] + response->bias[0], answer);
    } else if (response->link == SIGMOIDS) {
        for (int k = 0; k < n_outputs; k++) {
            answer[k] = sigmoid(sums[k]);
        }
    } else if (response->link == SOFTMAX) {
        for (int k = 0; k < n_outputs; k++) {
            answer[k] = response->scale * sums[k] + response->bias[k];
        }
        softmax(answer, n_outputs);
    } else {
        memmove(answer, sums, n_outputs * sizeof(double));
        if (response->is_classifier) {
            divide_by_total(answer, n_outputs);
        }
    }
    if (response->n_knots > 0) {
        double *last = answer + n_outputs - 1;
        *last = curve_at(response, *last);
        if (response->is_classifier) {
            answer[0] = 1.0 - answer[1];
        }
    }
}

/* The index of the class that is answered with; of a score, 0 for an outlier and else 1. */
static int decide(const Response *response, const double *answer)
{
    if (response->has_threshold) {
        return answer[response->n_outputs - 1] >= response->threshold;
    }
    int best = 0;
    for (int k = 1; k < response->n_outputs; k++) {
        best = answer[k] > answer[best] ? k : best;
    }
    return best;
}

static int build_line(Block **memory, double scale, PyObject *given, Response *response)
{
    static const Form form = {"logit_bias", 'd'};
    double *bias = claim(memory, response->n_sums, sizeof(double));
    if (bias == NULL) {
        return -1;
    }
    response->scale = scale;
    response->bias = bias;
    if (!(scale > 0 && isfinite(scale))) {
        PyErr_SetString(PyExc_ValueError, "logit_scale must be finite and above 0.");
        return -1;
    }
    int takes_line = response->link == SIGMOID || response->link == SOFTMAX;
    if (scale != 1.0 && !takes_line) {
        return refuse("must be sigmoid or softmax where logits are scaled", "link", response->link);
    }
    if (given == Py_None) {
        return 0;
    }
    Array array = {.is_open = 0};
    int status = open_buffer(given, &form, PyBUF_SIMPLE, &array);
    if (status == 0 && !takes_line) {
        status = refuse("must be sigmoid or softmax where logits are shifted", "link",
                        response->link);
    }
    if (status == 0) {
        status = check_length(&array, &form, response->n_sums);
    }
    if (status == 0) {
        status = check_finite(&array, &form);
    }
    for (Py_ssize_t k = 0; status == 0 && k < array.length; k++) {
        bias[k] = double_at(&array, k);
    }
    close_arrays(&array, 1);
    return status;
}

static int is_knot(double value, int is_share)
{
    return is_share ? value >= 0 && value <= 1 : isfinite(value);
}

/* Copy the knots out, so that those that are used are those that were checked. */
static int copy_knots(Block **memory, const Array *given, const Form *forms, Response *response)
{
    Py_ssize_t n_knots = given[0].length;
    int is_share = response->is_classifier;
    if (response->link == SIGMOIDS || (is_share && response->n_outputs != 2)) {
        return refuse("two are needed for a curve", "classes", response->n_outputs);
    }
    if (n_knots < 2 || n_knots > MAX_KNOTS) {
        return refuse("must have from 2 to 1024 entries", "curve_x", n_knots);
    }
    double *x = claim(memory, n_knots, sizeof(double));
    double *y = claim(memory, n_knots, sizeof(double));
    if (x == NULL || y == NULL || check_length(&given[1], &forms[1], n_knots) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < n_knots; i++) {
        x[i] = double_at(&given[0], i);
        y[i] = double_at(&given[1], i);
        if (!is_knot(x[i], is_share) || (i > 0 && !(x[i] > x[i - 1]))) {
            return refuse("must increase, of two classes within [0, 1]; the index where it does not",
                          "curve_x", i);
        }
        if (!is_knot(y[i], is_share) || (i > 0 && !(y[i] >= y[i - 1]))) {
            return refuse("must not decrease, of two classes within [0, 1]; the index where it does",
                          "curve_y", i);
        }
    }
    response->curve_x = x;
    response->curve_y = y;
    response->n_knots = (int)n_knots;
    return 0;
}

static int build_curve(Block **memory, PyObject *given_x, PyObject *given_y, Response *response)
{
    static const Form forms[2] = {{"curve_x", 'd'}, {"curve_y", 'd'}};
    if (given_x == Py_None && given_y == Py_None) {
        return 0;
    }
    Array given[2] = {{.is_open = 0}, {.is_open = 0}};
    int status = open_buffer(given_x, &forms[0], PyBUF_SIMPLE, &given[0]);
    if (status == 0) {
        status = open_buffer(given_y, &forms[1], PyBUF_SIMPLE, &given[1]);
    }
    if (status == 0) {
        status = copy_knots(memory, given, forms, response);
    }
    close_arrays(given, 2);
    return status;
}

/* NaN stands for no threshold. */
static int set_threshold(double threshold, Response *response)
{
    response->has_threshold = threshold == threshold;
    response->threshold = threshold;
    if (!response->has_threshold) {
        return 0;
    }
    if (!response->is_classifier) {
        if (!isfinite(threshold)) {
            PyErr_SetString(PyExc_ValueError, "threshold must be finite.");
            return -1;
        }
        return 0;
    }
    if (response->link == SIGMOIDS || response->n_outputs != 2) {
        return refuse("two are needed for a threshold", "classes", response->n_outputs);
    }
    if (!(threshold >= 0 && threshold <= 1)) {
        PyErr_SetString(PyExc_ValueError, "threshold must be in [0, 1].");
        return -1;
    }
    return 0;
}
