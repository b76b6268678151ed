/* What a raw row may hold, the kinds of columns and the codes of their categories; and which columns a
 * student may use. */

#pragma once

#include "arrays.h"
#include "memory.h"

typedef enum { NUMERIC, BOOLEAN, CATEGORICAL } Kind;

/* A category that is a string, which the column's tuple keeps alive. */
typedef struct {
    PyObject *key;
    uint32_t hash; /* its lower half */
    int32_t code;
} Text;

typedef struct {
    PyObject *name;     /* not interned: Python 3.12 keeps what is for ever */
    PyObject *key;      /* the name as the layout has it, which a dict may find by its address; NULL
                           where it has none */
    PyObject *categories; /* of a categorical column: a tuple, in code order */
    Text *texts;        /* its strings, by their hash: a quarter of the cost of a dict */
    size_t text_mask;   /* one less than the number of places, of which a third or more are free */
    PyObject *code_of;  /* its other categories: a dict of them to codes */
    Kind kind;
    int nullable;
    int is_hashed;      /* categories are hashes: whether a value is one is left to Python */
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

/* Return the place of a string among the texts, or the free one where it would be. */
static Text *place_of(const Column *column, PyObject *value)
{
    Py_hash_t hash = PyObject_Hash(value); /* which cannot fail, and is kept in the string */
    size_t i = (size_t)hash & column->text_mask;
    for (; column->texts[i].key != NULL; i = (i + 1) & column->text_mask) {
        const Text *text = &column->texts[i];
        if (text->hash == (uint32_t)hash &&
            (text->key == value || PyUnicode_Compare(text->key, value) == 0)) {
            break;
        }
    }
    return &column->texts[i];
}

/* Return the code of an exact string, or that of a category never seen. */
static double find_text(const Column *column, PyObject *value)
{
    const Text *text = place_of(column, value);
    return text->key == NULL ? (double)(column->n_codes - 1) : text->code;
}

/* Put one category where it is looked for. */
static int index_category(Column *column, PyObject *category, Py_ssize_t code)
{
    if (check_plain("a category", category) < 0) {
        return -1;
    }
    if (PyUnicode_CheckExact(category)) {
        Text *text = place_of(column, category);
        if (text->key != NULL) {
            return refuse("must be unique; the code of one that is not", "categories", code);
        }
        *text = (Text){category, (uint32_t)PyObject_Hash(category), (int32_t)code};
        column->takes_texts = 1;
        return 0;
    }
    column->takes_others = 1;
    PyObject *known = PyDict_GetItemWithError(column->code_of, category);
    if (known != NULL || PyErr_Occurred()) {
        return known == NULL ? -1
                             : refuse("must be unique; the code of one that is not", "categories",
                                      code);
    }
    PyObject *number = PyFloat_FromDouble((double)code);
    int status = number == NULL ? -1 : PyDict_SetItem(column->code_of, category, number);
    Py_XDECREF(number);
    return status;
}

static int index_categories(Block **memory, Column *column, PyObject *categories)
{
    if (!PyTuple_CheckExact(categories)) {
        PyErr_SetString(PyExc_TypeError, "the categories of a column must be a tuple.");
        return -1;
    }
    Py_INCREF(categories);
    column->categories = categories;
    Py_ssize_t n_categories = PyTuple_Size(categories), n_texts = 0;
    if (n_categories >= INT32_MAX) {
        return refuse("must be fewer", "categories", n_categories);
    }
    for (Py_ssize_t code = 0; code < n_categories; code++) {
        n_texts += PyUnicode_CheckExact(PyTuple_GetItem(categories, code));
    }
    size_t n_places = 2;
    while (2 * n_places < 3 * (size_t)n_texts) {
        n_places *= 2;
    }
    column->n_codes = n_categories + 1;
    column->text_mask = n_places - 1;
    column->texts = claim(memory, n_places, sizeof(Text));
    column->code_of = PyDict_New();
    if (column->texts == NULL || column->code_of == NULL) {
        return -1;
    }
    column->takes_texts = column->takes_others = n_categories == 0;
    for (Py_ssize_t code = 0; code < n_categories; code++) {
        if (index_category(column, PyTuple_GetItem(categories, code), code) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Read one column from (name, kind, nullable, categories or None, is_hashed). */
static int read_column(Block **memory, PyObject *entry, Column *column)
{
    PyObject *name, *kind, *categories;
    if (!PyTuple_Check(entry)) {
        PyErr_SetString(PyExc_TypeError, "a column must be a tuple.");
        return -1;
    }
    if (!PyArg_ParseTuple(entry, "UUpO|p", &name, &kind, &column->nullable, &categories,
                          &column->is_hashed) ||
        read_kind(kind, &column->kind) < 0) {
        return -1;
    }
    Py_INCREF(name);
    column->name = name;
    column->n_codes = column->kind == BOOLEAN ? 2 : 0;
    return column->kind == CATEGORICAL ? index_categories(memory, column, categories) : 0;
}

/* Check a list of inputs that a student uses: each there, of a fitting kind, and named once. The
 * first `n_columns` of `n_inputs` are the columns, what follows has no kind. */
static int check_inputs(const Array *used, const Form *form, const Column *columns,
                        Py_ssize_t n_columns, Py_ssize_t n_inputs, int (*fits)(Kind))
{
    Block *list = NULL;
    unsigned char *seen = claim(&list, n_inputs, 1);
    int status = seen == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < used->length; i++) {
        int32_t j = int_at(used, i);
        if (j < 0 || j >= n_inputs) {
            status = refuse("must be indices of columns", form->name, j);
        } else if ((j < n_columns && !fits(columns[j].kind)) || seen[j]) {
            status = refuse("must be unique, and of a fitting kind", form->name, j);
        } else {
            seen[j] = 1;
        }
    }
    release(&list);
    return status;
}

static int check_columns(const Array *used, const Form *form, const Column *columns,
                         Py_ssize_t n_columns, int (*fits)(Kind))
{
    return check_inputs(used, form, columns, n_columns, n_columns, fits);
}

static int is_numeric(Kind kind) { return kind == NUMERIC; }
static int has_codes(Kind kind) { return kind != NUMERIC; }
static int is_categorical(Kind kind) { return kind == CATEGORICAL; }

/* Return a code as an index below `n_codes`; whatever is none counts as never seen, the last one. */
INLINE Py_ssize_t code_index(double code, Py_ssize_t n_codes)
{
    return code >= 0 && code < (double)n_codes ? (Py_ssize_t)code : n_codes - 1;
}
