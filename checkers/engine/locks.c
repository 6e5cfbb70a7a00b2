/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "locks.h"

enum { ACQUIRE, RELEASE };

/* Words of a state. */
enum { HOLDER, DEPTH, FENCE_LOW, FENCE_HIGH, LOCK_WORDS };

uint32_t locks_begin(const struct model_env *env, struct err *err)
{
    (void)err;
    return states_intern(env->states, (uint32_t[LOCK_WORDS]){0}, LOCK_WORDS);
}

/* The fence is kept as an interned pair (0: none said), since it may take 64 bits. */
int locks_prepare(const struct model_env *env, const struct op *op, struct call *call,
                  struct err *err)
{
    int64_t fence;

    (void)err;
    *call = (struct call){.op = op->f == OP_F_ACQUIRE ? ACQUIRE : RELEASE,
                          .known = op->type == OP_OK,
                          .a = (uint32_t)op->process};
    if (call->known && call->op == ACQUIRE &&
        values_get_int(&env->history->values, op->out, &fence))
        call->result = states_intern(
            env->states, (uint32_t[]){(uint32_t)fence, (uint32_t)((uint64_t)fence >> 32)}, 2);
    return 1;
}

static int64_t number(const uint32_t *words)
{
    return (int64_t)(words[0] | (uint64_t)words[1] << 32);
}

uint32_t locks_step(struct states *states, uint32_t state, const struct call *call, uint32_t depth,
                    bool fenced)
{
    uint32_t count, next[LOCK_WORDS];

    memcpy(next, states_get(states, state, &count), sizeof next);
    bool others = next[DEPTH] && next[HOLDER] != call->a;
    if (call->op == RELEASE) {
        if (next[DEPTH] == 0 || others)
            return STATE_NO;
        if (--next[DEPTH] == 0)
            next[HOLDER] = 0;
        return states_intern(states, next, LOCK_WORDS);
    }
    if (others || next[DEPTH] >= depth)
        return STATE_NO;
    next[HOLDER] = call->a;
    next[DEPTH]++;
    if (fenced && call->result) {
        const uint32_t *fence = states_get(states, call->result, &count);
        if (number(fence) <= number(next + FENCE_LOW))
            return STATE_NO;
        next[FENCE_LOW] = fence[0];
        next[FENCE_HIGH] = fence[1];
    }
    return states_intern(states, next, LOCK_WORDS);
}
