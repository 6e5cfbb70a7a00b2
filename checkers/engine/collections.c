/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "collections.h"

uint32_t collection_begin(const struct model_env *env, struct err *err)
{
    const value_id *elements = NULL;
    size_t count = 0;

    if (env->initial != VALUE_NIL &&
        !values_get_list(&env->history->values, env->initial, &elements, &count)) {
        (void)err_set(err, 0, "a collection begins as a list, not as the initial value given");
        return STATE_NO;
    }
    return states_intern(env->states, elements, (uint32_t)count);
}

int collection_prepare(const struct model_env *env, const struct op *op, struct call *call,
                       struct err *err)
{
    bool known = op->type == OP_OK;

    (void)env;
    *call = (struct call){.known = known};
    switch (op->f) {
    case OP_F_ENQUEUE:
    case OP_F_PUSH:
    case OP_F_INSERT:
        if (op->in == VALUE_NIL)
            return err_set(err, 0, "operation %u inserts nil, which means empty", op->index);
        call->op = COLLECTION_INSERT;
        call->a = op->in;
        return 1;
    case OP_F_PEEK:
        call->op = COLLECTION_PEEK;
        call->kind = CALL_PURE;
        break;
    default:
        call->op = COLLECTION_TAKE;
        break;
    }
    if (known && op->out == VALUE_NIL) {
        call->op = COLLECTION_EMPTY;
        call->kind = CALL_PURE;
    }
    call->result = known ? op->out : VALUE_NIL;
    return 1;
}

void collection_effect(const struct call *call, uint32_t *leaves, uint32_t *needs)
{
    *needs = STATE_NO;
    if (call->op == COLLECTION_EMPTY)
        *leaves = STATE_NO;
    else if (call->op == COLLECTION_INSERT)
        *leaves = call->a;
    else
        *leaves = call->known ? call->result : STATE_ANY;
}

void collection_print(const struct model_env *env, uint32_t state, struct buf *buf)
{
    uint32_t count;
    const uint32_t *elements = states_get(env->states, state, &count);

    buf_puts(buf, "[");
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            buf_puts(buf, ",");
        values_print(&env->history->values, elements[i], buf);
    }
    buf_puts(buf, "]");
}
