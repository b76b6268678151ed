/* How numbers that a file keeps short are expanded: with one rounding or none, in a fixed order, so
 * to the same bits as by model/_storage.py. */

#pragma once

#include "arrays.h"
#include "memory.h"

typedef enum { FROM_FLOAT32, FROM_INT16, FROM_FLOAT16, FROM_INT8, FROM_LOW_RANK,
               FROM_SHARED_ROWS } Storage;

static const Form STORAGE_FORMS[][2] = {
    {{"float32", 'f'}, {NULL, 0}},     {{"int16", 'h'}, {NULL, 0}},
    {{"float16", 'H'}, {NULL, 0}},     {{"int8", 'b'}, {"the scale", 'f'}},
    {{"low_rank", 'f'}, {"right", 'f'}}, {{"shared_rows", 'f'}, {"index", 'h'}},
};

/* The bits of a half become those of a float; what is not finite stays so. */
static float from_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7FFF, bits;
    float value;
    if (rest < 0x0400) { /* below the normal numbers: a multiple of 2^-24 */
        value = (float)rest * 0x1p-24f;
        memcpy(&bits, &value, 4);
    } else {
        bits = (rest << 13) + ((rest < 0x7C00 ? UINT32_C(112) : UINT32_C(224)) << 23);
    }
    bits |= sign;
    memcpy(&value, &bits, 4);
    return value;
}

static int check_codes(const Array *codes, const Array *scale)
{
    for (Py_ssize_t j = 0; j < scale->length; j++) {
        float step = float_at(scale, j);
        if (!(step > 0 && isfinite(step))) {
            return refuse("must be finite and above 0; the index of one that is not", "scale", j);
        }
    }
    if (scale->length == 0 ? codes->length != 0 : codes->length % scale->length != 0) {
        return refuse("must have one for each column", "scale", scale->length);
    }
    for (Py_ssize_t i = 0; i < codes->length; i++) {
        if ((signed char)byte_at(codes, i) == -128) {
            return refuse("must be in [-127, 127]; the index of one that is not", "codes", i);
        }
    }
    return 0;
}

static int row_at(const Array *index, Py_ssize_t i)
{
    int16_t row;
    memcpy(&row, (const char *)index->view.buf + 2 * i, 2);
    return row;
}

static int check_index(const Array *index, Py_ssize_t n_rows)
{
    for (Py_ssize_t i = 0; i < index->length; i++) {
        int row = row_at(index, i);
        if (row < 0 || row >= n_rows) {
            return refuse("must be the number of a row", "index", row);
        }
    }
    return 0;
}

static void expand_items(Storage storage, const Array *given, char *out)
{
    Py_ssize_t n_columns = given[1].length;
    for (Py_ssize_t i = 0; i < given[0].length; i++) {
        const char *item = (const char *)given[0].view.buf + i * given[0].view.itemsize;
        uint16_t half;
        if (storage == FROM_FLOAT32) {
            double value = float_at(&given[0], i);
            memcpy(out + 8 * i, &value, 8);
        } else if (storage == FROM_INT16) {
            int16_t number;
            memcpy(&number, item, 2);
            int32_t value = number;
            memcpy(out + 4 * i, &value, 4);
        } else if (storage == FROM_FLOAT16) {
            memcpy(&half, item, 2);
            float value = from_half(half);
            memcpy(out + 4 * i, &value, 4);
        } else {
            float value = (float)(signed char)*item * float_at(&given[1], i % n_columns);
            memcpy(out + 4 * i, &value, 4);
        }
    }
}

/* A product of two floats is exact in double, so fusing it with the sum changes nothing. `sum` has
 * room for a row. */
static void expand_product(const Array *left, const Array *right, Py_ssize_t rank, double *sum,
                           char *out)
{
    Py_ssize_t n_rows = left->length / rank, n_columns = right->length / rank;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        memset(sum, 0, n_columns * sizeof(double));
        for (Py_ssize_t k = 0; k < rank; k++) {
            double factor = float_at(left, i * rank + k);
            for (Py_ssize_t j = 0; j < n_columns; j++) {
                sum[j] += factor * (double)float_at(right, k * n_columns + j);
            }
        }
        for (Py_ssize_t j = 0; j < n_columns; j++) {
            float value = (float)sum[j];
            memcpy(out + 4 * (i * n_columns + j), &value, 4);
        }
    }
}

/* Rows of `width` floats, each by its number, which was checked in the same bytes. */
static void expand_rows(const Array *rows, const Array *index, Py_ssize_t width, char *out)
{
    for (Py_ssize_t i = 0; i < index->length; i++) {
        memcpy(out + 4 * width * i, (const char *)rows->view.buf + 4 * width * row_at(index, i),
               4 * width);
    }
}

static void expand_into(Storage storage, const Array *given, Py_ssize_t width, double *sum,
                        char *out)
{
    if (storage == FROM_LOW_RANK) {
        expand_product(&given[0], &given[1], width, sum, out);
    } else if (storage == FROM_SHARED_ROWS) {
        expand_rows(&given[0], &given[1], width, out);
    } else {
        expand_items(storage, given, out);
    }
}

/* Return how many items there will be, -1 with an error set where the parts do not fit. `width` is
 * the rank of a product, or the length of a shared row. */
static Py_ssize_t expanded_length(Storage storage, const Array *given, Py_ssize_t width)
{
    if (storage == FROM_INT8 && check_codes(&given[0], &given[1]) < 0) {
        return -1;
    }
    if (storage != FROM_LOW_RANK && storage != FROM_SHARED_ROWS) {
        return given[0].length;
    }
    Py_ssize_t n_rows = width > 0 ? given[0].length / width : 0, n_others = given[1].length;
    int is_product = storage == FROM_LOW_RANK;
    Py_ssize_t n_columns = !is_product ? width : width > 0 ? n_others / width : 0;
    Py_ssize_t n_out = is_product ? n_rows : n_others;
    if (width < 1 || n_rows * width != given[0].length ||
        (is_product && n_columns * width != n_others) ||
        (n_columns > 0 && n_out > PY_SSIZE_T_MAX / 4 / n_columns)) {
        return refuse("must divide the lengths of both parts", "rank", width);
    }
    if (!is_product && check_index(&given[1], n_rows) < 0) {
        return -1;
    }
    return n_out * n_columns;
}

static PyObject *expand(PyObject *module, PyObject *arguments)
{
    const char *kind;
    PyObject *objects[2] = {NULL, Py_None}, *result = NULL;
    Py_ssize_t width = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "sO|On", &kind, &objects[0], &objects[1], &width)) {
        return NULL;
    }
    int storage = 0, n_kinds = FROM_SHARED_ROWS + 1;
    while (storage < n_kinds && strcmp(kind, STORAGE_FORMS[storage][0].name) != 0) {
        storage++;
    }
    if (storage == n_kinds) {
        PyErr_Format(PyExc_ValueError, "there is no storage of the kind %s.", kind);
        return NULL;
    }
    Array given[2];
    Block *memory = NULL;
    memset(given, 0, sizeof given);
    const Form *forms = STORAGE_FORMS[storage];
    for (int i = 0; i < 2 && forms[i].name != NULL; i++) {
        if (open_buffer(objects[i], &forms[i], PyBUF_SIMPLE, &given[i]) < 0) {
            goto done;
        }
    }
    Py_ssize_t length = expanded_length((Storage)storage, given, width);
    if (length < 0) {
        goto done;
    }
    double *sum = claim(&memory, storage == FROM_LOW_RANK ? given[1].length / width : 0,
                        sizeof(double));
    result = PyBytes_FromStringAndSize(NULL, length * (storage == FROM_FLOAT32 ? 8 : 4));
    if (sum != NULL && result != NULL) {
        char *out = PyBytes_AsString(result);
        Py_BEGIN_ALLOW_THREADS
        expand_into((Storage)storage, given, width, sum, out);
        Py_END_ALLOW_THREADS
    } else {
        Py_CLEAR(result);
    }
done:
    release(&memory);
    close_arrays(given, 2);
    return result;
}
