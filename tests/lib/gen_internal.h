/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* gen_internal.h - what the files of the generators share. */
#ifndef ORDEAL_TESTS_LIB_GEN_INTERNAL_H
#define ORDEAL_TESTS_LIB_GEN_INTERNAL_H

#include "gen.h"

enum gen_answers {
    ANSWERS_NONE,
    ANSWERS_VALUE,
    ANSWERS_NUMBER,
    ANSWERS_TOKEN,
    ANSWERS_TRUTH,
    ANSWERS_LIST,
};

enum { GEN_ANSWERS_MAX = 32 };

/* Something to ask of an object. A letter per argument: # a value to store, = one that may be
 * there, $ the same or nil, + a number. */
struct gen_call {
    const char *model, *f, *arguments;
    enum gen_answers answers;
};

/* The rows of `model`, which stand together. */
size_t gen_calls(const char *model, const struct gen_call **first);

/* All answers that a small history can give. */
size_t gen_answers(struct values *values, enum gen_answers kind, int max,
                   value_id out[GEN_ANSWERS_MAX]);

uint8_t gen_f(const char *name);

#endif
