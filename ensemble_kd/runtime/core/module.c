/* A compact model in C: one raw row, one encoded row, or a batch in; outputs or responses out.
 *
 * The formulas are those of model/_layers.py and model/_trees.py, and _mlp.py and _trees.py above
 * this folder score them in numpy. Here as there a model is data: arrays that are read, never code.
 *
 * The chapters are headers, each resting on the ones before it, and are compiled as one, so that
 * what a row or a sum takes is inlined across them.
 *
 * Whoever builds a `Model` is not trusted: both layouts and the response check every index, offset,
 * length and number before they keep it, so that scoring, which checks nothing but category codes,
 * stays inside the arrays. A row's answer depends on that row alone: a batch does for each row what
 * a single row gets, in the same order of sums. */

#include "machine.h"        /* what compilers and machines offer */
#include "memory.h"         /* blocks that are freed together */
#include "arrays.h"         /* whatever offers the buffer protocol, so numpy is not needed */
#include "columns.h"        /* what a raw row may hold */
#include "network_sizes.h"  /* how large the sums of a network can become */
#include "network_layout.h" /* the network, checked and laid out; */
#include "network_plain.h"  /* its work in vectors of four floats, */
#include "network_avx2.h"   /* of eight */
#include "network_avx512.h" /* and of sixteen, each with the sums of network_sums.h; */
#include "network_rows.h"   /* then rows, by one of these */
#include "network_moves.h"  /* what moves its output, with the sums of network_doubles.h, */
#include "network_reasons.h" /* and what each column adds to it */
#include "trees_nodes.h"    /* what a node, a leaf and a set of categories are; */
#include "trees_layout.h"   /* the trees, checked and laid out; */
#include "trees_walk.h"     /* then one row, then many, */
#include "trees_reasons.h"  /* and what each column adds to a row's sum */
#include "response.h"       /* what the link and a calibrator make of the outputs */
#include "model.h"          /* either kind of student, its response and its columns */
#include "batches.h"        /* ranges of rows, one thread each */
#include "raw_rows.h"       /* a dict to numbers */
#include "storage.h"        /* arrays that a file keeps short, expanded */
#include "model_build.h"    /* from what Python gives to a model */
#include "model_reasons.h"  /* what each column adds to a row's score */
#include "model_methods.h"  /* the type `Model`, which Python sees */

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
     "expand($module, kind, values, others=None, width=0, /)\n--\n\n"
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
    .m_doc = "A compact model in C; see ensemble_kd/runtime/core/.",
    .m_methods = MODULE_METHODS,
    .m_slots = MODULE_SLOTS,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&MODULE);
}
