/* Arrays that were given, by whatever offers the buffer protocol, so numpy is not needed; and the
 * checks of length, offsets and numbers that every student makes. */

#pragma once

#include "machine.h"

/* An array that was given: any shape in C order, read as one run of `length` items. */
typedef struct {
    Py_buffer view;
    int is_open;
    Py_ssize_t length;
    void *copy; /* of indices, so that those that are used are those that were checked */
} Array;

/* Name and type of an array, the type as the struct module has it: i, f, d, Q, h, H, b or B. */
typedef struct {
    const char *name;
    char type;
} Form;

static size_t item_size(char type)
{
    return type == 'd' || type == 'Q'   ? 8
           : type == 'i' || type == 'f' ? 4
           : type == 'h' || type == 'H' ? 2
                                        : 1;
}

static int open_buffer(PyObject *object, const Form *form, int flags, Array *array)
{
    if (PyObject_GetBuffer(object, &array->view, flags | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        return -1;
    }
    array->is_open = 1;
    const char *format = array->view.format == NULL ? "B" : array->view.format;
    /* A C long of four bytes is what some platforms call int32, and one of eight bytes int64. */
    int is_type = format[0] == form->type || (form->type == 'i' && format[0] == 'l') ||
                  (form->type == 'Q' && format[0] == 'L');
    if (!is_type || format[1] != '\0' || (size_t)array->view.itemsize != item_size(form->type)) {
        PyErr_Format(PyExc_ValueError, "%s must be of type %c (native byte order), got %s.",
                     form->name, form->type, format);
        return -1;
    }
    array->length = array->view.len / array->view.itemsize;
    return 0;
}

/* Open an array of doubles that is read or written in place, which an odd address forbids. */
static int open_doubles(PyObject *object, const Form *form, int flags, Array *array)
{
    if (open_buffer(object, form, flags, array) < 0) {
        return -1;
    }
    if ((uintptr_t)array->view.buf % sizeof(double) != 0) {
        PyErr_Format(PyExc_ValueError, "%s must be aligned; give a copy of it.", form->name);
        return -1;
    }
    return 0;
}

static int open_array(PyObject *arrays, const Form *form, Array *array)
{
    PyObject *object = PyMapping_GetItemString(arrays, form->name);
    if (object == NULL) {
        return -1;
    }
    int status = open_buffer(object, form, PyBUF_SIMPLE, array);
    Py_DECREF(object);
    if (status == 0 && form->type == 'i') {
        array->copy = malloc(array->view.len > 0 ? array->view.len : 1);
        if (array->copy == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        memcpy(array->copy, array->view.buf, array->view.len);
    }
    return status;
}

static void close_arrays(Array *arrays, int n_arrays)
{
    for (int i = 0; i < n_arrays; i++) {
        if (arrays[i].is_open) {
            PyBuffer_Release(&arrays[i].view);
            arrays[i].is_open = 0;
            free(arrays[i].copy);
            arrays[i].copy = NULL;
        }
    }
}

static int32_t int_at(const Array *array, Py_ssize_t i)
{
    return ((const int32_t *)array->copy)[i];
}

/* Other items are copied out, as an array inside a file's bytes need not be aligned. */
static float float_at(const Array *array, Py_ssize_t i)
{
    float item;
    memcpy(&item, (const char *)array->view.buf + 4 * i, 4);
    return item;
}

static double double_at(const Array *array, Py_ssize_t i)
{
    double item;
    memcpy(&item, (const char *)array->view.buf + 8 * i, 8);
    return item;
}

static uint64_t bits_at(const Array *array, Py_ssize_t i)
{
    uint64_t item;
    memcpy(&item, (const char *)array->view.buf + 8 * i, 8);
    return item;
}

static int byte_at(const Array *array, Py_ssize_t i)
{
    return ((const unsigned char *)array->view.buf)[i];
}

static void copy_rows(float *target, int stride, const Array *source, Py_ssize_t first_row,
                      Py_ssize_t n_rows, Py_ssize_t width)
{
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        memcpy(target + i * stride, (const char *)source->view.buf + 4 * (first_row + i) * width,
               4 * width);
    }
}

static int refuse(const char *rule, const char *name, Py_ssize_t given)
{
    PyErr_Format(PyExc_ValueError, "%s: %s, got %zd.", name, rule, given);
    return -1;
}

static int check_length(const Array *array, const Form *form, Py_ssize_t wanted)
{
    if (array->length != wanted) {
        PyErr_Format(PyExc_ValueError, "%s must have %zd entries, got %zd.", form->name, wanted,
                     array->length);
        return -1;
    }
    return 0;
}

static int check_finite(const Array *array, const Form *form)
{
    for (Py_ssize_t i = 0; i < array->length; i++) {
        if (!isfinite(form->type == 'd' ? double_at(array, i) : (double)float_at(array, i))) {
            return refuse("must be finite; the index of one that is not", form->name, i);
        }
    }
    return 0;
}

/* Check rows of a background, and which player each column belongs to; count both. */
static int check_players(const Array *background, const Array *player, Py_ssize_t n_columns,
                         int *n_background, int *n_players)
{
    static const Form background_form = {"background", 'd'}, player_form = {"player", 'i'};
    Py_ssize_t n_rows = background->length / n_columns;
    if (check_length(background, &background_form, n_rows * n_columns) < 0 ||
        check_length(player, &player_form, n_columns) < 0) {
        return -1;
    }
    if (n_rows < 1 || n_rows > 256) {
        return refuse("must have from 1 to 256 rows", "background", n_rows);
    }
    *n_background = (int)n_rows;
    *n_players = 0;
    for (Py_ssize_t j = 0; j < n_columns; j++) {
        int32_t one = int_at(player, j);
        if (one < 0 || one >= n_columns) {
            return refuse("must be from 0 to the number of columns", "player", one);
        }
        *n_players = one + 1 > *n_players ? one + 1 : *n_players;
    }
    return 0;
}

/* Check that offsets cut `total` entries into `n_parts` parts, none of a negative length. */
static int check_offsets(const Array *offsets, const Form *form, Py_ssize_t n_parts,
                         Py_ssize_t total)
{
    if (check_length(offsets, form, n_parts + 1) < 0) {
        return -1;
    }
    if (int_at(offsets, 0) != 0 || int_at(offsets, n_parts) != total) {
        return refuse("must run from 0 to the number of entries", form->name, total);
    }
    for (Py_ssize_t i = 0; i < n_parts; i++) {
        if (int_at(offsets, i + 1) < int_at(offsets, i)) {
            return refuse("must not decrease; the index where they do", form->name, i);
        }
    }
    return 0;
}
