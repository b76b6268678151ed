/* What a raw row may hold, the kinds of columns and the codes of their categories; and which columns a
 * student may use. */

#pragma once

#include "arrays.h"
#include "memory.h"

typedef enum { NUMERIC, BOOLEAN, CATEGORICAL } Kind;

/* A category that is a string; its key belongs to the dict `code_of`. */
typedef struct {
    PyObject *key;
    Py_hash_t hash;
    double code;
} Text;

typedef struct {
    PyObject *name;     /* not interned: Python 3.12 keeps what is for ever */
    PyObject *key;      /* the name as the layout has it, which a dict may find by its address; NULL
                           where it has none */
    PyObject *code_of;  /* of a categorical column: a dict of category to code */
    Text *texts;        /* its strings again, by their hash: a quarter of the cost of a dict */
    size_t text_mask;   /* one less than the number of places, of which half or more are free */
    Kind kind;
    int nullable;
    Py_ssize_t n_codes; /* 0 of a numeric column; the last of a categorical one is "never seen" */
    /* Of a categorical column: whether a text, or anything else, may be one that was never seen. */
    int takes_texts, takes_others;
} Column;

static int read_kind(PyObject *text, Kind *kind)
{
    static const char *names[] = {"numeric", "boolean", "categorical"};
    for (int i = 0; i < 3; i++) {
        if (PyUnicode_Check(text) && PyUnicode_CompareWithASCIIString(text, names[i]) == 0) {
            *kind = (Kind)i;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "a column must be numeric, boolean or categorical, got %R.", text);
    return -1;
}

/* Tell whether comparing and hashing the object runs no Python code. */
static int is_plain(PyObject *value)
{
    return PyUnicode_CheckExact(value) || PyBool_Check(value) || PyLong_CheckExact(value) ||
           PyFloat_CheckExact(value);
}

static int check_plain(const char *what, PyObject *value)
{
    if (!is_plain(value)) {
        PyErr_Format(PyExc_TypeError, "%s must be a string, a number or a boolean of Python.", what);
        return -1;
    }
    return 0;
}

/* Put the strings among the categories where `find_text` looks for them. */
static int index_texts(Block **memory, Column *column)
{
    PyObject *category, *code;
    Py_ssize_t place = 0;
    size_t n_places = 1;
    while (n_places < 2 * (size_t)column->n_codes) {
        n_places *= 2;
    }
    column->texts = claim(memory, n_places, sizeof(Text));
    if (column->texts == NULL) {
        return -1;
    }
    column->text_mask = n_places - 1;
    column->takes_texts = column->takes_others = column->n_codes == 1;
    while (PyDict_Next(column->code_of, &place, &category, &code)) {
        if (!PyUnicode_CheckExact(category)) {
            column->takes_others = 1;
            continue;
        }
        column->takes_texts = 1;
        Text text = {category, PyObject_Hash(category), PyFloat_AsDouble(code)};
        if (PyErr_Occurred()) {
            return -1;
        }
        size_t i = (size_t)text.hash & column->text_mask;
        while (column->texts[i].key != NULL) {
            i = (i + 1) & column->text_mask;
        }
        column->texts[i] = text;
    }
    return 0;
}

/* Return the code of an exact string, or that of a category never seen. */
static double find_text(const Column *column, PyObject *value)
{
    Py_hash_t hash = PyObject_Hash(value); /* which cannot fail, and is kept in the string */
    size_t i = (size_t)hash & column->text_mask;
    for (; column->texts[i].key != NULL; i = (i + 1) & column->text_mask) {
        const Text *text = &column->texts[i];
        if (text->hash == hash &&
            (text->key == value || PyUnicode_Compare(text->key, value) == 0)) {
            return text->code;
        }
    }
    return (double)(column->n_codes - 1);
}

/* Read one column from (name, kind, nullable, code_of or None). */
static int read_column(Block **memory, PyObject *entry, Column *column)
{
    PyObject *name, *kind, *code_of;
    if (!PyTuple_Check(entry)) {
        PyErr_SetString(PyExc_TypeError, "a column must be a tuple.");
        return -1;
    }
    if (!PyArg_ParseTuple(entry, "UUpO", &name, &kind, &column->nullable, &code_of) ||
        read_kind(kind, &column->kind) < 0) {
        return -1;
    }
    Py_INCREF(name);
    column->name = name;
    if (column->kind == CATEGORICAL) {
        if (!PyDict_CheckExact(code_of)) {
            PyErr_SetString(PyExc_TypeError, "the codes of a categorical column must be a dict.");
            return -1;
        }
        column->code_of = PyDict_Copy(code_of);
        if (column->code_of == NULL) {
            return -1;
        }
        PyObject *category, *code;
        Py_ssize_t place = 0;
        while (PyDict_Next(column->code_of, &place, &category, &code)) {
            if (check_plain("a category", category) < 0) {
                return -1;
            }
        }
        column->n_codes = PyDict_Size(column->code_of) + 1;
        return index_texts(memory, column);
    }
    column->n_codes = column->kind == BOOLEAN ? 2 : 0;
    return 0;
}

/* Check a list of columns that a student uses: each there, of a fitting kind, and named once. */
static int check_columns(const Array *used, const Form *form, const Column *columns,
                         Py_ssize_t n_columns, int (*fits)(Kind))
{
    Block *list = NULL;
    unsigned char *seen = claim(&list, n_columns, 1);
    int status = seen == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < used->length; i++) {
        int32_t j = int_at(used, i);
        if (j < 0 || j >= n_columns) {
            status = refuse("must be indices of columns", form->name, j);
        } else if (!fits(columns[j].kind) || seen[j]) {
            status = refuse("must be unique, and of a fitting kind", form->name, j);
        } else {
            seen[j] = 1;
        }
    }
    release(&list);
    return status;
}

static int is_numeric(Kind kind) { return kind == NUMERIC; }
static int has_codes(Kind kind) { return kind != NUMERIC; }
static int is_categorical(Kind kind) { return kind == CATEGORICAL; }

/* Return a code as an index below `n_codes`; whatever is none counts as never seen, the last one. */
INLINE Py_ssize_t code_index(double code, Py_ssize_t n_codes)
{
    return code >= 0 && code < (double)n_codes ? (Py_ssize_t)code : n_codes - 1;
}
