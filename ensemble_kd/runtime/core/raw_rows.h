/* A dict to numbers, and on to the answer.
 *
 * Only plain values are read here: float, int, bool, str and None, each exactly. Whatever else a row
 * may hold, a key that is no column among it, or a category of a type that none of its column has, is
 * left to `encode_other`, which knows every rule and words every error. */

#pragma once

#include "model.h"

INLINE int encode_number(PyObject *value, double *code)
{
    if (PyFloat_CheckExact(value)) {
        *code = PyFloat_AsDouble(value);
        return 1;
    }
    if (value == Py_None) {
        *code = NAN;
        return 1;
    }
    if (PyBool_Check(value)) {
        *code = value == Py_True;
        return 1;
    }
    if (PyLong_CheckExact(value)) {
        /* Not by PyLong_AsLongLong, which branches on the sign, and half of them are mispredicted. */
        double number = PyLong_AsDouble(value);
        /* Below 2^53 every whole number is a double; of a larger one it may be another's. */
        if (fabs(number) < (double)(1LL << 53)) {
            if (number == -1.0 && PyErr_Occurred()) {
                PyErr_Clear(); /* too large for any double */
                return 0;
            }
            *code = number;
            return 1;
        }
    }
    return 0;
}

static int encode_category(const Column *column, PyObject *value, double *code)
{
    if (value == Py_None) {
        *code = NAN;
        return 1;
    }
    if (column->is_hashed) {
        return 0;
    }
    if (PyUnicode_CheckExact(value)) {
        *code = find_text(column, value);
        return column->takes_texts;
    }
    if (!is_plain(value)) {
        return 0;
    }
    if (PyFloat_CheckExact(value)) {
        double number = PyFloat_AsDouble(value);
        if (number != number) {
            *code = NAN;
            return 1;
        }
        /* From 2^53 on it may be one of several whole numbers. */
        if (fabs(number) >= (double)(1LL << 53)) {
            return 0;
        }
    }
    PyObject *found = PyDict_GetItemWithError(column->code_of, value);
    if (found != NULL) {
        *code = PyFloat_AsDouble(found);
        return *code == -1.0 && PyErr_Occurred() ? -1 : 1;
    }
    if (PyErr_Occurred()) {
        return -1;
    }
    *code = (double)(column->n_codes - 1);
    return column->takes_others;
}

/* Return 1 if the value was read, 0 if it is not for this function, -1 with an error set. */
INLINE int encode_value(const Column *column, PyObject *value, double *code)
{
    if (column->kind == CATEGORICAL) {
        return encode_category(column, value, code);
    }
    int status = encode_number(value, code);
    if (status == 1 && column->kind == BOOLEAN && *code != 0.0 && *code != 1.0 && *code == *code) {
        return 0;
    }
    return status;
}

static int is_same_text(PyObject *key, PyObject *known)
{
    return PyUnicode_CheckExact(key) && PyUnicode_Compare(key, known) == 0;
}

/* Read a row that has the known keys in the known order, as going through a dict costs a fraction of
 * looking each column up. No Python code runs meanwhile, so the dict stays as it is. Returns as
 * `encode_value` does. */
static int encode_known(Model *model, PyObject *row, double *x)
{
    Layout *layout = &model->layout;
    Py_ssize_t place = 0, i = 0;
    PyObject *key, *value;
    if (layout->n_keys == 0 || PyDict_Size(row) != layout->n_keys) {
        return 0;
    }
    for (; i < layout->n_keys && PyDict_Next(row, &place, &key, &value); i++) {
        const Key *known = &layout->key[i];
        if (key != known->name && !is_same_text(key, known->name)) {
            return 0;
        }
        double *code = &x[known->column];
        int status = known->kind == NUMERIC
                         ? encode_number(value, code)
                         : encode_value(&model->columns[known->column], value, code);
        if (status != 1) {
            return status;
        }
    }
    for (Py_ssize_t k = 0; k < layout->n_absent; k++) {
        x[layout->absent[k]] = NAN;
    }
    layout->credit += layout->credit < 2 * LEARNING_COST;
    return i == layout->n_keys;
}

static void forget_layout(Model *model)
{
    Layout *layout = &model->layout;
    for (Py_ssize_t i = 0; i < layout->n_keys; i++) {
        model->columns[layout->key[i].column].key = NULL;
        Py_DECREF(layout->key[i].name); /* a plain string, so no Python code runs */
    }
    layout->n_keys = 0;
}

/* Take the keys of a row, all of them columns, for those of the next rows; unless one of them is no
 * plain string, whose comparison could run Python code. */
static void remember_layout(Model *model, PyObject *row)
{
    Layout *layout = &model->layout;
    Py_ssize_t place = 0;
    PyObject *key, *value;
    /* To learn keys costs as much as a few rows gain, which pays where rows to come have them. */
    if (layout->credit == NEVER || ++layout->credit < LEARNING_COST) {
        return;
    }
    layout->credit -= LEARNING_COST;
    forget_layout(model);
    while (layout->n_keys < model->n_columns && PyDict_Next(row, &place, &key, &value)) {
        PyObject *index = PyUnicode_CheckExact(key) ? PyDict_GetItem(model->column_of, key) : NULL;
        if (index == NULL) {
            forget_layout(model);
            return;
        }
        Py_INCREF(key);
        int32_t j = (int32_t)PyLong_AsLong(index);
        layout->key[layout->n_keys++] = (Key){key, j, model->columns[j].kind};
        model->columns[j].key = key;
    }
    layout->n_absent = 0;
    for (Py_ssize_t j = 0; layout->n_keys < model->n_columns && j < model->n_columns; j++) {
        PyObject *name = model->columns[j].name;
        if (PyUnicode_CheckExact(name) && PyDict_GetItem(row, name) == NULL) {
            layout->absent[layout->n_absent++] = (int32_t)j;
        }
    }
}

/* Return 1 if the row was read, 0 if it is not for this function, -1 with an error set. */
static int encode_dict(Model *model, PyObject *row, double *x)
{
    if (!PyDict_CheckExact(row)) {
        return 0;
    }
    int is_known = encode_known(model, row, x);
    if (is_known != 0) {
        return is_known;
    }
    Py_ssize_t n_found = 0;
    for (Py_ssize_t j = 0; j < model->n_columns; j++) {
        const Column *column = &model->columns[j];
        PyObject *name = column->key != NULL ? column->key : column->name;
        Py_INCREF(name); /* a key of the row may run Python code, which may end the layout */
        PyObject *value = PyDict_GetItemWithError(row, name);
        Py_DECREF(name);
        if (value == NULL) {
            if (PyErr_Occurred()) {
                return -1;
            }
            if (!column->nullable) {
                return 0;
            }
            x[j] = NAN;
            continue;
        }
        n_found++;
        int status = encode_value(column, value, &x[j]);
        if (status != 1) {
            return status;
        }
    }
    if (n_found != PyDict_Size(row)) {
        return 0;
    }
    remember_layout(model, row);
    return 1;
}

/* Let Python encode the row, which ends in a buffer of numbers or in a well-worded error. */
static int encode_in_python(const Model *model, PyObject *row, double *x)
{
    static const Form form = {"the encoded row", 'd'};
    PyObject *encoded = PyObject_CallFunctionObjArgs(model->encode_other, row, NULL);
    if (encoded == NULL) {
        return -1;
    }
    Array array = {.is_open = 0};
    int status = open_buffer(encoded, &form, PyBUF_SIMPLE, &array);
    if (status == 0) {
        status = check_length(&array, &form, model->n_columns);
    }
    if (status == 0) {
        memcpy(x, array.view.buf, model->n_columns * sizeof(double));
    }
    close_arrays(&array, 1);
    Py_DECREF(encoded);
    return status;
}

/* Score a raw row and return where the answer lies, good until Python code runs again. */
static const double *answer_row(Model *model, PyObject *row)
{
    double on_stack[STACK_COLUMNS];
    Block *memory = NULL;
    double *x = on_stack;
    if (model->n_columns > STACK_COLUMNS) {
        x = claim(&memory, model->n_columns, sizeof(double));
        if (x == NULL) {
            return NULL;
        }
    }
    int status = encode_dict(model, row, x);
    if (status == 0) {
        status = encode_in_python(model, row, x);
    }
    double *answer = NULL;
    if (status >= 0) {
        answer = model->scratch.sums;
        score_rows(model, x, 1, &model->scratch, answer);
        respond(&model->response, answer, answer);
    }
    release(&memory);
    return answer;
}
