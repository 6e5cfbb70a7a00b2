/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A semaphore of as many permits as the initial value says (nil: 1). acquire and release take and
 * give as many as their value says (nil: 1); it never holds more than it began with. */
#include "../../harness/model.h"

#include <inttypes.h>

enum { ACQUIRE, RELEASE };

/* 0 if the value is not a number of permits. */
static uint32_t permits_of(const struct model_env *env, value_id value)
{
    int64_t permits = 1;

    if (value != VALUE_NIL && (!values_get_int(&env->history->values, value, &permits) ||
                               permits < 1 || permits > INT32_MAX))
        return 0;
    return (uint32_t)permits;
}

static uint32_t begin(const struct model_env *env, struct err *err)
{
    uint32_t permits = permits_of(env, env->initial);

    if (permits)
        return permits;
    (void)err_set(err, 0, "a semaphore begins with a positive number of permits");
    return STATE_NO;
}

/* b: what it began with. */
static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    *call = (struct call){.op = op->f == OP_F_ACQUIRE ? ACQUIRE : RELEASE,
                          .known = op->type == OP_OK,
                          .a = permits_of(env, op->in),
                          .b = permits_of(env, env->initial)};
    if (call->a == 0)
        return err_set(err, 0, "operation %" PRIu32 " is not about a positive number of permits",
                       op->index);
    return 1;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    (void)states;
    if (call->op == ACQUIRE)
        return state >= call->a ? state - call->a : STATE_NO;
    return call->a <= call->b - state ? state + call->a : STATE_NO;
}

static void print(const struct model_env *env, uint32_t state, struct buf *buf)
{
    (void)env;
    buf_printf(buf, "%" PRIu32 " free", state);
}

const struct model model_semaphore = {
    .name = "semaphore",
    .about = "as many permits as the initial value says",
    .fs = F_BIT(OP_F_ACQUIRE) | F_BIT(OP_F_RELEASE),
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .print = print,
};
