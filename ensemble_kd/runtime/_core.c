/* A compact model in C: one raw row, one encoded row, or a batch in; outputs or responses out.
 *
 * The formulas are those of model/_layers.py and model/_trees.py, and _mlp.py and _trees.py beside
 * this file score them in numpy. Here as there a model is data: arrays that are read, never code.
 *
 * The chapters, each resting on the ones before it:
 *
 *   1. Memory        blocks that are freed together
 *   2. Arrays        whatever offers the buffer protocol, so numpy is not needed
 *   3. Columns       what a raw row may hold
 *   4. The network   checked and laid out; then rows, by `_core_sums.h`
 *   5. The trees     checked and laid out; then one row, then many
 *   6. The response  what the link and a calibrator make of the outputs, and which class is decided
 *   7. Batches       ranges of rows, one thread each
 *   8. Raw rows      a dict to numbers
 *   9. Fewer bytes   arrays that a file keeps short, expanded
 *  10. The type      `Model`, which Python sees
 *
 * Whoever builds a `Model` is not trusted: chapters 4 to 6 check every index, offset, length and
 * number before they keep it, so that scoring, which checks nothing but category codes, stays inside
 * the arrays. A row's answer depends on that row alone: a batch does for each row what a single row
 * gets, in the same order of sums.
 */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef _WIN32
#include <pthread.h>
#endif

/* Keep a compiler from turning a choice of two numbers into a branch, half of which mispredict. */
#ifdef __GNUC__
#define HIDE_VALUE(number) __asm__("" : "+r"(number))
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define HIDE_VALUE(number) ((void)0)
#define PREFETCH(address) ((void)0)
#endif

/* Vectors of four floats are everywhere; wider ones are used where the machine has them. */
#if defined(__GNUC__) && defined(__x86_64__)
#define HAS_X86 1
#include <immintrin.h>
#define WITH_AVX2 __attribute__((target("avx2,fma,popcnt")))
#define WITH_AVX512 __attribute__((target("avx512f,avx2,fma,popcnt")))
#else
#define HAS_X86 0
#endif

#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

enum {
    CACHE_LINE = 64,
    WIDTH_STEP = 16,      /* widths are padded with zeros to a multiple of this */
    NARROW = 4,           /* a last layer of so few outputs is summed output by output */
    MAX_LAYERS = 64,      /* these two are the limits of the bundle format */
    MAX_TREE_DEPTH = 512,
    MISSING_BIT = 51,     /* of a set of categories; the bits below are for codes */
    MAX_KNOTS = 1024,     /* as is this one */
    MAX_THREADS = 64,
    LEARNING_COST = 16,   /* rows; see `remember_layout` */
    NEVER = -(1 << 30),
    SMALL_DICT = 5,       /* entries that an empty dict takes without growing */
    STACK_COLUMNS = 256,  /* wider rows are encoded on the heap */
    LANES = 8,            /* rows encoded together; walks in flight, of which one waits for memory
                             while the others go on */
    NETWORK_ROWS = 64,    /* rows that go through the network layer by layer */
    BLOCK_ROWS = 64,      /* rows that lie side by side, cell by cell, to be walked together */
    CELL_BYTES = 8 * BLOCK_ROWS, /* from one cell of a row to its next in a block */
    CACHE_BYTES = 512 * 1024,    /* trees that fit here stay in the cache from block to block */
    PANEL_BYTES = 2048 * 1024,   /* of blocks, for which a bigger forest is fetched tree by tree */
};


/* --- 1. Memory --------------------------------------------------------------------------------- */

typedef struct Block {
    struct Block *next;
} Block;

/* Rows of weights begin at cache lines; under the address sanitizer at once, so that it sees the
 * first byte beyond the end. */
#ifdef __SANITIZE_ADDRESS__
enum { ALIGNMENT = 1 };
#else
enum { ALIGNMENT = CACHE_LINE };
#endif

/* Return zeroed, aligned memory that lives as long as the list; NULL with an error set. */
static void *claim(Block **list, size_t count, size_t size)
{
    const size_t overhead = sizeof(Block) + ALIGNMENT - 1;
    if (count > (PY_SSIZE_T_MAX - overhead) / size) {
        PyErr_NoMemory();
        return NULL;
    }
    Block *block = calloc(1, overhead + count * size);
    if (block == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    block->next = *list;
    *list = block;
    uintptr_t start = (uintptr_t)(block + 1);
    return (void *)((start + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static void release(Block **list)
{
    while (*list != NULL) {
        Block *next = (*list)->next;
        free(*list);
        *list = next;
    }
}


/* --- 2. Arrays --------------------------------------------------------------------------------- */

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


/* --- 3. Columns -------------------------------------------------------------------------------- */

typedef enum { NUMERIC, BOOLEAN, CATEGORICAL } Kind;

/* A category that is a string; its key belongs to the dict `code_of`. */
typedef struct {
    PyObject *key;
    Py_hash_t hash;
    double code;
} Text;

typedef struct {
    PyObject *name;     /* interned, so that a dict finds it by its address */
    PyObject *code_of;  /* of a categorical column: a dict of category to code */
    Text *texts;        /* its strings again, by their hash: a quarter of the cost of a dict */
    size_t text_mask;   /* one less than the number of places, of which half or more are free */
    Kind kind;
    int nullable;
    Py_ssize_t n_codes; /* 0 of a numeric column; the last of a categorical one is "never seen" */
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
    while (PyDict_Next(column->code_of, &place, &category, &code)) {
        if (!PyUnicode_CheckExact(category)) {
            continue;
        }
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
    PyUnicode_InternInPlace(&name);
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


/* --- 4. The network ---------------------------------------------------------------------------- */

/* Every layer is one operation, a bias plus a few rows, each times a number. In the first layer a
 * numeric value is two rows: what all bins sum to up to the edge below it and up to the edge above,
 * by its share of the way between them; a category is one row. In a dense layer the rows are those of
 * the inputs that ReLU let through, so half of the work falls away. */

/* The tree holds the inner edges, node n above nodes 2n and 2n + 1, so that a search is one step a
 * level, the same for every value; its last level and the arrays of bins are filled up with NaN. */
typedef struct {
    int32_t column;
    int n_levels;
    const double *tree;   /* two to the power of `n_levels` */
    const double *starts; /* of each bin, the edge below it */
    const double *slopes; /* and one over its width */
    uint32_t row;         /* of a missing value; those of the edges follow */
} NumericInput;

typedef struct {
    int32_t column;
    int32_t n_codes;
    uint32_t row; /* the first of one for each code, and one for a missing value */
} CategoryInput;

typedef struct {
    int32_t n_inputs;
    int32_t n_outputs;
    int stride;   /* floats from row to row */
    int is_narrow; /* a row for each output; else one for each input */
    const float *weight;
    const float *bias;
} Layer;

/* Which rows of the weights to add, each times a factor. In the first layer both lie LANES apart; in
 * a dense layer the rows lie side by side, and the factor of row i is the input i. */
typedef struct {
    const uint32_t *row;
    const float *factor;
    int n;
} Terms;

typedef struct Network Network;

/* The parts of the work that there are several versions of, by the vectors that a machine has. */
typedef struct {
    int n_floats;
    void (*encode)(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                   uint32_t *row, float *factor);
    void (*sum_encoded)(float *out, const Layer *layer, const Terms *terms);
    int (*find_positive)(const float *hidden, int n_inputs, uint32_t *row);
    void (*sum_positive)(float *out, const Layer *layer, const Terms *terms);
    void (*sum_inputs)(float *out, const Layer *layer, const float *hidden);
} Kernels;

struct Network {
    int n_numeric, n_categorical, n_layers;
    NumericInput *numeric;
    CategoryInput *categorical;
    Layer first;
    Layer layers[MAX_LAYERS];
    int n_outputs;
    int widest;  /* stride of the widest layer */
    int n_terms; /* of the first layer */
    size_t n_scratch_rows;
    double mean, scale;
    const Kernels *kernels;
};

static int padded(Py_ssize_t width)
{
    return (int)((width + WIDTH_STEP - 1) / WIDTH_STEP * WIDTH_STEP);
}

static void copy_rows(float *target, int stride, const Array *source, Py_ssize_t first_row,
                      Py_ssize_t n_rows, Py_ssize_t width)
{
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        memcpy(target + i * stride, (const char *)source->view.buf + 4 * (first_row + i) * width,
               4 * width);
    }
}

enum {
    NUMERIC_COLUMNS, EDGE_OFFSETS, EDGES, NUMERIC_WEIGHT, MISSING_WEIGHT,
    MLP_CATEGORY_COLUMNS, MLP_CATEGORY_OFFSETS, CATEGORY_WEIGHT, FIRST_BIAS, N_MLP_ARRAYS
};

static const Form MLP_FORMS[N_MLP_ARRAYS] = {
    {"numeric_columns", 'i'},  {"edge_offsets", 'i'},    {"edges", 'd'},
    {"numeric_weight", 'f'},   {"missing_weight", 'f'},  {"category_columns", 'i'},
    {"category_offsets", 'i'}, {"category_weight", 'f'}, {"first_bias", 'f'},
};

static int check_edges(const Array *edges, const Array *offsets, Py_ssize_t n_numeric)
{
    for (Py_ssize_t k = 0; k < n_numeric; k++) {
        int32_t begin = int_at(offsets, k), end = int_at(offsets, k + 1);
        if (end - begin < 2) {
            return refuse("a numeric column must have at least two", "edges", end - begin);
        }
        for (int32_t i = begin; i + 1 < end; i++) {
            double step = double_at(edges, i + 1) - double_at(edges, i);
            if (!(step > 0 && isfinite(step))) {
                return refuse("must increase by finite steps; the index where they do not",
                              "edges", i);
            }
        }
    }
    return 0;
}

static int check_first_layer(const Array *given, const Column *columns, Py_ssize_t n_columns)
{
    const Array *numeric = &given[NUMERIC_COLUMNS], *categorical = &given[MLP_CATEGORY_COLUMNS];
    Py_ssize_t n_hidden = given[FIRST_BIAS].length, n_edges = given[EDGES].length;
    Py_ssize_t n_rows = n_hidden ? given[CATEGORY_WEIGHT].length / n_hidden : 0;
    if (n_hidden < 1 || n_hidden > INT32_MAX / 16 || n_edges > INT32_MAX / 2 ||
        n_rows > INT32_MAX) {
        return refuse("must not be empty, nor huge", "first_bias", n_hidden);
    }
    for (int i = 0; i < N_MLP_ARRAYS; i++) {
        if (MLP_FORMS[i].type != 'i' && check_finite(&given[i], &MLP_FORMS[i]) < 0) {
            return -1;
        }
    }
    if (check_columns(numeric, &MLP_FORMS[NUMERIC_COLUMNS], columns, n_columns, is_numeric) < 0 ||
        check_columns(categorical, &MLP_FORMS[MLP_CATEGORY_COLUMNS], columns, n_columns,
                      has_codes) < 0 ||
        check_offsets(&given[EDGE_OFFSETS], &MLP_FORMS[EDGE_OFFSETS], numeric->length,
                      n_edges) < 0 ||
        check_edges(&given[EDGES], &given[EDGE_OFFSETS], numeric->length) < 0 ||
        check_length(&given[NUMERIC_WEIGHT], &MLP_FORMS[NUMERIC_WEIGHT],
                     (n_edges - numeric->length) * n_hidden) < 0 ||
        check_length(&given[MISSING_WEIGHT], &MLP_FORMS[MISSING_WEIGHT],
                     numeric->length * n_hidden) < 0 ||
        check_length(&given[CATEGORY_WEIGHT], &MLP_FORMS[CATEGORY_WEIGHT],
                     n_rows * n_hidden) < 0 ||
        check_offsets(&given[MLP_CATEGORY_OFFSETS], &MLP_FORMS[MLP_CATEGORY_OFFSETS],
                      categorical->length, n_rows) < 0) {
        return -1;
    }
    for (Py_ssize_t k = 0; k < categorical->length; k++) {
        Py_ssize_t part = int_at(&given[MLP_CATEGORY_OFFSETS], k + 1) -
                          int_at(&given[MLP_CATEGORY_OFFSETS], k);
        if (part != columns[int_at(categorical, k)].n_codes + 1) {
            return refuse("a column needs a row for each code and one for missing",
                          "category_weight", part);
        }
    }
    return 0;
}

/* Lay out one numeric column. Sums over bins are taken in double, as in numpy, and rounded once. */
static int build_numeric(Block **memory, const Array *given, Py_ssize_t k, Py_ssize_t n_hidden,
                         int stride, double *sum, float *rows, NumericInput *input)
{
    int32_t begin = int_at(&given[EDGE_OFFSETS], k);
    int32_t n_bins = int_at(&given[EDGE_OFFSETS], k + 1) - begin - 1;
    int n_levels = 0;
    while ((size_t)1 << n_levels < (size_t)n_bins) {
        n_levels++;
    }
    /* At least a vector of eight, as vectors are looked up in. */
    size_t n_leaves = (size_t)1 << n_levels, n_slots = n_leaves < LANES ? LANES : n_leaves;
    double *tree = claim(memory, n_slots, sizeof(double));
    double *starts = claim(memory, n_slots, sizeof(double));
    double *slopes = claim(memory, n_slots, sizeof(double));
    if (tree == NULL || starts == NULL || slopes == NULL) {
        return -1;
    }
    for (size_t i = 0; i < n_slots; i++) {
        tree[i] = starts[i] = slopes[i] = NAN;
    }
    for (int level = 0; level < n_levels; level++) {
        size_t n_nodes = (size_t)1 << level, span = n_leaves >> level;
        for (size_t i = 0; i < n_nodes; i++) {
            size_t edge = i * span + span / 2;
            tree[n_nodes + i] = edge < (size_t)n_bins ? double_at(&given[EDGES], begin + edge) : NAN;
        }
    }
    copy_rows(rows, stride, &given[MISSING_WEIGHT], k, 1, n_hidden);
    memset(sum, 0, n_hidden * sizeof(double));
    for (int32_t i = 0; i < n_bins; i++) {
        float *above = rows + ((size_t)i + 2) * stride;
        starts[i] = double_at(&given[EDGES], begin + i);
        slopes[i] = 1.0 / (double_at(&given[EDGES], begin + i + 1) - starts[i]);
        copy_rows(above, stride, &given[NUMERIC_WEIGHT], begin - k + i, 1, n_hidden);
        for (Py_ssize_t h = 0; h < n_hidden; h++) {
            sum[h] += above[h];
            above[h] = (float)sum[h];
        }
    }
    *input = (NumericInput){int_at(&given[NUMERIC_COLUMNS], k), n_levels, tree, starts, slopes, 0};
    return 0;
}

static int build_first_layer(Block **memory, const Array *given, const Column *columns,
                             Network *network)
{
    Py_ssize_t n_numeric = given[NUMERIC_COLUMNS].length;
    Py_ssize_t n_categorical = given[MLP_CATEGORY_COLUMNS].length;
    Py_ssize_t n_hidden = given[FIRST_BIAS].length;
    int stride = padded(n_hidden);
    size_t n_edge_rows = (size_t)given[EDGES].length + n_numeric;
    size_t n_category_rows = given[CATEGORY_WEIGHT].length / n_hidden, row = 0;
    float *bias = claim(memory, stride, sizeof(float));
    double *sum = claim(memory, n_hidden, sizeof(double));
    float *rows = claim(memory, n_edge_rows + n_category_rows, sizeof(float) * stride);
    network->numeric = claim(memory, n_numeric, sizeof(NumericInput));
    network->categorical = claim(memory, n_categorical, sizeof(CategoryInput));
    if (!bias || !sum || !rows || !network->numeric || !network->categorical) {
        return -1;
    }
    copy_rows(bias, stride, &given[FIRST_BIAS], 0, 1, n_hidden);
    for (Py_ssize_t k = 0; k < n_numeric; k++) {
        NumericInput *input = &network->numeric[k];
        if (build_numeric(memory, given, k, n_hidden, stride, sum, rows + row * stride, input) < 0) {
            return -1;
        }
        input->row = (uint32_t)row;
        row = (size_t)int_at(&given[EDGE_OFFSETS], k + 1) + k + 1;
    }
    copy_rows(rows + row * stride, stride, &given[CATEGORY_WEIGHT], 0, n_category_rows, n_hidden);
    for (Py_ssize_t k = 0; k < n_categorical; k++) {
        int32_t j = int_at(&given[MLP_CATEGORY_COLUMNS], k);
        network->categorical[k] = (CategoryInput){
            j, (int32_t)columns[j].n_codes,
            (uint32_t)row + int_at(&given[MLP_CATEGORY_OFFSETS], k)};
    }
    network->n_numeric = (int)n_numeric;
    network->n_categorical = (int)n_categorical;
    network->n_terms = (int)(2 * n_numeric + n_categorical);
    network->n_scratch_rows = (size_t)network->n_terms * LANES;
    network->first = (Layer){0, (int32_t)n_hidden, stride, 0, rows, bias};
    network->widest = stride;
    return 0;
}

static int build_layer(Block **memory, PyObject *arrays, int i, const Layer *before, int is_last,
                       Layer *layer)
{
    char weight_name[40], bias_name[40];
    PyOS_snprintf(weight_name, sizeof weight_name, "layers.%d.weight", i);
    PyOS_snprintf(bias_name, sizeof bias_name, "layers.%d.bias", i);
    Form forms[2] = {{weight_name, 'f'}, {bias_name, 'f'}};
    Array given[2] = {{.is_open = 0}, {.is_open = 0}};
    int status = -1;
    if (open_array(arrays, &forms[0], &given[0]) < 0 ||
        open_array(arrays, &forms[1], &given[1]) < 0 || check_finite(&given[0], &forms[0]) < 0 ||
        check_finite(&given[1], &forms[1]) < 0) {
        goto done;
    }
    Py_ssize_t n_inputs = before->n_outputs, n_outputs = given[1].length;
    if (n_outputs < 1 || n_outputs > INT32_MAX / 16) {
        refuse("must not be empty, nor huge", forms[1].name, n_outputs);
        goto done;
    }
    if (check_length(&given[0], &forms[0], n_inputs * n_outputs) < 0) {
        goto done;
    }
    int is_narrow = is_last && n_outputs <= NARROW;
    int stride = padded(is_narrow ? n_inputs : n_outputs);
    float *weight = claim(memory, is_narrow ? n_outputs : n_inputs, sizeof(float) * stride);
    float *bias = claim(memory, padded(n_outputs), sizeof(float));
    if (weight == NULL || bias == NULL) {
        goto done;
    }
    copy_rows(bias, padded(n_outputs), &given[1], 0, 1, n_outputs);
    if (!is_narrow) {
        copy_rows(weight, stride, &given[0], 0, n_inputs, n_outputs);
    }
    for (Py_ssize_t k = 0; is_narrow && k < n_inputs * n_outputs; k++) {
        weight[k % n_outputs * stride + k / n_outputs] = float_at(&given[0], k);
    }
    *layer = (Layer){(int32_t)n_inputs, (int32_t)n_outputs, stride, is_narrow, weight, bias};
    status = 0;
done:
    close_arrays(given, 2);
    return status;
}

static int build_network(Block **memory, PyObject *arrays, int n_layers, const Column *columns,
                         Py_ssize_t n_columns, Network *network)
{
    Array given[N_MLP_ARRAYS];
    memset(given, 0, sizeof given);
    int status = 0;
    for (int i = 0; status == 0 && i < N_MLP_ARRAYS; i++) {
        status = open_array(arrays, &MLP_FORMS[i], &given[i]);
    }
    if (status == 0) {
        status = check_first_layer(given, columns, n_columns);
    }
    if (status == 0) {
        status = build_first_layer(memory, given, columns, network);
    }
    close_arrays(given, N_MLP_ARRAYS);
    if (status < 0) {
        return -1;
    }
    if (n_layers < 0 || n_layers > MAX_LAYERS) {
        return refuse("must be from 0 to 64", "n_layers", n_layers);
    }
    if (!isfinite(network->mean) || !isfinite(network->scale)) {
        return refuse("must be finite", "output_mean and output_scale", 0);
    }
    const Layer *before = &network->first;
    for (int i = 0; i < n_layers; i++) {
        Layer *layer = &network->layers[i];
        if (build_layer(memory, arrays, i, before, i == n_layers - 1, layer) < 0) {
            return -1;
        }
        network->widest = layer->stride > network->widest ? layer->stride : network->widest;
        size_t n_rows = padded(layer->n_inputs);
        network->n_scratch_rows =
            n_rows > network->n_scratch_rows ? n_rows : network->n_scratch_rows;
        before = layer;
    }
    network->n_layers = n_layers;
    network->n_outputs = before->n_outputs;
    return 0;
}

/* Find the bin of each value: the last edge at or below it. No branch depends on a value, and while
 * one waits for its edge the others go on. */
INLINE void find_bins(const NumericInput *input, const double *value, const int n_rows,
                      uint32_t *bin)
{
    uint32_t node[LANES];
    for (int r = 0; r < n_rows; r++) {
        node[r] = 1;
    }
    for (int level = 0; level < input->n_levels; level++) {
        for (int r = 0; r < n_rows; r++) {
            node[r] = 2 * node[r] + (value[r] >= input->tree[node[r]]);
        }
    }
    for (int r = 0; r < n_rows; r++) {
        bin[r] = node[r] - ((uint32_t)1 << input->n_levels);
    }
}

INLINE uint32_t bin_of(const NumericInput *input, double value)
{
    uint32_t bin;
    find_bins(input, &value, 1, &bin);
    return bin;
}

/* Write the two terms of a value that lies in a bin: the rows below and above it. */
INLINE void put_numeric(const NumericInput *input, double value, uint32_t bin, uint32_t *row,
                        float *factor)
{
    double share = (value - input->starts[bin]) * input->slopes[bin];
    share = share > 0 ? share : 0; /* so too of a missing value, which lies in bin 0 */
    share = share < 1 ? share : 1;
    row[0] = input->row + (value == value ? bin + 1 : 0);
    row[LANES] = row[0] + 1;
    factor[0] = (float)(1 - share);
    factor[LANES] = (float)share;
}

INLINE void put_categories(const Network *network, const double *X, Py_ssize_t n_columns,
                           const int n_rows, uint32_t *row, float *factor)
{
    for (int k = 0; k < network->n_categorical; k++, row += LANES, factor += LANES) {
        const CategoryInput *input = &network->categorical[k];
        for (int r = 0; r < n_rows; r++) {
            double code = X[r * n_columns + input->column];
            Py_ssize_t part = code != code ? input->n_codes : code_index(code, input->n_codes);
            row[r] = input->row + (uint32_t)part;
            factor[r] = 1.0f;
        }
    }
}

/* Turn up to eight rows into the terms of the first layer: term t of row r is at t * LANES + r. */
INLINE void encode_rows(const Network *network, const double *X, Py_ssize_t n_columns,
                        const int n_rows, uint32_t *row, float *factor)
{
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        double value[LANES];
        uint32_t bin[LANES];
        for (int r = 0; r < n_rows; r++) {
            value[r] = X[r * n_columns + input->column];
        }
        find_bins(input, value, n_rows, bin);
        for (int r = 0; r < n_rows; r++) {
            put_numeric(input, value[r], bin[r], row + r, factor + r);
        }
    }
    put_categories(network, X, n_columns, n_rows, row, factor);
}

static void encode_plain(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                         uint32_t *row, float *factor)
{
    if (n_rows == LANES) {
        encode_rows(network, X, n_columns, LANES, row, factor);
        return;
    }
    for (int r = 0; r < n_rows; r++) {
        encode_rows(network, X + r * n_columns, n_columns, 1, row + r, factor + r);
    }
}

/* Find the inputs above zero, without a branch: each is written, and written over if it is not. */
static int find_positive_plain(const float *hidden, int n_inputs, uint32_t *row)
{
    int n = 0;
    for (int i = 0; i < n_inputs; i++) {
        row[n] = i;
        n += hidden[i] > 0.0f;
    }
    return n;
}

#ifdef __GNUC__
#define N_FLOATS 4
#define TOTAL(v) (((v)[0] + (v)[2]) + ((v)[1] + (v)[3]))
#else
#define N_FLOATS 1
#define TOTAL(v) (v)
#endif
#define KERNEL(name) name##_plain
#define TARGET
#include "_core_sums.h"

static const Kernels PLAIN_KERNELS = {4, encode_plain, sum_encoded_plain, find_positive_plain,
                                      sum_positive_plain, sum_inputs_plain};

#if HAS_X86

WITH_AVX2 INLINE float total_of_eight(__m256 v)
{
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

#define N_FLOATS 8
#define TOTAL total_of_eight
#define KERNEL(name) name##_avx2
#define TARGET WITH_AVX2
#include "_core_sums.h"

/* The same by a mask of 64 inputs; those that pad the width are zero, so they fall away too. */
WITH_AVX2 static int find_positive_avx2(const float *hidden, int n_inputs, uint32_t *row)
{
    int n = 0, width = padded(n_inputs);
    for (int first = 0; first < width; first += 64) {
        uint64_t mask = 0;
        for (int i = first; i < width && i < first + 64; i += 8) {
            __m256 positive = _mm256_cmp_ps(_mm256_loadu_ps(hidden + i), _mm256_setzero_ps(),
                                            _CMP_GT_OQ);
            mask |= (uint64_t)_mm256_movemask_ps(positive) << (i - first);
        }
        for (; mask != 0; mask &= mask - 1) {
            row[n++] = first + __builtin_ctzll(mask);
        }
    }
    return n;
}

/* A value alone is compared with all edges of up to so many levels: the number of those at or below
 * it is its bin, whatever their order. A search would wait level by level. */
enum { MOST_COUNTED_LEVELS = 6 };

WITH_AVX2 INLINE uint32_t bin_of_avx2(const NumericInput *input, double value)
{
    uint64_t mask = 0;
    if (input->n_levels > MOST_COUNTED_LEVELS) {
        return bin_of(input, value);
    }
    for (int i = 0; i < 1 << input->n_levels; i += 4) {
        __m256d edges = _mm256_loadu_pd(input->tree + i);
        __m256d is_above = _mm256_cmp_pd(_mm256_set1_pd(value), edges, _CMP_GE_OQ);
        mask |= (uint64_t)_mm256_movemask_pd(is_above) << i;
    }
    return (uint32_t)__builtin_popcountll(mask);
}

WITH_AVX2 static void encode_avx2(const Network *network, const double *X, Py_ssize_t n_columns,
                                  int n_rows, uint32_t *row, float *factor)
{
    if (n_rows > 1) {
        encode_plain(network, X, n_columns, n_rows, row, factor);
        return;
    }
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        double value = X[input->column];
        put_numeric(input, value, bin_of_avx2(input, value), row, factor);
    }
    put_categories(network, X, n_columns, 1, row, factor);
}

static const Kernels AVX2_KERNELS = {8, encode_avx2, sum_encoded_avx2, find_positive_avx2,
                                     sum_positive_avx2, sum_inputs_avx2};

WITH_AVX512 INLINE float total_of_sixteen(__m512 v)
{
    __m512d pairs = _mm512_castps_pd(v);
    return total_of_eight(_mm256_add_ps(_mm512_castps512_ps256(v),
                                        _mm256_castpd_ps(_mm512_extractf64x4_pd(pairs, 1))));
}

#define N_FLOATS 16
#define TOTAL total_of_sixteen
#define KERNEL(name) name##_avx512
#define TARGET WITH_AVX512
#include "_core_sums.h"

enum { MOST_KNOWN_BITS = 6 }; /* of the tables that are looked up in without a gather */

/* Look eight numbers up in a table of two to the power of `n_bits`, by the lowest bits of `index`. */
WITH_AVX512 INLINE __m512d look_up(const double *table, const int n_bits, __m512i index)
{
    if (n_bits <= 3) {
        return _mm512_permutexvar_pd(index, _mm512_loadu_pd(table));
    }
    if (n_bits > MOST_KNOWN_BITS) {
        index = _mm512_and_epi64(index, _mm512_set1_epi64(((int64_t)1 << n_bits) - 1));
        return _mm512_i64gather_pd(index, table, 8);
    }
    __m512d found[1 << (MOST_KNOWN_BITS - 4)];
    for (int i = 0; i < 1 << (n_bits - 4); i++) {
        found[i] = _mm512_permutex2var_pd(_mm512_loadu_pd(table + 16 * i), index,
                                          _mm512_loadu_pd(table + 16 * i + 8));
    }
    for (int bit = 4; bit < n_bits; bit++) {
        __mmask8 is_set = _mm512_test_epi64_mask(index, _mm512_set1_epi64((int64_t)1 << bit));
        for (int i = 0; i < 1 << (n_bits - bit - 1); i++) {
            found[i] = _mm512_mask_mov_pd(found[2 * i], is_set, found[2 * i + 1]);
        }
    }
    return found[0];
}

WITH_AVX512 INLINE __m512d column_of_eight(const double *X, Py_ssize_t n_columns)
{
    return _mm512_set_pd(X[7 * n_columns], X[6 * n_columns], X[5 * n_columns], X[4 * n_columns],
                         X[3 * n_columns], X[2 * n_columns], X[n_columns], X[0]);
}

/* Eight values of a column: return the row of each, and its share of the way to the next row. */
WITH_AVX512 INLINE __m512i encode_eight(const NumericInput *input, const int n_levels,
                                        __m512d value, __m512d *share)
{
    const __m512i one = _mm512_set1_epi64(1);
    __m512i node = one;
    for (int level = 0; level < n_levels; level++) {
        const double *nodes = input->tree + (level < 3 ? 0 : (size_t)1 << level);
        __m512d edge = look_up(nodes, level, node);
        __mmask8 is_above = _mm512_cmp_pd_mask(value, edge, _CMP_GE_OQ);
        node = _mm512_add_epi64(node, node);
        node = _mm512_mask_add_epi64(node, is_above, node, one);
    }
    __m512i bin = _mm512_sub_epi64(node, _mm512_set1_epi64((int64_t)1 << n_levels));
    __m512d start = look_up(input->starts, n_levels, bin);
    __m512d slope = look_up(input->slopes, n_levels, bin);
    __m512d part = _mm512_mul_pd(_mm512_sub_pd(value, start), slope);
    part = _mm512_max_pd(part, _mm512_setzero_pd());
    *share = _mm512_min_pd(part, _mm512_set1_pd(1.0));
    return _mm512_maskz_add_epi64(_mm512_cmp_pd_mask(value, value, _CMP_EQ_OQ), bin, one);
}

WITH_AVX512 INLINE uint32_t count_edges_avx512(const double *edges, double value,
                                               const int n_vectors)
{
    uint64_t mask = 0;
    for (int v = 0; v < n_vectors; v++) {
        __mmask8 is_above = _mm512_cmp_pd_mask(_mm512_set1_pd(value), _mm512_loadu_pd(edges + 8 * v),
                                               _CMP_GE_OQ);
        mask |= (uint64_t)is_above << 8 * v;
    }
    return (uint32_t)__builtin_popcountll(mask);
}

WITH_AVX512 INLINE uint32_t bin_of_avx512(const NumericInput *input, double value)
{
    switch (input->n_levels) {
    case 0: case 1: case 2: case 3:
        return count_edges_avx512(input->tree, value, 1);
    case 4:
        return count_edges_avx512(input->tree, value, 2);
    case 5:
        return count_edges_avx512(input->tree, value, 4);
    case MOST_COUNTED_LEVELS:
        return count_edges_avx512(input->tree, value, 8);
    default:
        return bin_of(input, value);
    }
}

WITH_AVX512 static void encode_row_avx512(const Network *network, const double *X, uint32_t *row,
                                          float *factor)
{
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        double value = X[input->column];
        put_numeric(input, value, bin_of_avx512(input, value), row, factor);
    }
    put_categories(network, X, 0, 1, row, factor);
}

/* Eight rows at once, or one, to the same bits. */
WITH_AVX512 static void encode_avx512(const Network *network, const double *X, Py_ssize_t n_columns,
                                      int n_rows, uint32_t *row, float *factor)
{
    if (n_rows == 1) {
        encode_row_avx512(network, X, row, factor);
        return;
    }
    if (n_rows < LANES) {
        encode_plain(network, X, n_columns, n_rows, row, factor);
        return;
    }
    for (int k = 0; k < network->n_numeric; k++, row += 2 * LANES, factor += 2 * LANES) {
        const NumericInput *input = &network->numeric[k];
        __m512d value = column_of_eight(X + input->column, n_columns), share;
        __m512i part;
        switch (input->n_levels) { /* the usual ones unrolled */
        case 4:
            part = encode_eight(input, 4, value, &share);
            break;
        case 5:
            part = encode_eight(input, 5, value, &share);
            break;
        case 6:
            part = encode_eight(input, 6, value, &share);
            break;
        default:
            part = encode_eight(input, input->n_levels, value, &share);
        }
        __m256i below = _mm256_add_epi32(_mm512_cvtepi64_epi32(part),
                                         _mm256_set1_epi32((int)input->row));
        _mm256_storeu_si256((__m256i *)row, below);
        _mm256_storeu_si256((__m256i *)(row + LANES),
                            _mm256_add_epi32(below, _mm256_set1_epi32(1)));
        _mm256_storeu_ps(factor, _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_set1_pd(1.0), share)));
        _mm256_storeu_ps(factor + LANES, _mm512_cvtpd_ps(share));
    }
    for (int k = 0; k < network->n_categorical; k++, row += LANES, factor += LANES) {
        const CategoryInput *input = &network->categorical[k];
        __m512d code = column_of_eight(X + input->column, n_columns);
        __mmask8 is_known =
            _mm512_cmp_pd_mask(code, _mm512_setzero_pd(), _CMP_GE_OQ) &
            _mm512_cmp_pd_mask(code, _mm512_set1_pd(input->n_codes), _CMP_LT_OQ);
        __mmask8 is_missing = _mm512_cmp_pd_mask(code, code, _CMP_UNORD_Q);
        __m512d part = _mm512_mask_mov_pd(_mm512_set1_pd(input->n_codes - 1), is_known, code);
        part = _mm512_mask_mov_pd(part, is_missing, _mm512_set1_pd(input->n_codes));
        _mm256_storeu_si256((__m256i *)row,
                            _mm256_add_epi32(_mm512_cvttpd_epi32(part),
                                             _mm256_set1_epi32((int)input->row)));
        _mm256_storeu_ps(factor, _mm256_set1_ps(1.0f));
    }
}

/* Sixteen inputs at a time are moved together; what is stored beyond them is written over. */
WITH_AVX512 static int find_positive_avx512(const float *hidden, int n_inputs, uint32_t *row)
{
    __m512i inputs = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    int n = 0;
    for (int i = 0; i < n_inputs; i += 16) {
        __mmask16 positive = _mm512_cmp_ps_mask(_mm512_loadu_ps(hidden + i), _mm512_setzero_ps(),
                                                _CMP_GT_OQ);
        _mm512_storeu_si512(row + n, _mm512_maskz_compress_epi32(positive, inputs));
        inputs = _mm512_add_epi32(inputs, _mm512_set1_epi32(16));
        n += __builtin_popcount(positive);
    }
    return n;
}

static const Kernels AVX512_KERNELS = {16, encode_avx512, sum_encoded_avx512, find_positive_avx512,
                                       sum_positive_avx512, sum_inputs_avx512};

#endif

/* Return the widest vectors of at most so many floats that this machine has. */
static const Kernels *choose_kernels(int most_floats)
{
#if HAS_X86
    int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("popcnt");
    if (most_floats >= 16 && has_avx2 && __builtin_cpu_supports("avx512f")) {
        return &AVX512_KERNELS;
    }
    if (most_floats >= 8 && has_avx2) {
        return &AVX2_KERNELS;
    }
#else
    (void)most_floats;
#endif
    return &PLAIN_KERNELS;
}

typedef struct {
    uint32_t *row;
    float *factor;
    float *hidden; /* inputs of a layer, and `next` its outputs; then they change places */
    float *next;
} NetworkScratch;

static int make_network_scratch(Block **memory, const Network *network, Py_ssize_t n_rows,
                                NetworkScratch *scratch)
{
    /* Beyond the last row that is found a vector more may be written. */
    scratch->row = claim(memory, network->n_scratch_rows + WIDTH_STEP, sizeof(uint32_t));
    scratch->factor = claim(memory, (size_t)network->n_terms * LANES, sizeof(float));
    scratch->hidden = claim(memory, n_rows, sizeof(float) * network->widest);
    scratch->next = claim(memory, n_rows, sizeof(float) * network->widest);
    return scratch->row && scratch->factor && scratch->hidden && scratch->next ? 0 : -1;
}

/* Rows go through a layer together, so that its weights stay in the cache. */
static void network_rows(const Network *network, const double *X, Py_ssize_t n_columns, int n_rows,
                         const NetworkScratch *scratch, double *out)
{
    const Kernels *kernels = network->kernels;
    uint32_t *row = scratch->row;
    float *hidden = scratch->hidden, *next = scratch->next;
    size_t widest = network->widest;
    for (int first = 0; first < n_rows; first += LANES) {
        int n = n_rows - first < LANES ? n_rows - first : LANES;
        /* Columns are read across the rows, which the machine does not foresee. */
        for (Py_ssize_t i = 0; n == LANES && i < n_columns; i++) {
            PREFETCH(X + (first + 4 * LANES) * n_columns + i * LANES);
        }
        kernels->encode(network, X + first * n_columns, n_columns, n, row, scratch->factor);
        for (int r = 0; r < n; r++) {
            Terms terms = {row + r, scratch->factor + r, network->n_terms};
            kernels->sum_encoded(hidden + (first + r) * widest, &network->first, &terms);
        }
    }
    for (int i = 0; i < network->n_layers; i++) {
        const Layer *layer = &network->layers[i];
        for (int r = 0; r < n_rows; r++) {
            const float *inputs = hidden + r * widest;
            if (layer->is_narrow) {
                kernels->sum_inputs(next + r * widest, layer, inputs);
                continue;
            }
            Terms terms = {row, inputs, kernels->find_positive(inputs, layer->n_inputs, row)};
            kernels->sum_positive(next + r * widest, layer, &terms);
        }
        float *outputs = next;
        next = hidden;
        hidden = outputs;
    }
    for (int r = 0; r < n_rows; r++) {
        for (int k = 0; k < network->n_outputs; k++) {
            *out++ = network->mean + network->scale * (double)hidden[r * widest + k];
        }
    }
}


/* --- 5. The trees ------------------------------------------------------------------------------ */

/* A walk takes the same step at every node: left, to the next node, if the cell is at or below the
 * threshold, else `right` bytes on. Two things make that the whole of it:
 *
 * A row is held twice, once as it is, where a missing value (NaN) is never at or below anything, and
 * once with minus infinity for a missing value. A node where missing values go left reads the second.
 *
 * A leaf steps onto itself, its threshold being NaN and `right` being 0, so walks of different
 * lengths go on side by side. The lower half of that NaN is free to hold the leaf's value: a float,
 * or, where a leaf has many values, their row.
 *
 * A split may instead name the categories that go left, as a set of bits in the place of its
 * threshold. It reads a third copy of the row, whose cells hold the one bit of a code. Trees without
 * such splits have no third copy, and take steps that ask for none. */

typedef struct {
    double threshold; /* or a set of categories */
    int32_t right; /* bytes to the right child */
    uint32_t cell; /* bytes to the cell, in a block */
} Node;

typedef struct {
    const Node *root;
    int32_t depth;
    int32_t output;
} Tree;

typedef struct {
    int32_t column;
    int32_t n_codes;
    const double *rank;
} Ranks;

typedef struct {
    int n_sums, n_values, n_ranked;
    int n_copies; /* of a row: 3 where splits may be by sets of categories, else 2 */
    Py_ssize_t n_trees;
    Py_ssize_t n_columns;
    Py_ssize_t n_set_columns;
    int32_t *set_columns; /* those whose third copy is read */
    Tree *trees; /* flattest first, so that those walked together are of like depth */
    Ranks *ranked;
    const double *base;
    const float *leaf_values; /* n_values for each leaf, where there are several */
    size_t n_bytes;
} Trees;

enum {
    FEATURE, THRESHOLD, RIGHT, MISSING_LEFT, VALUE, ROOTS, TREE_OUTPUT, BASE,
    TREE_CATEGORY_COLUMNS, TREE_CATEGORY_OFFSETS, CATEGORY_RANK, LEFT_CATEGORIES, N_TREE_ARRAYS
};

static const Form TREE_FORMS[N_TREE_ARRAYS] = {
    {"feature", 'i'}, {"threshold", 'd'},        {"right", 'i'},
    {"missing_left", 'B'}, {"value", 'f'},       {"roots", 'i'},
    {"tree_output", 'i'},  {"base", 'd'},        {"category_columns", 'i'},
    {"category_offsets", 'i'}, {"category_rank", 'd'}, {"left_categories", 'Q'},
};

static double leaf_mark(uint32_t payload)
{
    uint64_t bits = UINT64_C(0x7FF8000000000000) | payload;
    double mark;
    memcpy(&mark, &bits, 8);
    return mark;
}

INLINE uint32_t leaf_payload(const Node *leaf)
{
    uint64_t bits;
    memcpy(&bits, &leaf->threshold, 8);
    return (uint32_t)bits;
}

INLINE float leaf_value(const Node *leaf)
{
    uint32_t payload = leaf_payload(leaf);
    float value;
    memcpy(&value, &payload, 4);
    return value;
}

/* A set of categories, or the bit of a code, as the 52 lower bits of a double. As doubles of their
 * own they would be denormal, and slow to compare on some machines. A set's other bits make it 2 or
 * more and those of a code less than 2: so a code is below any set, and they share none of those. */
INLINE double double_of_bits(uint64_t set, uint64_t other_bits)
{
    uint64_t bits = other_bits | set;
    double number;
    memcpy(&number, &bits, 8);
    return number;
}

static const uint64_t BITS_OF_ONE = UINT64_C(0x3FF) << 52, BITS_OF_TWO = UINT64_C(0x400) << 52;

/* The categories that go left; none where the split is by a threshold. */
static uint64_t set_at(const Array *given, Py_ssize_t i)
{
    return given[LEFT_CATEGORIES].is_open ? bits_at(&given[LEFT_CATEGORIES], i) : 0;
}

static int build_split(const Array *given, Py_ssize_t i, Py_ssize_t n_columns, Node *node)
{
    int32_t feature = int_at(&given[FEATURE], i);
    double threshold = double_at(&given[THRESHOLD], i);
    int missing_left = byte_at(&given[MISSING_LEFT], i);
    if (feature >= n_columns) {
        return refuse("must be -1 or the index of a column", "feature", feature);
    }
    if (threshold != threshold) {
        return refuse("must not be NaN; the index of one that is", "threshold", i);
    }
    if (missing_left > 1) {
        return refuse("must be 0 or 1", "missing_left", missing_left);
    }
    node->threshold = threshold;
    node->cell = (uint32_t)(feature + (missing_left ? n_columns : 0)) * CELL_BYTES;
    uint64_t set = set_at(given, i);
    if (set >> (MISSING_BIT + 1) != 0) {
        return refuse("must have no bit beyond that of a missing value; the node where it has one",
                      "left_categories", i);
    }
    if (set != 0) {
        node->threshold = double_of_bits(set, BITS_OF_TWO);
        node->cell = (uint32_t)(feature + 2 * n_columns) * CELL_BYTES;
    }
    return 0;
}

static int build_leaf(const Array *given, Py_ssize_t i, Py_ssize_t n_values, float *leaf_values,
                      uint32_t *n_leaves, Node *node)
{
    float first = float_at(&given[VALUE], i * n_values);
    for (Py_ssize_t k = 0; k < n_values; k++) {
        if (!isfinite(float_at(&given[VALUE], i * n_values + k))) {
            return refuse("must be finite; the node where it is not", "value", i);
        }
    }
    uint32_t payload;
    if (n_values == 1) {
        memcpy(&payload, &first, 4);
    } else {
        payload = (*n_leaves)++;
        copy_rows(leaf_values + payload * (size_t)n_values, (int)n_values, &given[VALUE], i, 1,
                  n_values);
    }
    *node = (Node){leaf_mark(payload), 0, 0};
    return 0;
}

/* Lay out one tree in preorder from node `i` on. Splits whose right child is still to come wait on a
 * stack; after a leaf comes the right child of the split on top, or, if none waits, the tree's end.
 * So the leaves alone fix where every child must be, and no walk can leave the tree or circle. */
static Py_ssize_t build_tree(const Array *given, Py_ssize_t i, Py_ssize_t n_nodes,
                             Py_ssize_t n_columns, Py_ssize_t n_values, float *leaf_values,
                             uint32_t *n_leaves, Node *nodes, Tree *tree)
{
    struct { Py_ssize_t node; int depth; } waiting[MAX_TREE_DEPTH + 1];
    int n_waiting = 0, depth = 0;
    tree->root = &nodes[i];
    tree->depth = 0;
    for (; i < n_nodes; i++) {
        tree->depth = depth > tree->depth ? depth : tree->depth;
        int32_t feature = int_at(&given[FEATURE], i);
        if (feature >= 0) {
            if (depth >= MAX_TREE_DEPTH) {
                return refuse("a tree must be at most 512 deep; the node beyond", "feature", i);
            }
            if (build_split(given, i, n_columns, &nodes[i]) < 0) {
                return -1;
            }
            waiting[n_waiting].node = i;
            waiting[n_waiting++].depth = depth++;
            continue;
        }
        if (feature != -1) {
            return refuse("must be -1 or the index of a column", "feature", feature);
        }
        if (build_leaf(given, i, n_values, leaf_values, n_leaves, &nodes[i]) < 0) {
            return -1;
        }
        if (n_waiting == 0) {
            return i + 1;
        }
        Py_ssize_t parent = waiting[--n_waiting].node;
        depth = waiting[n_waiting].depth + 1;
        Py_ssize_t step = (i + 1 - parent) * (Py_ssize_t)sizeof(Node);
        if (step > INT32_MAX) {
            return refuse("a tree must be below 2 GiB; the bytes of a subtree", "right", step);
        }
        if (int_at(&given[RIGHT], parent) != i + 1) {
            return refuse("must be the node after the whole left subtree; the node of one that is "
                          "not", "right", parent);
        }
        nodes[parent].right = (int32_t)step;
    }
    return refuse("the last tree must be whole, got nodes up to", "feature", n_nodes);
}

static int is_flatter(const void *one, const void *other)
{
    const Tree *a = one, *b = other;
    if (a->depth != b->depth) {
        return a->depth < b->depth ? -1 : 1;
    }
    return a->root < b->root ? -1 : 1; /* an order of its own, so that every build sums alike */
}

static int build_all_trees(Block **memory, const Array *given, Py_ssize_t n_columns, Trees *trees)
{
    Py_ssize_t n_nodes = given[FEATURE].length, n_trees = given[ROOTS].length;
    Py_ssize_t n_sums = given[BASE].length;
    if (n_nodes < 1 || n_nodes > INT32_MAX || n_trees < 1 || n_trees > n_nodes) {
        return refuse("there must be a tree, and nodes for each", "roots", n_trees);
    }
    trees->n_copies = given[LEFT_CATEGORIES].is_open ? 3 : 2;
    if (n_columns > UINT32_MAX / (trees->n_copies * CELL_BYTES)) {
        return refuse("trees take at most 4 million, or 2 with sets of categories", "columns",
                      n_columns);
    }
    Py_ssize_t n_values = given[VALUE].length / n_nodes;
    if (n_sums < 1 || n_sums > INT32_MAX / 16 || (n_values != 1 && n_values != n_sums)) {
        return refuse("a node must have 1 value or one for each sum", "value", n_values);
    }
    if (check_length(&given[THRESHOLD], &TREE_FORMS[THRESHOLD], n_nodes) < 0 ||
        check_length(&given[RIGHT], &TREE_FORMS[RIGHT], n_nodes) < 0 ||
        check_length(&given[MISSING_LEFT], &TREE_FORMS[MISSING_LEFT], n_nodes) < 0 ||
        check_length(&given[VALUE], &TREE_FORMS[VALUE], n_nodes * n_values) < 0 ||
        check_length(&given[TREE_OUTPUT], &TREE_FORMS[TREE_OUTPUT], n_trees) < 0 ||
        (given[LEFT_CATEGORIES].is_open &&
         check_length(&given[LEFT_CATEGORIES], &TREE_FORMS[LEFT_CATEGORIES], n_nodes) < 0) ||
        check_finite(&given[BASE], &TREE_FORMS[BASE]) < 0) {
        return -1;
    }
    /* In a binary tree there is one leaf more than there are splits. */
    size_t n_leaves = (size_t)(n_nodes + n_trees) / 2;
    Node *nodes = claim(memory, n_nodes, sizeof(Node));
    double *base = claim(memory, n_sums, sizeof(double));
    float *leaf_values = claim(memory, n_values == 1 ? 1 : n_leaves, sizeof(float) * n_values);
    trees->trees = claim(memory, n_trees, sizeof(Tree));
    if (nodes == NULL || base == NULL || leaf_values == NULL || trees->trees == NULL) {
        return -1;
    }
    for (Py_ssize_t k = 0; k < n_sums; k++) {
        base[k] = double_at(&given[BASE], k);
    }
    Py_ssize_t i = 0;
    uint32_t leaves_so_far = 0;
    for (Py_ssize_t t = 0; t < n_trees; t++) {
        int32_t output = int_at(&given[TREE_OUTPUT], t);
        if (output < -1 || output >= n_sums || (output == -1 && n_values != n_sums) ||
            (output >= 0 && n_values != 1)) {
            return refuse("must be -1 for leaves of all sums, else a sum", "tree_output", output);
        }
        if (int_at(&given[ROOTS], t) != i) {
            return refuse("must be the nodes where trees begin", "roots", int_at(&given[ROOTS], t));
        }
        trees->trees[t].output = output < 0 ? 0 : output;
        i = build_tree(given, i, n_nodes, n_columns, n_values, leaf_values, &leaves_so_far, nodes,
                       &trees->trees[t]);
        if (i < 0) {
            return -1;
        }
    }
    if (i != n_nodes) {
        return refuse("must name every tree; the first node left over", "roots", i);
    }
    qsort(trees->trees, n_trees, sizeof(Tree), is_flatter);
    trees->n_trees = n_trees;
    trees->n_sums = (int)n_sums;
    trees->n_values = (int)n_values;
    trees->n_columns = n_columns;
    trees->base = base;
    trees->leaf_values = leaf_values;
    trees->n_bytes = n_nodes * sizeof(Node) + (n_values == 1 ? 0 : n_leaves * n_values * 4);
    return 0;
}

static int build_ranks(Block **memory, const Array *given, const Column *columns,
                       Py_ssize_t n_columns, Trees *trees)
{
    const Array *used = &given[TREE_CATEGORY_COLUMNS], *ranks = &given[CATEGORY_RANK];
    if (check_columns(used, &TREE_FORMS[TREE_CATEGORY_COLUMNS], columns, n_columns,
                      is_categorical) < 0 ||
        check_offsets(&given[TREE_CATEGORY_OFFSETS], &TREE_FORMS[TREE_CATEGORY_OFFSETS],
                      used->length, ranks->length) < 0) {
        return -1;
    }
    double *rank = claim(memory, ranks->length, sizeof(double));
    trees->ranked = claim(memory, used->length, sizeof(Ranks));
    if (rank == NULL || trees->ranked == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < ranks->length; i++) {
        rank[i] = double_at(ranks, i);
        if (isinf(rank[i])) {
            return refuse("must not be infinite; the index of one that is", "category_rank", i);
        }
    }
    for (Py_ssize_t k = 0; k < used->length; k++) {
        int32_t j = int_at(used, k), begin = int_at(&given[TREE_CATEGORY_OFFSETS], k);
        int32_t n_codes = int_at(&given[TREE_CATEGORY_OFFSETS], k + 1) - begin;
        if (n_codes != columns[j].n_codes) {
            return refuse("a column needs an entry for each code", "category_rank", n_codes);
        }
        trees->ranked[k] = (Ranks){j, n_codes, rank + begin};
    }
    trees->n_ranked = (int)used->length;
    return 0;
}

/* List the columns that are split by sets, once the trees were built. */
static int list_set_columns(Block **memory, const Array *given, Trees *trees)
{
    Block *list = NULL;
    unsigned char *is_split = claim(&list, trees->n_columns, 1);
    trees->set_columns = claim(memory, trees->n_columns, sizeof(int32_t));
    int status = is_split == NULL || trees->set_columns == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < given[LEFT_CATEGORIES].length; i++) {
        int32_t feature = int_at(&given[FEATURE], i);
        if (set_at(given, i) == 0) {
            continue;
        }
        if (feature < 0) {
            status = refuse("must be 0 at a leaf; the node where it is not", "left_categories", i);
        } else if (!is_split[feature]) {
            is_split[feature] = 1;
            trees->set_columns[trees->n_set_columns++] = feature;
        }
    }
    release(&list);
    return status;
}

static int build_trees(Block **memory, PyObject *arrays, const Column *columns,
                       Py_ssize_t n_columns, Trees *trees)
{
    Array given[N_TREE_ARRAYS];
    memset(given, 0, sizeof given);
    int status = 0;
    for (int i = 0; status == 0 && i < N_TREE_ARRAYS; i++) {
        if (i != LEFT_CATEGORIES || PyMapping_HasKeyString(arrays, TREE_FORMS[i].name)) {
            status = open_array(arrays, &TREE_FORMS[i], &given[i]);
        }
    }
    if (status == 0) {
        status = build_all_trees(memory, given, n_columns, trees);
    }
    if (status == 0) {
        status = build_ranks(memory, given, columns, n_columns, trees);
    }
    if (status == 0) {
        status = list_set_columns(memory, given, trees);
    }
    close_arrays(given, N_TREE_ARRAYS);
    return status;
}

/* The bit of a code; that of a missing value for whatever is no code below it. */
INLINE double category_bit(double code)
{
    int bit = code >= 0 && code < MISSING_BIT ? (int)code : MISSING_BIT;
    return double_of_bits(UINT64_C(1) << bit, BITS_OF_ONE);
}

/* Write the copies of a row, of which neighbouring cells lie `spacing` apart. */
INLINE void fill_cells(const Trees *trees, const double *x, double *cells, size_t spacing)
{
    size_t n_columns = trees->n_columns;
    for (size_t j = 0; j < n_columns; j++) {
        cells[j * spacing] = x[j];
        cells[(n_columns + j) * spacing] = x[j] != x[j] ? -INFINITY : x[j];
    }
    for (int k = 0; k < trees->n_ranked; k++) {
        const Ranks *ranked = &trees->ranked[k];
        size_t j = ranked->column;
        double code = x[j];
        double rank = code != code ? NAN : ranked->rank[code_index(code, ranked->n_codes)];
        cells[j * spacing] = rank;
        cells[(n_columns + j) * spacing] = rank != rank ? -INFINITY : rank;
    }
    for (Py_ssize_t k = 0; k < trees->n_set_columns; k++) {
        size_t j = trees->set_columns[k];
        cells[(2 * n_columns + j) * spacing] = category_bit(cells[j * spacing]);
    }
}

/* Tell whether a row goes left, without a branch. The sets' cells are those from `sets_at` on, and
 * below any set; 0 says that there are none, which a compiler must see. */
INLINE int goes_left(const Node *node, double cell, uint32_t sets_at)
{
    int is_below = cell <= node->threshold;
    if (sets_at == 0) {
        return is_below;
    }
    uint64_t bit, set;
    memcpy(&bit, &cell, 8);
    memcpy(&set, &node->threshold, 8);
    int is_in = (bit & set) != 0, is_number = node->cell < sets_at;
    HIDE_VALUE(is_below);
    HIDE_VALUE(is_in);
    HIDE_VALUE(is_number);
    return is_below & (is_in | is_number);
}

INLINE const Node *next_node(const Node *node, double cell, uint32_t sets_at)
{
    ptrdiff_t right = node->right, left = sizeof(Node);
    HIDE_VALUE(right);
    HIDE_VALUE(left);
    return (const Node *)((const char *)node + (goes_left(node, cell, sets_at) ? left : right));
}

INLINE double block_cell(const double *block, const Node *node)
{
    return *(const double *)((const char *)block + node->cell);
}

/* The same cell of a row that lies by itself. */
INLINE double row_cell(const double *row, const Node *node)
{
    return *(const double *)((const char *)row + node->cell / BLOCK_ROWS);
}

INLINE const float *leaf_row(const Trees *trees, const Node *leaf)
{
    return trees->leaf_values + leaf_payload(leaf) * (size_t)trees->n_values;
}

INLINE void add_leaf(const Trees *trees, const Tree *tree, const Node *leaf, double *sums)
{
    if (trees->n_values == 1) {
        sums[tree->output] += leaf_value(leaf);
        return;
    }
    const float *values = leaf_row(trees, leaf);
    for (int k = 0; k < trees->n_values; k++) {
        sums[k] += values[k];
    }
}

/* One row down eight trees at a time. */
INLINE void walk_trees(const Trees *trees, const double *x, double *cells, double *out,
                       uint32_t sets_at)
{
    fill_cells(trees, x, cells, 1);
    memcpy(out, trees->base, trees->n_sums * sizeof(double));
    Py_ssize_t t = 0;
    for (; t + LANES <= trees->n_trees; t += LANES) {
        const Tree *group = &trees->trees[t];
        const Node *at[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            at[lane] = group[lane].root;
        }
        for (int32_t step = group[LANES - 1].depth; step > 0; step--) {
            for (int lane = 0; lane < LANES; lane++) {
                at[lane] = next_node(at[lane], row_cell(cells, at[lane]), sets_at);
            }
        }
        for (int lane = 0; lane < LANES; lane++) {
            add_leaf(trees, &group[lane], at[lane], out);
        }
    }
    for (; t < trees->n_trees; t++) {
        const Node *at = trees->trees[t].root;
        while (at->right != 0) {
            at = next_node(at, row_cell(cells, at), sets_at);
        }
        add_leaf(trees, &trees->trees[t], at, out);
    }
}

/* Where in a block the third copy begins, 0 if there is none. */
INLINE uint32_t sets_begin(const Trees *trees)
{
    return trees->n_set_columns == 0 ? 0 : 2 * (uint32_t)trees->n_columns * CELL_BYTES;
}

static void trees_row(const Trees *trees, const double *x, double *cells, double *out)
{
    uint32_t sets_at = sets_begin(trees);
    if (sets_at == 0) {
        walk_trees(trees, x, cells, out, 0);
    } else {
        walk_trees(trees, x, cells, out, sets_at);
    }
}

/* Eight rows down one tree. A block holds cell c of row r at c * BLOCK_ROWS + r. */
INLINE void walk_rows(const Tree *tree, const double *block, uint32_t sets_at, const Node **at)
{
    const Node *now[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        now[lane] = tree->root;
    }
    for (int32_t left = tree->depth; left > 0; left -= 2) {
        for (int step = 0; step < 2; step++) {
            for (int lane = 0; lane < LANES; lane++) {
                now[lane] = next_node(now[lane], block_cell(block + lane, now[lane]), sets_at);
            }
        }
        int32_t on_the_way = 0;
        for (int lane = 0; lane < LANES; lane++) {
            on_the_way |= now[lane]->right;
        }
        if (on_the_way == 0) {
            break;
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        at[lane] = now[lane];
    }
}

/* A panel of blocks, tree by tree, so that a tree too big for the cache is fetched once for all. */
INLINE void walk_panel(const Trees *trees, const double *X, Py_ssize_t n_rows, double *panel,
                       double *out, uint32_t sets_at)
{
    size_t block_size = trees->n_copies * (size_t)trees->n_columns * BLOCK_ROWS;
    size_t n_sums = trees->n_sums;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        fill_cells(trees, X + i * trees->n_columns,
                   panel + i / BLOCK_ROWS * block_size + i % BLOCK_ROWS, BLOCK_ROWS);
        memcpy(out + i * n_sums, trees->base, n_sums * sizeof(double));
    }
    for (Py_ssize_t t = 0; t < trees->n_trees; t++) {
        const Tree *tree = &trees->trees[t];
        for (Py_ssize_t first = 0; first < n_rows; first += BLOCK_ROWS) {
            const double *block = panel + first / BLOCK_ROWS * block_size;
            Py_ssize_t n = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
            const Node *leaf[BLOCK_ROWS];
            /* The last eight may go beyond the last row, to cells of a row before: in vain. */
            for (Py_ssize_t i = 0; i < n; i += LANES) {
                walk_rows(tree, block + i, sets_at, leaf + i);
                for (int lane = 0; trees->n_values > 1 && lane < LANES; lane++) {
                    PREFETCH(leaf_row(trees, leaf[i + lane]));
                }
            }
            for (Py_ssize_t i = 0; i < n; i++) {
                add_leaf(trees, tree, leaf[i], out + (first + i) * n_sums);
            }
        }
    }
}

static void trees_panel(const Trees *trees, const double *X, Py_ssize_t n_rows, double *panel,
                        double *out)
{
    uint32_t sets_at = sets_begin(trees);
    if (sets_at == 0) {
        walk_panel(trees, X, n_rows, panel, out, 0);
    } else {
        walk_panel(trees, X, n_rows, panel, out, sets_at);
    }
}


/* --- 6. The response --------------------------------------------------------------------------- */

typedef enum { IDENTITY, SIGMOID, SOFTMAX } Link;

/* From sums to the answer: a line on the sums, the link, a curve on the second of two classes. */
typedef struct {
    Link link;
    int is_classifier;
    int n_sums, n_outputs;
    double scale;
    const double *bias; /* one for each sum */
    int n_knots;        /* 0 where there is no curve */
    const double *curve_x, *curve_y;
    int has_threshold;
    double threshold;
} Response;

/* Two outputs by one exponential, and without a branch on which is the larger. */
static void softmax_of_two(double first, double second, double *answer)
{
    double rest = exp(-fabs(first - second)), larger = 1.0 / (1.0 + rest);
    double smaller = rest * larger;
    int is_first = first >= second;
    answer[!is_first] = larger;
    answer[is_first] = smaller;
}

static void divide_by_total(double *values, int n)
{
    double total = 0;
    for (int k = 0; k < n; k++) {
        total += values[k];
    }
    for (int k = 0; k < n; k++) {
        values[k] /= total;
    }
}

/* Turn one row's outputs into probabilities, which sum to one. */
static void softmax(double *values, int n)
{
    if (n == 2) {
        softmax_of_two(values[0], values[1], values);
        return;
    }
    double largest = values[0];
    for (int k = 1; k < n; k++) {
        largest = values[k] > largest ? values[k] : largest;
    }
    for (int k = 0; k < n; k++) {
        values[k] = exp(values[k] - largest);
    }
    divide_by_total(values, n);
}

/* Whatever `p` is, the knots around it are looked up by indices below `n_knots`. */
static double curve_at(const Response *response, double p)
{
    int low = 0, high = response->n_knots - 1;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (p >= response->curve_x[middle]) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double start = response->curve_x[low];
    double share = (p - start) / (response->curve_x[high] - start);
    share = share > 0 ? share : 0;
    share = share < 1 ? share : 1;
    return response->curve_y[low] + share * (response->curve_y[high] - response->curve_y[low]);
}

static void respond(const Response *response, const double *sums, double *answer)
{
    int n_outputs = response->n_outputs;
    if (response->link == SIGMOID) {
        softmax_of_two(0.0, response->scale * sums[0] + response->bias[0], answer);
    } else if (response->link == SOFTMAX) {
        for (int k = 0; k < n_outputs; k++) {
            answer[k] = response->scale * sums[k] + response->bias[k];
        }
        softmax(answer, n_outputs);
    } else {
        memmove(answer, sums, n_outputs * sizeof(double));
        if (response->is_classifier) {
            divide_by_total(answer, n_outputs);
        }
    }
    if (response->n_knots > 0) {
        answer[1] = curve_at(response, answer[1]);
        answer[0] = 1.0 - answer[1];
    }
}

/* The index of the class that is answered with. */
static int decide(const Response *response, const double *answer)
{
    if (response->has_threshold) {
        return answer[1] >= response->threshold;
    }
    int best = 0;
    for (int k = 1; k < response->n_outputs; k++) {
        best = answer[k] > answer[best] ? k : best;
    }
    return best;
}

static int build_line(Block **memory, double scale, PyObject *given, Response *response)
{
    static const Form form = {"logit_bias", 'd'};
    double *bias = claim(memory, response->n_sums, sizeof(double));
    if (bias == NULL) {
        return -1;
    }
    response->scale = scale;
    response->bias = bias;
    if (!(scale > 0 && isfinite(scale))) {
        PyErr_SetString(PyExc_ValueError, "logit_scale must be finite and above 0.");
        return -1;
    }
    if (scale != 1.0 && response->link == IDENTITY) {
        return refuse("must not be identity where logits are scaled", "link", response->link);
    }
    if (given == Py_None) {
        return 0;
    }
    Array array = {.is_open = 0};
    int status = open_buffer(given, &form, PyBUF_SIMPLE, &array);
    if (status == 0 && response->link == IDENTITY) {
        status = refuse("must not be identity where logits are shifted", "link", response->link);
    }
    if (status == 0) {
        status = check_length(&array, &form, response->n_sums);
    }
    if (status == 0) {
        status = check_finite(&array, &form);
    }
    for (Py_ssize_t k = 0; status == 0 && k < array.length; k++) {
        bias[k] = double_at(&array, k);
    }
    close_arrays(&array, 1);
    return status;
}

/* Copy the knots out, so that those that are used are those that were checked. */
static int copy_knots(Block **memory, const Array *given, const Form *forms, Response *response)
{
    Py_ssize_t n_knots = given[0].length;
    if (response->n_outputs != 2 || !response->is_classifier) {
        return refuse("two are needed for a curve", "classes", response->n_outputs);
    }
    if (n_knots < 2 || n_knots > MAX_KNOTS) {
        return refuse("must have from 2 to 1024 entries", "curve_x", n_knots);
    }
    double *x = claim(memory, n_knots, sizeof(double));
    double *y = claim(memory, n_knots, sizeof(double));
    if (x == NULL || y == NULL || check_length(&given[1], &forms[1], n_knots) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < n_knots; i++) {
        x[i] = double_at(&given[0], i);
        y[i] = double_at(&given[1], i);
        if (!(x[i] >= 0 && x[i] <= 1) || (i > 0 && !(x[i] > x[i - 1]))) {
            return refuse("must increase within [0, 1]; the index where it does not", "curve_x", i);
        }
        if (!(y[i] >= 0 && y[i] <= 1) || (i > 0 && !(y[i] >= y[i - 1]))) {
            return refuse("must not decrease, within [0, 1]; the index where it does", "curve_y",
                          i);
        }
    }
    response->curve_x = x;
    response->curve_y = y;
    response->n_knots = (int)n_knots;
    return 0;
}

static int build_curve(Block **memory, PyObject *given_x, PyObject *given_y, Response *response)
{
    static const Form forms[2] = {{"curve_x", 'd'}, {"curve_y", 'd'}};
    if (given_x == Py_None && given_y == Py_None) {
        return 0;
    }
    Array given[2] = {{.is_open = 0}, {.is_open = 0}};
    int status = open_buffer(given_x, &forms[0], PyBUF_SIMPLE, &given[0]);
    if (status == 0) {
        status = open_buffer(given_y, &forms[1], PyBUF_SIMPLE, &given[1]);
    }
    if (status == 0) {
        status = copy_knots(memory, given, forms, response);
    }
    close_arrays(given, 2);
    return status;
}

/* NaN stands for no threshold. */
static int set_threshold(double threshold, Response *response)
{
    response->has_threshold = threshold == threshold;
    response->threshold = threshold;
    if (!response->has_threshold) {
        return 0;
    }
    if (response->n_outputs != 2 || !response->is_classifier) {
        return refuse("two are needed for a threshold", "classes", response->n_outputs);
    }
    if (!(threshold >= 0 && threshold <= 1)) {
        PyErr_SetString(PyExc_ValueError, "threshold must be in [0, 1].");
        return -1;
    }
    return 0;
}


/* --- 7. Batches -------------------------------------------------------------------------------- */

/* What scoring writes to on its way; each thread has its own. */
typedef struct {
    Py_ssize_t n_rows; /* scored together */
    NetworkScratch network;
    double *cells;
    double *panel;
    double *sums;
} Scratch;

/* The keys of a row that was read, in its order: the next row most likely has the same ones. */
typedef struct {
    Py_ssize_t n_keys; /* 0 where none is known */
    PyObject **key;    /* exact strings, which are owned */
    int32_t *column;   /* of each key */
    Py_ssize_t n_absent;
    int32_t *absent;   /* columns that have no key */
    int credit;        /* earned by rows that had these keys, spent on learning others */
} Layout;

typedef struct {
    PyObject_HEAD
    Block *memory;
    Column *columns;
    Py_ssize_t n_columns;
    PyObject *classes;
    PyObject *answer;      /* a dict of every class, to be copied and filled where they are many */
    PyObject *encode_other; /* called with a row that chapter 8 does not read */
    int is_network;
    Network network;
    Trees trees;
    Response response;
    PyObject *column_of; /* a dict of a column's name to its index */
    Layout layout;
    Scratch scratch; /* for one row, used while the interpreter lock is held */
} Model;

static int make_scratch(Block **memory, const Model *model, Py_ssize_t n_rows, Scratch *scratch)
{
    size_t n_columns = model->n_columns, n_sums = model->response.n_sums;
    memset(scratch, 0, sizeof *scratch);
    if (model->is_network) {
        scratch->n_rows = n_rows < NETWORK_ROWS ? n_rows : NETWORK_ROWS;
        scratch->sums = claim(memory, scratch->n_rows + 1, (n_sums + 1) * sizeof(double));
        return scratch->sums == NULL ? -1
                                     : make_network_scratch(memory, &model->network,
                                                            scratch->n_rows, &scratch->network);
    }
    size_t n_cells = model->trees.n_copies * n_columns;
    size_t block_bytes = BLOCK_ROWS * sizeof(double) * (n_cells + n_sums);
    size_t n_blocks = model->trees.n_bytes > CACHE_BYTES ? 1 + PANEL_BYTES / block_bytes : 1;
    n_blocks = n_rows == 1 ? 0 : n_blocks;
    size_t most = (n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    n_blocks = n_blocks < most ? n_blocks : most;
    scratch->n_rows = n_blocks ? n_blocks * BLOCK_ROWS : 1;
    scratch->cells = claim(memory, n_cells, sizeof(double));
    scratch->panel = claim(memory, n_blocks * BLOCK_ROWS, n_cells * sizeof(double));
    scratch->sums = claim(memory, scratch->n_rows + 1, (n_sums + 1) * sizeof(double));
    return scratch->cells && scratch->panel && scratch->sums ? 0 : -1;
}

static void score_rows(const Model *model, const double *X, Py_ssize_t n_rows, Scratch *scratch,
                       double *sums)
{
    if (model->is_network) {
        network_rows(&model->network, X, model->n_columns, (int)n_rows, &scratch->network, sums);
    } else if (scratch->n_rows == 1) {
        trees_row(&model->trees, X, scratch->cells, sums);
    } else {
        trees_panel(&model->trees, X, n_rows, scratch->panel, sums);
    }
}

typedef struct {
    const Model *model;
    const double *X;
    double *out;
    Py_ssize_t n_rows;
    int as_response;
    Scratch scratch;
} Range;

static void finish_rows(const Range *range, const double *sums, Py_ssize_t first, Py_ssize_t n_rows)
{
    const Response *response = &range->model->response;
    size_t n_sums = response->n_sums, n_outputs = response->n_outputs;
    for (Py_ssize_t i = 0; i < n_rows; i++) {
        const double *row = sums + i * n_sums;
        if (range->as_response) {
            respond(response, row, range->out + (first + i) * n_outputs);
        } else {
            memcpy(range->out + (first + i) * n_sums, row, n_sums * sizeof(double));
        }
    }
}

static void *score_range(void *argument)
{
    Range *range = argument;
    const Model *model = range->model;
    Scratch *scratch = &range->scratch;
    for (Py_ssize_t i = 0; i < range->n_rows; i += scratch->n_rows) {
        const double *x = range->X + i * model->n_columns;
        Py_ssize_t left = range->n_rows - i, n = left < scratch->n_rows ? left : scratch->n_rows;
        score_rows(model, x, n, scratch, scratch->sums);
        finish_rows(range, scratch->sums, i, n);
    }
    return NULL;
}

/* Score ranges of rows, each but the first in a thread of its own if one can be had. */
static void score_ranges(Range *ranges, int n_ranges)
{
#ifdef _WIN32
    for (int i = 0; i < n_ranges; i++) {
        score_range(&ranges[i]);
    }
#else
    pthread_t threads[MAX_THREADS];
    int is_running[MAX_THREADS];
    for (int i = 1; i < n_ranges; i++) {
        is_running[i] = pthread_create(&threads[i], NULL, score_range, &ranges[i]) == 0;
    }
    score_range(&ranges[0]);
    for (int i = 1; i < n_ranges; i++) {
        if (is_running[i]) {
            pthread_join(threads[i], NULL);
        } else {
            score_range(&ranges[i]);
        }
    }
#endif
}

static int score_batch(const Model *model, const double *X, Py_ssize_t n_rows, double *out,
                       int as_response, Py_ssize_t n_threads)
{
    Range ranges[MAX_THREADS];
    Block *memory = NULL;
    int status = 0;
    Py_ssize_t n_out = as_response ? model->response.n_outputs : model->response.n_sums;
    for (Py_ssize_t i = 0; status == 0 && i < n_threads; i++) {
        Py_ssize_t begin = n_rows * i / n_threads, end = n_rows * (i + 1) / n_threads;
        ranges[i] = (Range){model, X + begin * model->n_columns, out + begin * n_out, end - begin,
                            as_response, {0}};
        status = make_scratch(&memory, model, end - begin, &ranges[i].scratch);
    }
    if (status == 0) {
        Py_BEGIN_ALLOW_THREADS
        score_ranges(ranges, (int)n_threads);
        Py_END_ALLOW_THREADS
    }
    release(&memory);
    return status;
}


/* --- 8. Raw rows ------------------------------------------------------------------------------- */

/* Only plain values are read here: float, int, bool, str and None, each exactly. Whatever else a row
 * may hold, a key that is no column among it, is left to `encode_other`, which knows every rule and
 * words every error. */

static int encode_number(PyObject *value, double *code)
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
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        /* Below 2^53 every whole number is a double. */
        if (overflow == 0 && number > -(1LL << 53) && number < 1LL << 53) {
            *code = (double)number;
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
    if (PyUnicode_CheckExact(value)) {
        *code = find_text(column, value);
        return 1;
    }
    if (!is_plain(value)) {
        return 0;
    }
    PyObject *found = PyDict_GetItemWithError(column->code_of, value);
    if (found != NULL) {
        *code = PyFloat_AsDouble(found);
        return *code == -1.0 && PyErr_Occurred() ? -1 : 1;
    }
    if (PyErr_Occurred()) {
        return -1;
    }
    int is_nan = PyFloat_CheckExact(value) && isnan(PyFloat_AsDouble(value));
    *code = is_nan ? NAN : (double)(column->n_codes - 1);
    return 1;
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
        if (key != layout->key[i] && !is_same_text(key, layout->key[i])) {
            return 0;
        }
        int32_t j = layout->column[i];
        int status = encode_value(&model->columns[j], value, &x[j]);
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

static void forget_layout(Layout *layout)
{
    for (Py_ssize_t i = 0; i < layout->n_keys; i++) {
        Py_DECREF(layout->key[i]); /* a plain string, so no Python code runs */
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
    forget_layout(layout);
    while (layout->n_keys < model->n_columns && PyDict_Next(row, &place, &key, &value)) {
        PyObject *index = PyUnicode_CheckExact(key) ? PyDict_GetItem(model->column_of, key) : NULL;
        if (index == NULL) {
            forget_layout(layout);
            return;
        }
        Py_INCREF(key);
        layout->key[layout->n_keys] = key;
        layout->column[layout->n_keys++] = (int32_t)PyLong_AsLong(index);
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
        PyObject *value = PyDict_GetItemWithError(row, column->name);
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


/* --- 9. Fewer bytes ---------------------------------------------------------------------------- */

/* How numbers that a file keeps short are expanded: with one rounding or none, in a fixed order, so
 * to the same bits as by model/_storage.py. */

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


/* --- 10. The type ------------------------------------------------------------------------------- */

static void model_dealloc(Model *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (Py_ssize_t j = 0; self->columns != NULL && j < self->n_columns; j++) {
        Py_XDECREF(self->columns[j].name);
        Py_XDECREF(self->columns[j].code_of);
    }
    forget_layout(&self->layout); /* whose keys lie in the memory */
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
    layout->key = claim(&self->memory, self->n_columns, sizeof(PyObject *));
    layout->column = claim(&self->memory, self->n_columns, sizeof(int32_t));
    layout->absent = claim(&self->memory, self->n_columns, sizeof(int32_t));
    self->column_of = PyDict_New();
    if (!layout->key || !layout->column || !layout->absent || self->column_of == NULL) {
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
    static const char *names[] = {"identity", "sigmoid", "softmax"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(link, names[i]) == 0) {
            self->response.link = (Link)i;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "link must be identity, sigmoid or softmax, got %s.", link);
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
    response->n_outputs = response->is_classifier ? (int)n_classes : 1;
    response->n_sums = self->is_network ? self->network.n_outputs : self->trees.n_sums;
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
                            "curve_x",      "curve_y",     "threshold",    NULL};
    const char *kind, *link = "identity";
    PyObject *arrays, *columns, *classes, *encode_other;
    PyObject *logit_bias = Py_None, *curve_x = Py_None, *curve_y = Py_None;
    int n_layers = 0, most_floats = 16;
    double mean = 0.0, scale = 1.0, logit_scale = 1.0, threshold = NAN;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "sO!O!O!O|$siddidOOOd", names, &kind,
                                     &PyDict_Type, &arrays, &PyTuple_Type, &columns, &PyTuple_Type,
                                     &classes, &encode_other, &link, &n_layers, &mean, &scale,
                                     &most_floats, &logit_scale, &logit_bias, &curve_x, &curve_y,
                                     &threshold)) {
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
    } else if (status == 0 && strcmp(kind, "trees") == 0) {
        status = build_trees(&self->memory, arrays, self->columns, self->n_columns, &self->trees);
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

static PyObject *model_predict_one(Model *self, PyObject *row)
{
    const double *answer = answer_row(self, row);
    if (answer == NULL) {
        return NULL;
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
    if (self->response.is_classifier && self->response.n_outputs != 2) {
        PyErr_SetString(PyExc_AttributeError, "score_one is for two classes, or values; this model "
                                              "has more classes: use predict_proba_one.");
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
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef MODEL_METHODS[] = {
    {"predict_one", (PyCFunction)model_predict_one, METH_O,
     "predict_one($self, row, /)\n--\n\n"
     "Return the class label or value of one raw row, given as a dict."},
    {"predict_proba_one", (PyCFunction)model_predict_proba_one, METH_O,
     "predict_proba_one($self, row, /)\n--\n\n"
     "Return the probability of each class for one raw row, given as a dict."},
    {"score_one", (PyCFunction)model_score_one, METH_O,
     "score_one($self, row, /)\n--\n\n"
     "Return the probability of the second of two classes, or the value, of one raw row."},
    {"respond_row", (PyCFunction)model_respond_row, METH_O,
     "respond_row($self, row, /)\n--\n\n"
     "Return the response to one encoded row, given as a buffer of doubles."},
    {"outputs", (PyCFunction)model_outputs, METH_VARARGS,
     "outputs($self, X, out, n_threads, /)\n--\n\n"
     "Write the outputs of encoded rows, before the link, into `out`."},
    {"respond", (PyCFunction)model_respond, METH_VARARGS,
     "respond($self, X, out, n_threads, /)\n--\n\n"
     "Write the response to encoded rows into `out`."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot MODEL_SLOTS[] = {
    {Py_tp_doc, "Model(kind, arrays, columns, classes, encode_other, *, link='identity', "
                "n_layers=0, output_mean=0.0, output_scale=1.0, most_floats=16, "
                "logit_scale=1.0, logit_bias=None, curve_x=None, curve_y=None, threshold=nan)\n"
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

static int fill_module(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &MODEL_SPEC, NULL);
    if (type == NULL) {
        return -1;
    }
    int status = PyModule_AddObjectRef(module, "Model", type);
    Py_DECREF(type);
    return status;
}

static PyMethodDef MODULE_METHODS[] = {
    {"expand", expand, METH_VARARGS,
     "expand($module, kind, values, others=None, rank=0, /)\n--\n\n"
     "Return the bytes of the array that is kept in fewer; see section 5.3 of the bundle format."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot MODULE_SLOTS[] = {
    {Py_mod_exec, fill_module},
    {0, NULL},
};

static PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT,
    .m_name = "ensemble_kd._core",
    .m_doc = "A compact model in C; see ensemble_kd/runtime/_core.c.",
    .m_methods = MODULE_METHODS,
    .m_slots = MODULE_SLOTS,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&MODULE);
}
