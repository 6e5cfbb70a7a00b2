/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A priority queue of integers: poll takes the greatest. A poll that returned nil found it empty;
 * one of unknown outcome takes the greatest, if there is one.
 *
 * The state is the elements in ascending order. Ids of small integers are ordered as the integers
 * are, and others are refused.
 */
#include "../engine/collections.h"

static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    value_id value = op->f == OP_F_INSERT ? op->in : op->out;

    if (value != VALUE_NIL && !(value & VALUE_SMALL_BIT))
        return err_set(err, 0, "operation %u: priorities are integers between -2^30 and 2^30",
                       op->index);
    return collection_prepare(env, op, call, err);
}

static uint32_t begin(const struct model_env *env, struct err *err)
{
    uint32_t state = collection_begin(env, err), count;
    uint32_t *elements = state == STATE_NO ? NULL : states_copy(env->states, state, 0, &count);

    if (!elements)
        return STATE_NO;
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = i; k > 0 && elements[k - 1] > elements[k]; k--) {
            uint32_t swap = elements[k];
            elements[k] = elements[k - 1];
            elements[k - 1] = swap;
        }
    }
    return states_intern(env->states, elements, count);
}

static uint32_t insert(struct states *states, uint32_t state, uint32_t value)
{
    uint32_t count;
    uint32_t *elements = states_copy(states, state, 1, &count);

    if (!elements)
        return STATE_NO;
    uint32_t at = count;
    for (; at > 0 && elements[at - 1] > value; at--)
        elements[at] = elements[at - 1];
    elements[at] = value;
    return states_intern(states, elements, count + 1);
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    uint32_t count;

    if (call->op == COLLECTION_INSERT)
        return insert(states, state, call->a);
    const uint32_t *elements = states_get(states, state, &count);
    if (call->op == COLLECTION_EMPTY)
        return count == 0 ? state : STATE_NO;
    if (count == 0)
        return call->known ? STATE_NO : state;
    if (call->known && elements[count - 1] != call->result)
        return STATE_NO;
    if (call->op == COLLECTION_PEEK)
        return state;
    uint32_t *copy = states_copy(states, state, 0, &count);
    return copy ? states_intern(states, copy, count - 1) : STATE_NO;
}

const struct model model_priority_queue = {
    .name = "priority-queue",
    .about = "greatest integer first: insert, poll, peek",
    .fs = F_BIT(OP_F_INSERT) | F_BIT(OP_F_POLL) | F_BIT(OP_F_PEEK),
    .omit = OMIT_ELEMENTS,
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .effect = collection_effect,
    .print = collection_print,
};
