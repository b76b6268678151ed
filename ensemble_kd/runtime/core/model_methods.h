/* The type `Model`, which Python sees: its methods and what each returns. */

#pragma once

#include "batches.h"
#include "model_build.h"
#include "model_reasons.h"

static PyObject *fill_answer(Model *self, const double *answer, PyObject *filled)
{
    for (int k = 0; k < self->response.n_outputs; k++) {
        PyObject *value = PyFloat_FromDouble(answer[k]);
        if (value == NULL || PyDict_SetItem(filled, PyTuple_GetItem(self->classes, k), value) < 0) {
            Py_XDECREF(value);
            return NULL;
        }
        Py_DECREF(value);
    }
    return filled;
}

static PyObject *model_predict_proba_one(Model *self, PyObject *row)
{
    if (!self->response.is_classifier) {
        PyErr_SetString(PyExc_AttributeError, "predict_proba_one is for classifiers; this model "
                                              "predicts values: use predict.");
        return NULL;
    }
    /* The dict comes first: making it may collect garbage, and that may run Python code. */
    PyObject *filled = self->response.n_outputs <= SMALL_DICT ? PyDict_New()
                                                              : PyDict_Copy(self->answer);
    if (filled == NULL) {
        return NULL;
    }
    const double *answer = answer_row(self, row);
    if (answer == NULL || fill_answer(self, answer, filled) == NULL) {
        Py_DECREF(filled);
        return NULL;
    }
    return filled;
}

/* Whether a row is answered by several numbers, or a yes or no to each of several labels. */
static int has_several(const Response *response)
{
    return response->link == SIGMOIDS || (!response->is_classifier && response->n_outputs > 1);
}

static PyObject *predict_several(Model *self, PyObject *row)
{
    const double *answer = answer_row(self, row);
    if (answer == NULL) {
        return NULL;
    }
    /* Making a list may collect garbage, and that may score other rows: the sums are kept. */
    int n_outputs = self->response.n_outputs;
    double *kept = PyMem_Malloc(n_outputs * sizeof(double));
    if (kept == NULL) {
        return PyErr_NoMemory();
    }
    memcpy(kept, answer, n_outputs * sizeof(double));
    PyObject *values = PyList_New(n_outputs);
    for (int k = 0; values != NULL && k < n_outputs; k++) {
        PyObject *value = self->response.link == SIGMOIDS ? PyLong_FromLong(kept[k] > 0.5)
                                                          : PyFloat_FromDouble(kept[k]);
        if (value == NULL || PyList_SetItem(values, k, value) < 0) {
            Py_CLEAR(values);
        }
    }
    PyMem_Free(kept);
    return values;
}

static PyObject *model_predict_one(Model *self, PyObject *row)
{
    if (has_several(&self->response)) {
        return predict_several(self, row);
    }
    const double *answer = answer_row(self, row);
    if (answer == NULL) {
        return NULL;
    }
    if (!self->response.is_classifier && self->response.has_threshold) {
        return PyLong_FromLong(decide(&self->response, answer) ? 1 : -1);
    }
    if (!self->response.is_classifier) {
        return PyFloat_FromDouble(answer[0]);
    }
    PyObject *label = PyTuple_GetItem(self->classes, decide(&self->response, answer));
    Py_XINCREF(label);
    return label;
}

static PyObject *model_score_one(Model *self, PyObject *row)
{
    if (self->response.link == SIGMOIDS) {
        PyErr_SetString(PyExc_AttributeError, "score_one is for one value; this model has several "
                                              "labels: use predict_proba_one.");
        return NULL;
    }
    if (self->response.is_classifier && self->response.n_outputs != 2) {
        PyErr_SetString(PyExc_AttributeError, "score_one is for two classes, or values; this model "
                                              "has more classes: use predict_proba_one.");
        return NULL;
    }
    if (has_several(&self->response)) {
        PyErr_SetString(PyExc_AttributeError, "score_one is for one value; this model has several: "
                                              "use predict_one.");
        return NULL;
    }
    const double *answer = answer_row(self, row);
    return answer == NULL ? NULL : PyFloat_FromDouble(answer[self->response.is_classifier]);
}

static PyObject *model_respond_row(Model *self, PyObject *encoded)
{
    static const Form form = {"the row", 'd'};
    Array array = {.is_open = 0};
    PyObject *answer = NULL;
    if (open_doubles(encoded, &form, PyBUF_SIMPLE, &array) < 0 ||
        check_length(&array, &form, self->n_columns) < 0) {
        goto failed;
    }
    answer = PyList_New(self->response.n_outputs); /* now, as a list without items must not be seen */
    if (answer == NULL) {
        goto failed;
    }
    double *sums = self->scratch.sums;
    score_rows(self, array.view.buf, 1, &self->scratch, sums);
    respond(&self->response, sums, sums);
    for (int k = 0; k < self->response.n_outputs; k++) {
        PyObject *value = PyFloat_FromDouble(sums[k]);
        if (value == NULL || PyList_SetItem(answer, k, value) < 0) {
            goto failed;
        }
    }
    close_arrays(&array, 1);
    return answer;
failed:
    close_arrays(&array, 1);
    Py_XDECREF(answer);
    return NULL;
}

static PyObject *score_into(Model *self, PyObject *arguments, int as_response)
{
    static const Form row_form = {"X", 'd'}, out_form = {"out", 'd'};
    PyObject *rows, *target;
    Py_ssize_t n_threads;
    if (!PyArg_ParseTuple(arguments, "OOn", &rows, &target, &n_threads)) {
        return NULL;
    }
    Array given[2] = {{.is_open = 0}, {.is_open = 0}};
    PyObject *result = NULL;
    if (open_doubles(rows, &row_form, PyBUF_SIMPLE, &given[0]) < 0 ||
        open_doubles(target, &out_form, PyBUF_WRITABLE, &given[1]) < 0) {
        goto done;
    }
    Py_ssize_t n_rows = given[0].length / self->n_columns;
    Py_ssize_t n_out = as_response ? self->response.n_outputs : self->response.n_sums;
    if (check_length(&given[0], &row_form, n_rows * self->n_columns) < 0 ||
        check_length(&given[1], &out_form, n_rows * n_out) < 0) {
        goto done;
    }
    n_threads = n_threads < 1 ? 1 : n_threads > MAX_THREADS ? MAX_THREADS : n_threads;
    if (n_rows > 0 && score_batch(self, given[0].view.buf, n_rows, given[1].view.buf, as_response,
                                  n_threads) < 0) {
        goto done;
    }
    Py_INCREF(Py_None);
    result = Py_None;
done:
    close_arrays(given, 2);
    return result;
}

static PyObject *model_outputs(Model *self, PyObject *arguments)
{
    return score_into(self, arguments, 0);
}

static PyObject *model_respond(Model *self, PyObject *arguments)
{
    return score_into(self, arguments, 1);
}

static PyObject *model_n_floats(Model *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(self->is_network ? self->network.kernels->n_floats : 1);
}

static PyGetSetDef MODEL_PROPERTIES[] = {
    {"n_floats", (getter)model_n_floats, NULL,
     "Floats in a vector of those that the layers of a network are summed in.", NULL},
    {"base", (getter)model_base, NULL,
     "Mean over the background of the number that is explained.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef MODEL_METHODS[] = {
    {"predict_one", (PyCFunction)model_predict_one, METH_O,
     "predict_one($self, row, /)\n--\n\n"
     "Return the class label or value of one raw row, given as a dict; of several values or "
     "labels a list; of a score with a threshold -1 below it, else 1."},
    {"predict_proba_one", (PyCFunction)model_predict_proba_one, METH_O,
     "predict_proba_one($self, row, /)\n--\n\n"
     "Return the probability of each class for one raw row, given as a dict."},
    {"score_one", (PyCFunction)model_score_one, METH_O,
     "score_one($self, row, /)\n--\n\n"
     "Return the probability of the second of two classes, or the value or score, of one raw "
     "row."},
    {"respond_row", (PyCFunction)model_respond_row, METH_O,
     "respond_row($self, row, /)\n--\n\n"
     "Return the response to one encoded row, given as a buffer of doubles."},
    {"outputs", (PyCFunction)model_outputs, METH_VARARGS,
     "outputs($self, X, out, n_threads, /)\n--\n\n"
     "Write the outputs of encoded rows, before the link, into `out`."},
    {"respond", (PyCFunction)model_respond, METH_VARARGS,
     "respond($self, X, out, n_threads, /)\n--\n\n"
     "Write the response to encoded rows into `out`."},
    {"explain", (PyCFunction)model_explain, METH_VARARGS,
     "explain($self, X, out, /)\n--\n\n"
     "Write what each player adds to the score of encoded rows into `out`, and behind it the score."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot MODEL_SLOTS[] = {
    {Py_tp_doc, "Model(kind, arrays, columns, classes, encode_other, *, link='identity', "
                "n_layers=0, output_mean=0.0, output_scale=1.0, most_floats=16, "
                "logit_scale=1.0, logit_bias=None, curve_x=None, curve_y=None, threshold=nan, "
                "reasons=None)\n"
                "--\n\n"
                "A compact model, checked and laid out for scoring."},
    {Py_tp_new, model_new},
    {Py_tp_dealloc, model_dealloc},
    {Py_tp_methods, MODEL_METHODS},
    {Py_tp_getset, MODEL_PROPERTIES},
    {0, NULL},
};

static PyType_Spec MODEL_SPEC = {
    .name = "ensemble_kd._core.Model",
    .basicsize = sizeof(Model),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = MODEL_SLOTS,
};
