/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A first-in first-out queue. A dequeue that returned nil found it empty; one of unknown outcome
 * takes the head, if there is one. */
#include "../engine/collections.h"

static uint32_t without_head(struct states *states, uint32_t state)
{
    uint32_t count;
    uint32_t *elements = states_copy(states, state, 0, &count);
    return elements ? states_intern(states, elements + 1, count - 1) : STATE_NO;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    uint32_t count;
    const uint32_t *elements = states_get(states, state, &count);

    switch (call->op) {
    case COLLECTION_INSERT: {
        uint32_t *copy = states_copy(states, state, 1, &count);
        if (!copy)
            return STATE_NO;
        copy[count] = call->a;
        return states_intern(states, copy, count + 1);
    }
    case COLLECTION_EMPTY:
        return count == 0 ? state : STATE_NO;
    case COLLECTION_PEEK:
        return count && elements[0] == call->result ? state : STATE_NO;
    default:
        if (count == 0)
            return call->known ? STATE_NO : state;
        return !call->known || elements[0] == call->result ? without_head(states, state) : STATE_NO;
    }
}

const struct model model_queue = {
    .name = "queue",
    .about = "first in, first out: enqueue, dequeue, peek",
    .fs = F_BIT(OP_F_ENQUEUE) | F_BIT(OP_F_DEQUEUE) | F_BIT(OP_F_PEEK),
    .omit = OMIT_ELEMENTS,
    .begin = collection_begin,
    .prepare = collection_prepare,
    .step = step,
    .effect = collection_effect,
    .print = collection_print,
};
