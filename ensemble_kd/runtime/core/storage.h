/* How numbers that a file keeps short are expanded: with one rounding or none, in a fixed order, so
 * to the same bits as by model/_storage.py. */

#pragma once

#include "arrays.h"

typedef enum { FROM_FLOAT32, FROM_INT16, FROM_FLOAT16, FROM_INT8, FROM_LOW_RANK } Storage;

static const Form STORAGE_FORMS[][2] = {
    {{"float32", 'f'}, {NULL, 0}},     {{"int16", 'h'}, {NULL, 0}},
    {{"float16", 'H'}, {NULL, 0}},     {{"int8", 'b'}, {"the scale", 'f'}},
    {{"low_rank", 'f'}, {"right", 'f'}},
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

/* A product of two floats is exact in double, so fusing it with the sum changes nothing. */
static void expand_product(const Array *left, const Array *right, Py_ssize_t rank, char *out)
{
    Py_ssize_t n_rows = left->length / rank, n_columns = right->length / rank;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        for (Py_ssize_t j = 0; j < n_columns; j++) {
            double sum = 0;
            for (Py_ssize_t k = 0; k < rank; k++) {
                sum += (double)float_at(left, i * rank + k) *
                       (double)float_at(right, k * n_columns + j);
            }
            float value = (float)sum;
            memcpy(out + 4 * (i * n_columns + j), &value, 4);
        }
    }
}

static PyObject *expand(PyObject *module, PyObject *arguments)
{
    const char *kind;
    PyObject *objects[2] = {NULL, Py_None}, *result = NULL;
    Py_ssize_t rank = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "sO|On", &kind, &objects[0], &objects[1], &rank)) {
        return NULL;
    }
    int storage = 0, n_kinds = FROM_LOW_RANK + 1;
    while (storage < n_kinds && strcmp(kind, STORAGE_FORMS[storage][0].name) != 0) {
        storage++;
    }
    if (storage == n_kinds) {
        PyErr_Format(PyExc_ValueError, "there is no storage of the kind %s.", kind);
        return NULL;
    }
    Array given[2];
    memset(given, 0, sizeof given);
    const Form *forms = STORAGE_FORMS[storage];
    for (int i = 0; i < 2 && forms[i].name != NULL; i++) {
        if (open_buffer(objects[i], &forms[i], PyBUF_SIMPLE, &given[i]) < 0) {
            goto done;
        }
    }
    if (storage == FROM_INT8 && check_codes(&given[0], &given[1]) < 0) {
        goto done;
    }
    Py_ssize_t n_bytes = given[0].length * (storage == FROM_FLOAT32 ? 8 : 4);
    if (storage == FROM_LOW_RANK) {
        Py_ssize_t n_rows = rank > 0 ? given[0].length / rank : 0;
        Py_ssize_t n_columns = rank > 0 ? given[1].length / rank : 0;
        if (rank < 1 || n_rows * rank != given[0].length || n_columns * rank != given[1].length ||
            (n_columns > 0 && n_rows > PY_SSIZE_T_MAX / 4 / n_columns)) {
            refuse("must divide the lengths of both parts", "rank", rank);
            goto done;
        }
        n_bytes = 4 * n_rows * n_columns;
    }
    result = PyBytes_FromStringAndSize(NULL, n_bytes);
    if (result == NULL) {
        goto done;
    }
    if (storage == FROM_LOW_RANK) {
        expand_product(&given[0], &given[1], rank, PyBytes_AsString(result));
    } else {
        expand_items((Storage)storage, given, PyBytes_AsString(result));
    }
done:
    close_arrays(given, 2);
    return result;
}
