/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A last-in first-out stack. A pop that returned nil found it empty; one of unknown outcome takes
 * the top, if there is one. The state is a list, which shares what lies below with other states. */
#include "../engine/collections.h"

static uint32_t begin(const struct model_env *env, struct err *err)
{
    const value_id *elements = NULL;
    size_t count = 0;
    uint32_t list = 0;

    if (env->initial != VALUE_NIL &&
        !values_get_list(&env->history->values, env->initial, &elements, &count)) {
        (void)err_set(err, 0, "a stack begins as a list, bottom first, not as the value given");
        return STATE_NO;
    }
    for (size_t i = 0; i < count && list != STATE_NO; i++)
        list = states_append(env->states, list, elements[i]);
    return list;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    uint32_t rest = 0, top = 0;

    if (call->op == COLLECTION_INSERT)
        return states_append(states, state, call->a);
    if (call->op == COLLECTION_EMPTY)
        return state == 0 ? state : STATE_NO;
    if (state == 0)
        return call->known ? STATE_NO : state;
    states_split(states, state, &rest, &top);
    if (call->known && top != call->result)
        return STATE_NO;
    return call->op == COLLECTION_PEEK ? state : rest;
}

const struct model model_stack = {
    .name = "stack",
    .about = "last in, first out: push, pop, peek",
    .fs = F_BIT(OP_F_PUSH) | F_BIT(OP_F_POP) | F_BIT(OP_F_PEEK),
    .omit = OMIT_ELEMENTS,
    .begin = begin,
    .prepare = collection_prepare,
    .step = step,
    .effect = collection_effect,
};
