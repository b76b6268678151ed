/* How a model is made from what Python gives, and how it ends. */

#pragma once

#include "model.h"
#include "raw_rows.h"

static void model_dealloc(Model *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (Py_ssize_t j = 0; self->columns != NULL && j < self->n_columns; j++) {
        Py_XDECREF(self->columns[j].name);
        Py_XDECREF(self->columns[j].categories);
        Py_XDECREF(self->columns[j].code_of);
    }
    forget_layout(self); /* whose keys lie in the memory */
    release(&self->memory);
    Py_XDECREF(self->column_of);
    Py_XDECREF(self->classes);
    Py_XDECREF(self->answer);
    Py_XDECREF(self->encode_other);
    freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_object(self);
    Py_DECREF(type);
}

/* Make what `remember_layout` needs; two columns of one name are refused. */
static int index_columns(Model *self)
{
    Layout *layout = &self->layout;
    layout->credit = LEARNING_COST;
    layout->key = claim(&self->memory, self->n_columns, sizeof(Key));
    layout->absent = claim(&self->memory, self->n_columns, sizeof(int32_t));
    self->column_of = PyDict_New();
    if (!layout->key || !layout->absent || self->column_of == NULL) {
        return -1;
    }
    for (Py_ssize_t j = 0; j < self->n_columns; j++) {
        PyObject *index = PyLong_FromSsize_t(j);
        if (!PyUnicode_CheckExact(self->columns[j].name)) {
            layout->credit = NEVER; /* comparing such a name may run Python code */
        }
        if (index == NULL ||
            PyDict_SetItem(self->column_of, self->columns[j].name, index) < 0) {
            Py_XDECREF(index);
            return -1;
        }
        Py_DECREF(index);
    }
    if (PyDict_Size(self->column_of) != self->n_columns) {
        return refuse("must have names of their own", "columns",
                      PyDict_Size(self->column_of));
    }
    return 0;
}

static int read_columns(Model *self, PyObject *columns)
{
    Py_ssize_t n_columns = PyTuple_Size(columns);
    if (n_columns < 1 || n_columns > INT32_MAX / 4) {
        return refuse("there must be at least one", "columns", n_columns);
    }
    self->columns = claim(&self->memory, n_columns, sizeof(Column));
    if (self->columns == NULL) {
        return -1;
    }
    self->n_columns = n_columns;
    for (Py_ssize_t j = 0; j < n_columns; j++) {
        PyObject *entry = PyTuple_GetItem(columns, j);
        if (read_column(&self->memory, entry, &self->columns[j]) < 0) {
            return -1;
        }
    }
    return index_columns(self);
}

static int read_link(Model *self, const char *link)
{
    static const char *names[] = {"identity", "sigmoid", "sigmoids", "softmax"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(link, names[i]) == 0) {
            self->response.link = (Link)i;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "link must be identity, sigmoid, sigmoids or softmax, got %s.", link);
    return -1;
}

/* Check that the outputs, their link and the classes go together. */
static int check_outputs(Model *self)
{
    Py_ssize_t n_classes = PyTuple_Size(self->classes);
    for (Py_ssize_t k = 0; k < n_classes; k++) {
        if (check_plain("a class", PyTuple_GetItem(self->classes, k)) < 0) {
            return -1;
        }
    }
    Response *response = &self->response;
    response->is_classifier = n_classes > 0;
    response->n_sums = self->is_network ? self->network.n_outputs : self->trees.n_sums;
    response->n_outputs = response->is_classifier ? (int)n_classes : response->n_sums;
    if (n_classes > INT32_MAX / 16 || n_classes == 1) {
        return refuse("must be none or at least two", "classes", n_classes);
    }
    if (!response->is_classifier && response->link != IDENTITY) {
        return refuse("must be identity without classes", "link", response->link);
    }
    if (response->link == SIGMOID && response->n_outputs != 2) {
        return refuse("sigmoid needs two classes", "link", response->n_outputs);
    }
    if (response->n_sums != (response->link == SIGMOID ? 1 : response->n_outputs)) {
        return refuse("the model must end in as many outputs as its link takes", "outputs",
                      response->n_sums);
    }
    return 0;
}

static int build_answer(Model *self)
{
    self->answer = PyDict_New();
    PyObject *zero = PyFloat_FromDouble(0.0);
    int status = self->answer == NULL || zero == NULL ? -1 : 0;
    for (Py_ssize_t k = 0; status == 0 && k < PyTuple_Size(self->classes); k++) {
        status = PyDict_SetItem(self->answer, PyTuple_GetItem(self->classes, k), zero);
    }
    Py_XDECREF(zero);
    return status;
}

static PyObject *model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"kind",        "arrays",      "columns",      "classes",
                            "encode_other", "link",        "n_layers",     "output_mean",
                            "output_scale", "most_floats", "logit_scale",  "logit_bias",
                            "curve_x",      "curve_y",     "threshold",    "reasons",    NULL};
    const char *kind, *link = "identity";
    PyObject *arrays, *columns, *classes, *encode_other;
    PyObject *logit_bias = Py_None, *curve_x = Py_None, *curve_y = Py_None, *reasons = Py_None;
    int n_layers = 0, most_floats = 16;
    double mean = 0.0, scale = 1.0, logit_scale = 1.0, threshold = NAN;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "sO!O!O!O|$siddidOOOdO", names, &kind,
                                     &PyDict_Type, &arrays, &PyTuple_Type, &columns, &PyTuple_Type,
                                     &classes, &encode_other, &link, &n_layers, &mean, &scale,
                                     &most_floats, &logit_scale, &logit_bias, &curve_x, &curve_y,
                                     &threshold, &reasons)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Model *self = (Model *)allocate(type, 0);
    if (self == NULL) {
        return NULL;
    }
    Py_INCREF(classes);
    self->classes = classes;
    Py_INCREF(encode_other);
    self->encode_other = encode_other;
    self->is_network = strcmp(kind, "mlp") == 0;
    int status = read_columns(self, columns);
    if (status == 0) {
        status = read_link(self, link);
    }
    if (status == 0 && self->is_network) {
        Network *network = &self->network;
        network->mean = mean;
        network->scale = scale;
        network->kernels = choose_kernels(most_floats);
        status = build_network(&self->memory, arrays, n_layers, self->columns, self->n_columns,
                               network);
        if (status == 0) {
            status = build_reasons(&self->memory, reasons, network, self->n_columns,
                                   &self->reasons);
        }
    } else if (status == 0 && strcmp(kind, "trees") == 0) {
        status = build_trees(&self->memory, arrays, self->columns, self->n_columns, &self->trees);
        if (status == 0) {
            status = build_tree_reasons(&self->memory, reasons, &self->trees, &self->tree_reasons);
        }
    } else if (status == 0) {
        PyErr_Format(PyExc_ValueError, "kind must be mlp or trees, got %s.", kind);
        status = -1;
    }
    if (status < 0 || check_outputs(self) < 0 || build_answer(self) < 0 ||
        build_line(&self->memory, logit_scale, logit_bias, &self->response) < 0 ||
        build_curve(&self->memory, curve_x, curve_y, &self->response) < 0 ||
        set_threshold(threshold, &self->response) < 0 ||
        make_scratch(&self->memory, self, 1, &self->scratch) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}
