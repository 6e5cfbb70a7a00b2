/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A lock that is free or held, whoever releases it: Knossos's mutex. */
#include "../../harness/model.h"

enum { FREE, HELD };

static uint32_t begin(const struct model_env *env, struct err *err)
{
    (void)env, (void)err;
    return FREE;
}

static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    (void)env, (void)err;
    *call = (struct call){.a = op->f == OP_F_ACQUIRE ? HELD : FREE, .known = op->type == OP_OK};
    return 1;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    (void)states;
    return state != call->a ? call->a : STATE_NO;
}

static void print(const struct model_env *env, uint32_t state, struct buf *buf)
{
    (void)env;
    buf_puts(buf, state == HELD ? "held" : "free");
}

const struct model model_mutex = {
    .name = "mutex",
    .about = "a lock that anyone may release",
    .fs = F_BIT(OP_F_ACQUIRE) | F_BIT(OP_F_RELEASE),
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .print = print,
};
