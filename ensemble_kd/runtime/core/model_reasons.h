/* The methods of `Model` that tell what each column adds to a row's score. */

#pragma once

#include "raw_rows.h"

static int has_reasons(const Model *self)
{
    if (self->reasons.n_players == 0) {
        PyErr_SetString(PyExc_ValueError, "the model was built without reasons.");
    }
    return self->reasons.n_players > 0;
}

/* Explain encoded rows; `out` has a row of the players' contributions and the answer for each. */
static int explain_into(const Model *self, const double *X, Py_ssize_t n_rows, double *out)
{
    Block *memory = NULL;
    ReasonsScratch scratch;
    int status = make_reasons_scratch(&memory, &self->network, &self->reasons, &scratch);
    if (status == 0) {
        int width = self->reasons.n_players + 1;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n_rows; i++) {
            double *row = out + i * width;
            row[width - 1] = reasons_row(&self->network, &self->reasons, X + i * self->n_columns,
                                         self->n_columns, &scratch, row);
        }
        Py_END_ALLOW_THREADS
    }
    release(&memory);
    return status;
}

static PyObject *model_explain(Model *self, PyObject *arguments)
{
    static const Form row_form = {"X", 'd'}, out_form = {"out", 'd'};
    PyObject *rows, *target, *result = NULL;
    if (!PyArg_ParseTuple(arguments, "OO", &rows, &target) || !has_reasons(self)) {
        return NULL;
    }
    Array given[2] = {{.is_open = 0}, {.is_open = 0}};
    if (open_doubles(rows, &row_form, PyBUF_SIMPLE, &given[0]) < 0 ||
        open_doubles(target, &out_form, PyBUF_WRITABLE, &given[1]) < 0) {
        goto done;
    }
    Py_ssize_t n_rows = given[0].length / self->n_columns;
    if (check_length(&given[0], &row_form, n_rows * self->n_columns) < 0 ||
        check_length(&given[1], &out_form, n_rows * (self->reasons.n_players + 1)) < 0 ||
        explain_into(self, given[0].view.buf, n_rows, given[1].view.buf) < 0) {
        goto done;
    }
    Py_INCREF(Py_None);
    result = Py_None;
done:
    close_arrays(given, 2);
    return result;
}

static PyObject *model_base(Model *self, void *closure)
{
    (void)closure;
    return has_reasons(self) ? PyFloat_FromDouble(self->reasons.base) : NULL;
}
