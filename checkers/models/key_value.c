/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* One key of a key-value store: get, put, append to a string, cas, delete (which leaves nil).
 *
 * A string is the list of its bytes, so that appending yields the number of the whole whatever the
 * pieces were; any other value is a list of two words. Appending to what is neither nil nor a
 * string cannot happen.
 */
#include "../../harness/model.h"

enum { GET, PUT, CAS, APPEND };

enum { MARK_ATOM = 1, MARK_STRING = 2 };

static bool is_string(const struct model_env *env, value_id value, struct str *bytes)
{
    if (!values_get_text(&env->history->values, value, bytes) || bytes->len < 2 ||
        bytes->ptr[0] != '"')
        return false;
    *bytes = (struct str){bytes->ptr + 1, bytes->len - 2};
    return true;
}

static uint32_t state_of(const struct model_env *env, value_id value)
{
    struct str bytes;

    if (value == VALUE_NIL)
        return 0;
    if (!is_string(env, value, &bytes))
        return states_append(env->states, states_append(env->states, 0, MARK_ATOM), value);
    uint32_t list = states_append(env->states, 0, MARK_STRING);
    for (size_t i = 0; i < bytes.len && list != STATE_NO; i++)
        list = states_append(env->states, list, (unsigned char)bytes.ptr[i]);
    return list;
}

static uint32_t begin(const struct model_env *env, struct err *err)
{
    (void)err;
    return state_of(env, env->initial);
}

/* The string to append, backwards: splitting it yields its first byte first. */
static int prepare_append(const struct model_env *env, const struct op *op, struct call *call,
                          struct err *err)
{
    struct str bytes;

    if (!is_string(env, op->in, &bytes))
        return err_set(err, 0, "operation %u appends something that is not a string", op->index);
    *call = (struct call){.op = APPEND};
    for (size_t i = bytes.len; i > 0 && call->a != STATE_NO; i--)
        call->a = states_append(env->states, call->a, (unsigned char)bytes.ptr[i - 1]);
    return 1;
}

static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    int result = 1;

    switch (op->f) {
    case OP_F_GET:
    case OP_F_READ:
        *call = (struct call){.op = GET, .kind = CALL_PURE};
        if (op->type == OP_OK)
            call->result = state_of(env, op->out);
        break;
    case OP_F_PUT:
    case OP_F_WRITE:
        *call = (struct call){.op = PUT, .kind = CALL_OVERWRITE, .a = state_of(env, op->in)};
        break;
    case OP_F_DELETE:
        *call = (struct call){.op = PUT, .kind = CALL_OVERWRITE};
        break;
    case OP_F_CAS:
        *call = (struct call){.op = CAS, .a = state_of(env, op->in), .b = state_of(env, op->in2)};
        if (op->in == op->in2) /* a read of it */
            *call = (struct call){.op = GET, .kind = CALL_PURE, .result = call->a};
        break;
    default:
        result = prepare_append(env, op, call, err);
    }
    call->known = op->type == OP_OK;
    return result;
}

static bool is_atom(const struct states *states, uint32_t state)
{
    uint32_t rest, last;

    states_split(states, state, &rest, &last);
    if (rest == 0)
        return false;
    states_split(states, rest, &rest, &last);
    return rest == 0 && last == MARK_ATOM;
}

static uint32_t append(struct states *states, uint32_t state, uint32_t piece)
{
    if (state == 0)
        state = states_append(states, 0, MARK_STRING);
    else if (is_atom(states, state))
        return STATE_NO;
    while (piece && state != STATE_NO) {
        uint32_t byte;
        states_split(states, piece, &piece, &byte);
        state = states_append(states, state, byte);
    }
    return state;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    switch (call->op) {
    case GET:
        return state == call->result ? state : STATE_NO;
    case PUT:
        return call->a;
    case CAS:
        return state == call->a ? call->b : STATE_NO;
    default:
        return append(states, state, call->a);
    }
}

static void effect(const struct call *call, uint32_t *leaves, uint32_t *needs)
{
    *leaves = *needs = STATE_NO;
    if (call->op == GET || call->op == CAS)
        *needs = call->op == GET ? call->result : call->a;
    if (call->op == PUT || call->op == CAS)
        *leaves = call->op == PUT ? call->a : call->b;
    if (call->op == APPEND)
        *leaves = STATE_ANY;
}

/* A string by its last byte: more states than there were is no harm. */
static uint32_t before(const struct states *states, uint32_t state)
{
    uint32_t rest, last;

    if (state == 0 || state == STATE_NO || is_atom(states, state))
        return state == 0 || state == STATE_NO ? STATE_NO : 0;
    states_split(states, state, &rest, &last);
    return rest;
}

static void weaken(struct call *call)
{
    if (call->op == CAS)
        *call =
            (struct call){.op = PUT, .kind = CALL_OVERWRITE, .known = call->known, .a = call->b};
}

const struct model model_key_value = {
    .name = "key-value",
    .about = "one value per key: get, put, append, cas, delete",
    .fs = F_BIT(OP_F_GET) | F_BIT(OP_F_PUT) | F_BIT(OP_F_APPEND) | F_BIT(OP_F_CAS) |
          F_BIT(OP_F_DELETE) | F_BIT(OP_F_READ) | F_BIT(OP_F_WRITE),
    .omit = OMIT_UNSEEN,
    .begin = begin,
    .prepare = prepare,
    .step = step,
    .weaken = weaken,
    .before = before,
    .effect = effect,
};
