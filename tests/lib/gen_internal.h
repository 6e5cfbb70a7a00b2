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
    ANSWERS_STRING,
    ANSWERS_TXN, /* the transaction asked for, with values for its reads */
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

/* All answers that a small history can give to a call of `in`. */
size_t gen_answers(struct values *values, enum gen_answers kind, value_id in, int max,
                   value_id out[GEN_ANSWERS_MAX]);

/* "a", "b", ... */
value_id gen_string(struct values *values, int number);

/* A transaction of one micro-operation, or of two (second_key >= 0): ["w", key, value] where the
 * value is given, else ["r", key, nil]. */
struct gen_micro {
    int key;
    value_id value;
};
value_id gen_txn(struct values *values, const struct gen_micro *micros, size_t count);

/* The same transaction with its reads' values. */
value_id gen_txn_answer(struct values *values, value_id txn, const value_id *reads);

uint8_t gen_f(const char *name);

#endif
