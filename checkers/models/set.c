/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A set: add, remove, contains, and reading all of it in any order. add and remove that return true
 * or false say whether they changed it; without a result they succeed either way. */
#include "../engine/collections.h"

#include <stdlib.h>
#include <string.h>

enum { ADD, REMOVE, CONTAINS, READ };

enum { RESULT_FALSE, RESULT_TRUE, RESULT_NONE };

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static uint32_t sorted(struct states *states, uint32_t state)
{
    uint32_t count;
    uint32_t *elements = state == STATE_NO ? NULL : states_copy(states, state, 0, &count);

    if (!elements)
        return STATE_NO;
    if (count)
        qsort(elements, count, sizeof *elements, by_number);
    return states_intern(states, elements, count);
}

static uint32_t begin(const struct model_env *env, struct err *err)
{
    return sorted(env->states, collection_begin(env, err));
}

static bool truth_of(const struct model_env *env, value_id value, uint32_t *truth)
{
    struct str text;

    if (!values_get_text(&env->history->values, value, &text))
        return false;
    *truth = str_eq(text, STR("true")) ? RESULT_TRUE : RESULT_FALSE;
    return *truth == RESULT_TRUE || str_eq(text, STR("false"));
}

/* What is not a list is never read. */
static int prepare_read(const struct model_env *env, const struct op *op, struct call *call)
{
    const value_id *elements = NULL;
    size_t count = 0;
    uint32_t kept = 0, none;

    if (op->type != OP_OK)
        return 0;
    *call = (struct call){.op = READ, .kind = CALL_PURE, .known = true, .result = STATE_NO};
    if (op->out != VALUE_NIL && !values_get_list(&env->history->values, op->out, &elements, &count))
        return 1;
    uint32_t empty = states_intern(env->states, NULL, 0);
    uint32_t *words =
        empty == STATE_NO ? NULL : states_copy(env->states, empty, (uint32_t)count, &none);
    for (size_t i = 0; i < count && words; i++) {
        if (model_sees(env, elements[i]))
            words[kept++] = elements[i];
    }
    if (words)
        call->result = sorted(env->states, states_intern(env->states, words, kept));
    return 1;
}

static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    uint32_t result = RESULT_NONE;

    (void)err;
    if (op->f == OP_F_READ)
        return prepare_read(env, op, call);
    bool said = op->type == OP_OK && truth_of(env, op->out, &result);
    *call = (struct call){.op = op->f == OP_F_ADD      ? ADD
                                : op->f == OP_F_REMOVE ? REMOVE
                                                       : CONTAINS,
                          .known = op->type == OP_OK,
                          .a = op->in,
                          .result = said ? result : RESULT_NONE};
    if (call->op == CONTAINS)
        call->kind = CALL_PURE;
    return 1;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    uint32_t count, at = 0;

    if (call->op == READ)
        return state == call->result ? state : STATE_NO;
    const uint32_t *elements = states_get(states, state, &count);
    while (at < count && elements[at] < call->a)
        at++;
    bool in = at < count && elements[at] == call->a;
    if (call->op == CONTAINS)
        return call->result == (in ? RESULT_TRUE : RESULT_FALSE) ? state : STATE_NO;
    bool changes = call->op == ADD ? !in : in;
    if (call->known && call->result != RESULT_NONE && changes != (call->result == RESULT_TRUE))
        return STATE_NO;
    if (!changes)
        return state;
    uint32_t *copy = states_copy(states, state, 1, &count);
    if (!copy)
        return STATE_NO;
    if (call->op == REMOVE) {
        memmove(copy + at, copy + at + 1, (count - at - 1) * sizeof *copy);
        return states_intern(states, copy, count - 1);
    }
    memmove(copy + at + 1, copy + at, (count - at) * sizeof *copy);
    copy[at] = call->a;
    return states_intern(states, copy, count + 1);
}

/* A read of the whole concerns every element. */
static void effect(const struct call *call, uint32_t *leaves, uint32_t *needs)
{
    *needs = STATE_NO;
    *leaves = call->op == READ ? STATE_ANY : call->a;
}

const struct model model_set = {
    .name = "set",
    .about = "add, remove, contains, read the whole",
    .fs = F_BIT(OP_F_ADD) | F_BIT(OP_F_REMOVE) | F_BIT(OP_F_CONTAINS) | F_BIT(OP_F_READ),
    .omit = OMIT_ELEMENTS,
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .effect = effect,
    .print = collection_print,
};
