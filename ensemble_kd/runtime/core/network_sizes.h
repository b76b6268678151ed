/* How large the sums of a network can become, whatever the row: what float32 cannot hold would be
 * infinite in the sums here, and a number in those of numpy, which are in double. */

#pragma once

#include "arrays.h"
#include "memory.h"

/* Add to the size of each output the sizes of its weights, each times the size of its input, or once
 * where there are no inputs. */
static void add_sizes(double *size, const Array *weight, Py_ssize_t n_outputs, const double *input)
{
    for (Py_ssize_t i = 0; i * n_outputs < weight->length; i++) {
        double factor = input == NULL ? 1.0 : input[i];
        for (Py_ssize_t k = 0; k < n_outputs; k++) {
            size[k] += factor * fabs((double)float_at(weight, i * n_outputs + k));
        }
    }
}

static int check_sizes(const double *size, Py_ssize_t n_outputs, const char *layer)
{
    for (Py_ssize_t k = 0; k < n_outputs; k++) {
        if (!(size[k] <= LARGEST_SUM)) {
            return refuse("sums must fit in float32, whatever the row; the output of one that may "
                          "not", layer, k);
        }
    }
    return 0;
}
