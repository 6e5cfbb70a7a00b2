/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A list that only grows: append one element, read all of it. Nil reads as the empty list. */
#include "../../harness/model.h"

enum { READ, APPEND };

static bool list_of(const struct model_env *env, value_id value, uint32_t *list)
{
    const value_id *elements;
    size_t count;

    *list = 0;
    if (value == VALUE_NIL)
        return true;
    if (!values_get_list(&env->history->values, value, &elements, &count))
        return false;
    for (size_t i = 0; i < count && *list != STATE_NO; i++) {
        if (model_sees(env, elements[i]))
            *list = states_append(env->states, *list, elements[i]);
    }
    return true;
}

static uint32_t begin(const struct model_env *env, struct err *err)
{
    uint32_t list;

    if (list_of(env, env->initial, &list))
        return list;
    (void)err_set(err, 0, "an append-list begins as a list, not as the initial value given");
    return STATE_NO;
}

static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    (void)err;
    if (op->f == OP_F_APPEND) {
        *call = (struct call){.op = APPEND, .known = op->type == OP_OK, .a = op->in};
        return 1;
    }
    if (op->type != OP_OK)
        return 0;
    *call = (struct call){.op = READ, .kind = CALL_PURE, .known = true};
    if (!list_of(env, op->out, &call->result))
        call->result = STATE_NO; /* what is not a list is never read */
    return 1;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    if (call->op == READ)
        return state == call->result ? state : STATE_NO;
    return states_append(states, state, call->a);
}

static uint32_t before(const struct states *states, uint32_t state)
{
    uint32_t rest = STATE_NO, last;

    if (state != 0 && state != STATE_NO)
        states_split(states, state, &rest, &last);
    return rest;
}

static void effect(const struct call *call, uint32_t *leaves, uint32_t *needs)
{
    *leaves = call->op == APPEND ? call->a : STATE_ANY;
    *needs = call->op == READ ? call->result : STATE_NO;
}

const struct model model_append_list = {
    .name = "append-list",
    .about = "a list that only grows, read as a whole",
    .fs = F_BIT(OP_F_APPEND) | F_BIT(OP_F_READ),
    .omit = OMIT_ELEMENTS,
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .effect = effect,
    .before = before,
};
