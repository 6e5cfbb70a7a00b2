/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Several registers, read and written together: f is txn, its value a list of ["r", key, value] and
 * ["w", key, value], which take effect in their order at one moment. All begin as the initial
 * value.
 *
 * The state is (key, value) pairs in the order of keys, without those that hold the initial value.
 * A call's transaction is interned too: three words per micro-operation.
 */
#include "../../harness/model.h"

#include <inttypes.h>

enum { READ, WRITE };

/* Of a micro-operation: what, key, value. */
enum { MICRO_WORDS = 3 };

static uint32_t begin(const struct model_env *env, struct err *err)
{
    struct str json;

    /* Whoever gives one means a value for each register, not itself for all. */
    if (values_get_text(&env->history->values, env->initial, &json) && json.ptr[0] == '{') {
        (void)err_set(
            err, 0,
            "the registers of a multi-register all begin as one value: give that, such as "
            "0, not an object");
        return STATE_NO;
    }
    return states_intern(env->states, NULL, 0);
}

/* One micro-operation's three words. */
static bool prepare_one(const struct model_env *env, value_id micro, uint32_t *words)
{
    const value_id *parts;
    struct str f;
    size_t count;

    if (!values_get_list(&env->history->values, micro, &parts, &count) || count < 2 || count > 3 ||
        !values_get_text(&env->history->values, parts[0], &f))
        return false;
    if (str_eq(f, STR("\"r\"")) || str_eq(f, STR("\"read\"")))
        words[0] = READ;
    else if (str_eq(f, STR("\"w\"")) || str_eq(f, STR("\"write\"")))
        words[0] = WRITE;
    else
        return false;
    words[1] = parts[1];
    words[2] = count == 3 ? parts[2] : VALUE_NIL;
    return true;
}

/* What a known transaction's reads returned, in their order. False if it is not an answer to what
 * was asked. */
static bool prepare_results(const struct model_env *env, value_id out, uint32_t *words,
                            size_t asked)
{
    const value_id *micros;
    uint32_t micro[MICRO_WORDS];
    size_t count, at = 0;

    if (!values_get_list(&env->history->values, out, &micros, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!prepare_one(env, micros[i], micro))
            return false;
        if (micro[0] == WRITE)
            continue;
        while (at < asked && words[at * MICRO_WORDS] == WRITE)
            at++;
        if (at == asked)
            return false;
        words[at++ * MICRO_WORDS + 2] = micro[2];
    }
    while (at < asked && words[at * MICRO_WORDS] == WRITE)
        at++;
    return at == asked;
}

/* b: the initial value; result: whether anything can give the results. */
static int prepare(const struct model_env *env, const struct op *op, struct call *call,
                   struct err *err)
{
    const value_id *micros;
    uint32_t empty, none;
    bool writes = false;
    size_t count;

    *call = (struct call){
        .known = op->type == OP_OK && op->out != VALUE_NIL, .b = env->initial, .result = true};
    if (!values_get_list(&env->history->values, op->in, &micros, &count))
        return err_set(err, 0, "operation %" PRIu32 " is not a list of micro-operations",
                       op->index);
    empty = states_intern(env->states, NULL, 0);
    uint32_t *words = empty == STATE_NO
                          ? NULL
                          : states_copy(env->states, empty, (uint32_t)count * MICRO_WORDS, &none);
    if (!words)
        return 1;
    for (size_t i = 0; i < count; i++) {
        if (!prepare_one(env, micros[i], words + i * MICRO_WORDS))
            return err_set(err, 0,
                           "operation %" PRIu32 " has a micro-operation that is neither "
                           "[\"r\", key, value] nor [\"w\", key, value]",
                           op->index);
        writes = writes || words[i * MICRO_WORDS] == WRITE;
    }
    if (call->known)
        call->result = prepare_results(env, op->out, words, count);
    call->a = states_intern(env->states, words, (uint32_t)count * MICRO_WORDS);
    call->kind = writes ? CALL_UPDATE : CALL_PURE;
    return 1;
}

static uint32_t find(const uint32_t *pairs, uint32_t count, uint32_t key)
{
    uint32_t at = 0;
    while (at < count && pairs[at] < key)
        at += 2;
    return at;
}

static uint32_t put(uint32_t *pairs, uint32_t count, uint32_t key, uint32_t value, uint32_t initial)
{
    uint32_t at = find(pairs, count, key);
    bool found = at < count && pairs[at] == key;

    if (found && value == initial) {
        memmove(pairs + at, pairs + at + 2, (count - at - 2) * sizeof *pairs);
        return count - 2;
    }
    if (found || value == initial) {
        if (found)
            pairs[at + 1] = value;
        return count;
    }
    memmove(pairs + at + 2, pairs + at, (count - at) * sizeof *pairs);
    pairs[at] = key;
    pairs[at + 1] = value;
    return count + 2;
}

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    uint32_t micro_words, count;
    const uint32_t *micro = states_get(states, call->a, &micro_words);
    uint32_t *pairs = states_copy(states, state, micro_words, &count);

    if (!pairs || !call->result)
        return STATE_NO;
    for (uint32_t i = 0; i < micro_words; i += MICRO_WORDS) {
        uint32_t at = find(pairs, count, micro[i + 1]);
        uint32_t value = at < count && pairs[at] == micro[i + 1] ? pairs[at + 1] : call->b;
        if (micro[i] == WRITE)
            count = put(pairs, count, micro[i + 1], micro[i + 2], call->b);
        else if (call->known && value != micro[i + 2])
            return STATE_NO;
    }
    return states_intern(states, pairs, count);
}

const struct model model_multi_register = {
    .name = "multi-register",
    .about = "several registers, read and written together in a txn",
    .fs = F_BIT(OP_F_TXN),
    .begin = begin,
    .prepare = prepare,
    .step = step,
};
