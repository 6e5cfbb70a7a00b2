/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* model.h - what an object does when operations take effect on it one after another.
 *
 * A model is a deterministic state machine over numbered states. A small state (a register's value)
 * is its own number; a larger one (a queue's contents) is interned in `struct states`, so that
 * equal states have equal numbers and the search compares numbers only. One model per file:
 * checkers/models/NAME.c defines `const struct model model_NAME`, and the build finds it.
 *
 * A model sees operations as calls, made once from the history by `prepare`: whatever can be
 * decided or interned beforehand is, so that `step` is cheap.
 */
#ifndef ORDEAL_MODEL_H
#define ORDEAL_MODEL_H

#include "base/budget.h"
#include "base/err.h"
#include "history/history.h"

/* -- states ----------------------------------------------------------------------------------- */

/* No state has this number: the call cannot take effect here. */
#define STATE_NO UINT32_MAX

/* In `effect`: no state in particular, all may matter. */
#define STATE_ANY (UINT32_MAX - 1)

/* Lists of words by number. Not for sharing between threads. */
struct states {
    struct state_entry *entries;
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing by hash; 0 is empty */
    uint32_t slot_count;
    uint32_t *words;
    size_t word_count, word_capacity;
    uint32_t *scratch;
    size_t scratch_capacity;
    struct budget *budget;
    bool failed; /* out of budget: whatever was computed since is void */
};

void states_init(struct states *states, struct budget *budget);
void states_release(struct states *states);

/* The number of a list of words, 1 or more; STATE_NO, and `failed` set, when the budget is used up.
 * `words` must not point into the table. */
uint32_t states_intern(struct states *states, const uint32_t *words, uint32_t count);

/* The words behind a number: valid until the next one is made. */
const uint32_t *states_get(const struct states *states, uint32_t id, uint32_t *count);

/* A copy of them to change and intern again, with room for `extra` more words: valid until the next
 * copy. NULL, and `failed` set, when the budget is used up. */
uint32_t *states_copy(struct states *states, uint32_t id, uint32_t extra, uint32_t *count);

/* Lists that share their beginnings: 0 is the empty list, others are (list without its last, last).
 * Appending and comparing take constant time. */
uint32_t states_append(struct states *states, uint32_t list, uint32_t last);

/* Split a list that is not empty. */
void states_split(const struct states *states, uint32_t list, uint32_t *rest, uint32_t *last);

/* -- calls ------------------------------------------------------------------------------------ */

enum call_kind {
    CALL_UPDATE,
    CALL_PURE,      /* never changes the state */
    CALL_OVERWRITE, /* possible in every state, and what it leaves does not depend on it */
};

/* An operation as its model sees it. Calls that are equal do the same. 16 bytes. */
struct call {
    uint8_t op;   /* the model's own number of the function */
    uint8_t kind; /* enum call_kind */
    bool known;   /* its outcome: it happened, with this result */
    uint8_t unused;
    uint32_t a, b;
    uint32_t result;
};

/* What `prepare` may use. */
struct model_env {
    const struct history *history;
    struct states *states;
    value_id initial;     /* VALUE_NIL: the model's own beginning */
    const value_id *only; /* collections read as a whole: as if these were the only elements */
    size_t only_count;    /* 0: all elements */
};

/* Whether an element is to be seen. */
static inline bool model_sees(const struct model_env *env, value_id element)
{
    bool seen = env->only_count == 0;
    for (size_t i = 0; i < env->only_count && !seen; i++)
        seen = env->only[i] == element;
    return seen;
}

/* -- what may be left out --------------------------------------------------------------------- */

/* Which operations a witness may leave out without inventing a violation. Pure calls always may. */
enum model_omit {
    OMIT_PURE,     /* nothing else */
    OMIT_UNSEEN,   /* an update whose result (`model_effect`) no kept operation sees */
    OMIT_ELEMENTS, /* everything that concerns one element, together: what remains of a legal
                    * sequence is legal */
};

/* -- the kind --------------------------------------------------------------------------------- */

struct model {
    const char *name;  /* "cas-register" */
    const char *about; /* one line, for `list` */
    uint32_t fs;       /* bit f set: operations with this f (enum op_f) belong to it */
    enum model_omit omit;

    /* Instead of `fs`, by name: for models of functions that enum op_f does not know. NULL: fs. */
    bool (*knows)(const char *f);

    /* The state before any operation; STATE_NO with *err if env->initial makes no sense for this
     * model. MUST be set. */
    uint32_t (*begin)(const struct model_env *env, struct err *err);

    /* Make the call of an operation that happened (OP_OK) or may have (OP_INFO); its f is one of
     * `fs`. 1: done; 0: the operation constrains nothing and is left out; -1 with *err if its
     * values make no sense here. MUST be set. */
    int (*prepare)(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err);

    /* The state after `call` took effect in `state`; STATE_NO if it cannot, with the result that it
     * had (any result fits a call of unknown outcome). MUST be set. */
    uint32_t (*step)(struct states *states, uint32_t state, const struct call *call);

    /* OMIT_UNSEEN: the state that an update leaves, and the one that a call needs. OMIT_ELEMENTS:
     * *leaves is the element concerned. STATE_NO: none; STATE_ANY: possibly every one. */
    void (*effect)(const struct call *call, uint32_t *leaves, uint32_t *needs);

    /* OMIT_UNSEEN: make a call that needs a state an overwrite that leaves the same without needing
     * it. NULL: no call needs one. */
    void (*weaken)(struct call *call);

    /* For models whose every state in which a known call can show anything is one that `effect`
     * says a call needs, or leads up to one: the state before the last update that led here,
     * STATE_NO if there was none. Then a witness may begin in the middle. NULL: no such steps, the
     * needed states are all (OMIT_UNSEEN), or not such a model. */
    uint32_t (*before)(const struct states *states, uint32_t state);

    /* Append `state` in words, for people. NULL: not shown. */
    void (*print)(const struct model_env *env, uint32_t state, struct buf *buf);
};

#define F_BIT(f) (UINT32_C(1) << (f))

/* Generated from the files in checkers/models/: sorted by name, NULL-terminated. */
extern const struct model *const models[];

/* NULL if there is none. */
const struct model *model_find(const char *name);

/* Let model_find know one more, which stays the caller's; NULL: no more. Before anything is
 * checked.
 */
void model_add(const struct model *model);

/* The model that the operations' functions and values suggest; NULL with *err if none fits. */
const struct model *model_infer(const struct history *history, struct err *err);

/* "operation 'foo' is not part of model 'register'", as an error; 0 if all are. */
int model_accepts(const struct model *model, const struct history *history, struct err *err);

#endif
