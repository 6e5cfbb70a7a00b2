/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A counter: add any integer, read the sum. Nil counts as 0. */
#include "../../harness/model.h"

enum { READ, ADD };

static uint32_t state_of(struct states *states, uint64_t sum)
{
    return states_intern(states, (uint32_t[]){(uint32_t)sum, (uint32_t)(sum >> 32)}, 2);
}

static bool number_of(const struct model_env *env, value_id value, int64_t *number)
{
    *number = 0;
    return value == VALUE_NIL || values_get_int(&env->history->values, value, number);
}

static uint32_t begin(const struct model_env *env, struct err *err)
{
    int64_t number;

    if (number_of(env, env->initial, &number))
        return state_of(env->states, (uint64_t)number);
    (void)err_set(err, 0, "a counter begins as an integer, not as the initial value given");
    return STATE_NO;
}

static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    int64_t number;
    bool is_read = op->f == OP_F_READ;

    if (is_read && op->type != OP_OK)
        return 0;
    if (is_read) {
        *call = (struct call){.op = READ, .kind = CALL_PURE, .known = true, .result = STATE_NO};
        if (number_of(env, op->out, &number))
            call->result = state_of(env->states, (uint64_t)number);
        return 1;
    }
    if (!number_of(env, op->in, &number))
        return err_set(err, 0, "operation %u adds something that is not an integer", op->index);
    *call = (struct call){.op = ADD,
                          .known = op->type == OP_OK,
                          .a = (uint32_t)number,
                          .b = (uint32_t)((uint64_t)number >> 32)};
    return number != 0;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    uint32_t count;

    if (call->op == READ)
        return state == call->result ? state : STATE_NO;
    const uint32_t *sum = states_get(states, state, &count);
    return state_of(states,
                    (sum[0] | (uint64_t)sum[1] << 32) + (call->a | (uint64_t)call->b << 32));
}

static void print(const struct model_env *env, uint32_t state, struct buf *buf)
{
    uint32_t count;
    const uint32_t *sum = states_get(env->states, state, &count);
    buf_int(buf, (int64_t)(sum[0] | (uint64_t)sum[1] << 32));
}

const struct model model_counter = {
    .name = "counter",
    .about = "a sum: add, read",
    .fs = F_BIT(OP_F_ADD) | F_BIT(OP_F_READ),
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .print = print,
};
