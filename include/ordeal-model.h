/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* ordeal-model.h - a model of one's own for `ordeal check --model ./mymodel.so`: what an object
 * does when operations take effect on it one after another.
 *
 *     #include "ordeal-model.h"
 *     const struct ordeal_model ordeal_model = { ORDEAL_MODEL_ABI, sizeof(struct ordeal_model), ...
 * };
 *
 *     cc -shared -fPIC -Iinclude -o mymodel.so mymodel.c
 *
 * docs/examples/model_account.c is a whole one. The checker explores orders of operations by
 * calling `step` millions of times, from several threads: it must depend on its arguments only,
 * touch nothing else, and never end the program.
 */
#ifndef ORDEAL_MODEL_PLUGIN_H
#define ORDEAL_MODEL_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ORDEAL_MODEL_ABI 1u

enum ordeal_value_kind {
    ORDEAL_BOOLEAN, /* number: 0 or 1 */
    ORDEAL_INTEGER, /* number: itself */
    ORDEAL_OTHER    /* number: the same for equal values, in one history, and for no others */
};

struct ordeal_value {
    enum ordeal_value_kind kind;
    int64_t number;
};

/* A JSON value: null has no elements, a list has its own, anything else is one element. */
enum { ORDEAL_VALUES_MAX = 64 };
struct ordeal_values {
    size_t count;
    struct ordeal_value at[ORDEAL_VALUES_MAX];
};

/* Equal states have equal words. At most ORDEAL_STATE_WORDS may be used. */
enum { ORDEAL_STATE_WORDS = 128 };
struct ordeal_state {
    size_t count;
    int64_t words[ORDEAL_STATE_WORDS];
};

/* An operation that takes effect. */
struct ordeal_call {
    int function;                 /* its place in `functions` */
    int known;                    /* 0: what it returned is not known, any result fits */
    struct ordeal_values value;   /* the invocation's: a cas of 1 to 2 has the elements 1, 2 */
    struct ordeal_values results; /* the completion's. Of write, cas, append, add, remove, enqueue,
                                   * push, insert, put and delete empty if it repeats `value` */
};

struct ordeal_function {
    const char *name; /* as in the history's "f" */
    int is_pure;      /* never changes the state: if its outcome is unknown it is left out */
};

struct ordeal_model {
    uint32_t abi;  /* ORDEAL_MODEL_ABI */
    uint32_t size; /* sizeof(struct ordeal_model) */
    const char *name;
    const char *about;                       /* one line */
    const struct ordeal_function *functions; /* ends with a name of NULL */

    /* The state before any operation; *state comes with no words. `initial` is what --initial says,
     * else empty. 0 if that makes no sense. NULL: no words, and `initial` must be empty. */
    int (*begin)(const struct ordeal_values *initial, struct ordeal_state *state);

    /* Let the call take effect: 1, and *state is the state after it; or 0 if it cannot take effect
     * in this state with the results that it had. MUST be set. */
    int (*step)(const struct ordeal_call *call, struct ordeal_state *state);

    /* The state in a few words, for people: as snprintf. NULL: not shown. */
    int (*print)(const struct ordeal_state *state, char *text, size_t size);
};

/* What the plug-in defines. */
extern const struct ordeal_model ordeal_model;

#ifdef __cplusplus
}
#endif

#endif
