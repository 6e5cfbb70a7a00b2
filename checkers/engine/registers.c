/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "registers.h"

uint32_t registers_begin(const struct model_env *env, struct err *err)
{
    (void)err;
    return env->initial;
}

/* A cas of a value to itself is a read of it. */
static void prepare_cas(const struct op *op, struct call *call)
{
    if (op->in == op->in2)
        *call = (struct call){.op = REGISTERS_READ, .kind = CALL_PURE, .result = op->in};
    else
        *call = (struct call){.op = REGISTERS_CAS, .a = op->in, .b = op->in2};
}

int registers_prepare(const struct model_env *env, const struct op *op, struct call *call,
                      struct err *err)
{
    (void)env, (void)err;
    switch (op->f) {
    case OP_F_READ:
    case OP_F_GET:
        *call = (struct call){.op = REGISTERS_READ, .kind = CALL_PURE, .result = op->out};
        break;
    case OP_F_WRITE:
    case OP_F_PUT:
        *call = (struct call){.op = REGISTERS_WRITE, .kind = CALL_OVERWRITE, .a = op->in};
        break;
    case OP_F_DELETE:
        *call = (struct call){.op = REGISTERS_WRITE, .kind = CALL_OVERWRITE, .a = VALUE_NIL};
        break;
    default:
        prepare_cas(op, call);
        break;
    }
    call->known = op->type == OP_OK;
    return 1;
}

uint32_t registers_step(struct states *states, uint32_t state, const struct call *call)
{
    (void)states;
    switch (call->op) {
    case REGISTERS_READ:
        return state == call->result ? state : STATE_NO;
    case REGISTERS_WRITE:
        return call->a;
    default:
        return state == call->a ? call->b : STATE_NO;
    }
}

void registers_effect(const struct call *call, uint32_t *leaves, uint32_t *needs)
{
    *leaves = *needs = STATE_NO;
    if (call->op == REGISTERS_READ) {
        *needs = call->result;
    } else if (call->op == REGISTERS_WRITE) {
        *leaves = call->a;
    } else {
        *needs = call->a;
        *leaves = call->b;
    }
}

void registers_weaken(struct call *call)
{
    if (call->op != REGISTERS_CAS)
        return;
    call->op = REGISTERS_WRITE;
    call->kind = CALL_OVERWRITE;
    call->a = call->b;
    call->b = 0;
}

void registers_print(const struct model_env *env, uint32_t state, struct buf *buf)
{
    values_print(&env->history->values, state, buf);
}
