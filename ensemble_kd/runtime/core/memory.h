/* Memory in blocks that are freed together: whatever fails half-way leaves one list to free. */

#pragma once

#include "machine.h"

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
