/* The methods of `Model` that tell what each column adds to a row's score. */

#pragma once

#include "raw_rows.h"

static int n_players_of(const Model *self)
{
    return self->is_network ? self->reasons.n_players : self->tree_reasons.n_players;
}

static int has_reasons(const Model *self)
{
    if (n_players_of(self) == 0) {
        PyErr_SetString(PyExc_ValueError, "the model was built without reasons.");
    }
    return n_players_of(self) > 0;
}

/* Explain encoded rows; `out` has a row of the players' contributions and the answer for each. */
static int explain_by_network(const Model *self, const double *X, Py_ssize_t n_rows, double *out)
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

static int explain_by_trees(const Model *self, const double *X, Py_ssize_t n_rows, double *out)
{
    Block *memory = NULL;
    TreeReasonsScratch scratch;
    int status = make_tree_reasons_scratch(&memory, &self->trees, &self->tree_reasons, &scratch);
    if (status == 0) {
        int width = self->tree_reasons.n_players + 1;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n_rows; i++) {
            double *row = out + i * width;
            row[width - 1] = tree_reasons_row(&self->trees, &self->tree_reasons,
                                              X + i * self->n_columns, &scratch, row);
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
        check_length(&given[1], &out_form, n_rows * (n_players_of(self) + 1)) < 0 ||
        (self->is_network ? explain_by_network : explain_by_trees)(
            self, given[0].view.buf, n_rows, given[1].view.buf) < 0) {
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
    double base = self->is_network ? self->reasons.base : self->tree_reasons.base;
    return has_reasons(self) ? PyFloat_FromDouble(base) : NULL;
}
