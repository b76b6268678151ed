/* What compilers and machines offer, each with its plain stand-in, and the sizes that everything
 * is planned by. */

#pragma once

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

#define LARGEST_SUM 0x1p127 /* of a network, half of what float32 holds */

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
    SCRATCH_BYTES = 32 * 1024 * 1024, /* for rows scored together; a single one may take more */
    WORK_AT_ONCE = 1 << 26,      /* weights or nodes that may be gone through before a batch is
                                    asked whether to stop */
};
